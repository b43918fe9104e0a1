"""A year of alerts in minutes: `python -m tools.alert_year` (docs/alert_year.md).

The rules and the life of alerts, day by day, without jobs and without a warehouse: prices of the shipped history by the
day they moved, ends of models by a dated feed, and the made-up usage of a team into which known causes are put.
"""

import os

# Frames of a few hundred rows: threads only wait for one another. Read when polars is first imported.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
