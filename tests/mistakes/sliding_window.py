"""Wrong answers to the exercises of chapter 01: what students, and people in a hurry, really write."""
