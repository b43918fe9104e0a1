"""What builds the data that ships, and what puts the whole program to the test. Never imported by pipelines."""
