"""What holds for every test."""

from hypothesis import settings

# A slow machine is no failure: timings belong in benchmarks.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
