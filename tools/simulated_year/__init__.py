"""A year of daily runs in minutes: `python -m tools.simulated_year --days 365`.

The jobs that the daemon starts, with the clock moving day by day, recorded pages on loopback, and the usage of each
day dropped as files of its own. Told by month: what a day takes, adds to the disk and adds in rows; all is to be flat.
"""
