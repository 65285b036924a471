"""Where a student's code runs: a separate process that holds no solution, and the trusted end of the line to it."""
