"""`costs`: one file per group of commands. Reads arguments and the clock, prints; decides nothing.

Commands import what they need when they are called, so that none waits for what another needs; `views` print.
"""
