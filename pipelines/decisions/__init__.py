"""Decisions from cost: deprecation risk, break-even, forecast. Pure functions on frames, no database, no clock."""
