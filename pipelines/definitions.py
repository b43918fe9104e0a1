"""The one Dagster entry point."""

from pipelines.defs.build import build_definitions
from pipelines.defs.resources import settings_from_environment

defs = build_definitions(settings_from_environment())
