"""Wrong answers to the exercises of chapter 04: what students, and people in a hurry, really write."""
