"""Column lineage on the marts. Added for the UI only: it takes half a second, and no run needs it."""

from collections.abc import Sequence

import dagster as dg

from pipelines.defs.metadata import asset_key
from pipelines.warehouse.column_lineage import column_lineage
from pipelines.warehouse.marts import Mart, marts


def lineage_metadata(mart: Mart) -> dict[str, dg.TableColumnLineage]:
    """Which columns of which assets each column of a mart is made of, for the definition of its asset."""
    deps = {
        name: [dg.TableColumnDep(asset_key(table), column) for table, column in sources]
        for name, sources in column_lineage(mart).items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps)}


def with_column_lineage(assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """The assets of marts, each with its lineage."""
    by_key = {asset_key(mart.table.qualified): mart for mart in marts()}

    def described(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec.merge_attributes(metadata=lineage_metadata(by_key[spec.key]))

    return list(dg.map_asset_specs(described, assets))
