"""The page that people look at: queries, charts, template. Reads the published file; computes nothing that a table has.

What a figure means stands in the table that it is read from; what a command prints in a terminal is for `cli/views`.
"""
