"""`costs doctor`: looks at everything that a warehouse needs and says of each whether it is well, or what to do.

Read-only: nothing is created, sent, or mended here, and no lock is waited for. What is printed is not decided here.
"""
