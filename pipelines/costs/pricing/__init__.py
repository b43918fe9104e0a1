"""The exact engine: usage x price in force -> cost. Its words are in README.md."""
