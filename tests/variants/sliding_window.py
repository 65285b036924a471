"""Right answers to the exercises of chapter 01 that look nothing like the reference. Every check must accept them."""
