"""Results → what a student sees: marks and messages come in; harmless cells and pages go out."""
