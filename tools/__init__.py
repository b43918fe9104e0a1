"""What builds the data that ships with the program, and what puts the whole program to the test. Never imported by it."""
