"""Outcomes → marks: what calls did comes in and is compared with the reference; marks and messages go out."""
