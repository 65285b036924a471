"""Bytes → cells: what a student handed in comes in, whatever it is; a mended notebook and what is to be run go out."""
