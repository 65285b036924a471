"""Everything that an instructor runs: building the notebooks, releasing them to a class and grading what comes back."""
