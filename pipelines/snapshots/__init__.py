"""Observations -> dated versions -> what was in force. Pure functions on frames."""
