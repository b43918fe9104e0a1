"""The one Dagster entry point."""

from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType

from pipelines.defs.build import build_definitions
from pipelines.defs.column_lineage import with_column_lineage
from pipelines.defs.marts import MARTS
from pipelines.defs.resources import settings_from_environment
from pipelines.warehouse.permissions import make_private

make_private()
# The process of a run builds again what the UI has shown: no run needs the lineage, which takes a second.
_is_of_a_run = DefinitionsLoadContext.get().load_type == DefinitionsLoadType.RECONSTRUCTION
defs = build_definitions(settings_from_environment(), MARTS if _is_of_a_run else with_column_lineage(MARTS))
