"""Mutations of real pages down the real road: what a page that is wrong would put in force."""
