"""Cells → plain outcomes: students' code comes in and runs behind walls; what its calls did goes out as plain data."""
