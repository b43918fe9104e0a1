"""Database in, database out: one function per step of the pipeline. Dagster assets and the command line call these.

A step reads what it needs from the build file, calls pure functions, and writes what they return in one transaction.
It takes its instant as an argument; no clock is read here.
"""
