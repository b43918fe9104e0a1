"""What people read in the terminal, by subject. Prints what it is given; text from outside is escaped."""
