"""`costs`: one file per group of commands. Reads arguments and the clock, prints; decides nothing."""
