"""All that Dagster sees, thin: assets, checks, jobs, schedules and sensors.

No thinking here: an asset reads its resources, calls one function of a room and reports what it returned.
"""

import warnings

import dagster as dg

# `BackfillPolicy` is beta in the version pinned here; a new version is looked at when the pin moves.
warnings.filterwarnings("ignore", category=dg.BetaWarning, message=".*backfill_policy.*")
