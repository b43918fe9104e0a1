"""What builds the data that ships with the program. Never imported by pipelines."""
