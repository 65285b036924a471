"""Wrong answers to the exercises of chapter 02: what students, and people in a hurry, really write."""
