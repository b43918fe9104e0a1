"""The one Dagster entry point."""

from pipelines.defs.build import build_definitions
from pipelines.defs.column_lineage import with_column_lineage
from pipelines.defs.marts import MARTS
from pipelines.defs.resources import settings_from_environment
from pipelines.warehouse.permissions import make_private

make_private()
defs = build_definitions(settings_from_environment(), with_column_lineage(MARTS))
