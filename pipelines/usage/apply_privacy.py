"""The privacy settings on a warehouse: read for an import, and applied once to what was stored before them.

Files of the ledger that the new ones replace keep their texts until the sweep, as readers may have them open.
"""

import duckdb
import polars as pl

from pipelines.usage.file_states import without_paths
from pipelines.usage.formats import IMPORTERS
from pipelines.usage.privacy import PrivacyError, canonical, keep_privacy, privacy_in_force
from pipelines.usage.pseudonyms import KEY_FILE, Privacy, is_pseudonym, make_key, protected, protected_rejects, read_key
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.last_good import keep_last_good, last_good
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import append, read_table, replace_rows

APPLIED = "privacy.applied"
"""Under this name is kept which settings all stored rows follow."""
IMPORTERS_BY_NAME = {importer.name: importer for importer in IMPORTERS}
_STORED = (
    "core.usage_import",
    "core.usage_file",
    "core.usage_restatement",
    "core.usage_unknown_count",
    "core.reported_cost",
    "main.deprecation_risk",
)
"""Tables with columns about people that no build makes anew, rejects apart."""


def prepare_privacy(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> tuple[Privacy, bool]:
    """The settings in force, with the key, made where one is needed; and whether older rows were changed to follow.

    Call it inside a transaction on the tables. Raises WarehouseError where settings are wrong or the key is lost.
    """
    try:
        treatments, _ = privacy_in_force(warehouse.folder)
    except PrivacyError as error:
        raise WarehouseError(str(error)) from error
    keep_privacy(warehouse.folder)
    key = read_key(warehouse.folder)
    if key is None:
        _refuse_without_key(connection, warehouse)
        if not treatments:
            return Privacy(), False
        key = make_key(warehouse.folder)
    privacy = Privacy(treatments, key)
    if last_good(warehouse.folder, APPLIED) == canonical(treatments):
        return privacy, False
    _apply(connection, warehouse, privacy)
    return privacy, True


def note_applied(warehouse: Warehouse, privacy: Privacy) -> None:
    """Remember that all stored rows follow these settings. Call it when they are committed."""
    if privacy.key is not None:
        keep_last_good(warehouse.folder, APPLIED, canonical(privacy.treatments))


def _apply(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, privacy: Privacy) -> None:
    known = read_table(connection, "core.ledger_file")
    files = ledger.rewrite(warehouse.folder, known, lambda rows: protected(rows, privacy))
    replace_rows(connection, "core.ledger_file", "usage_date", files["usage_date"].to_list(), files)
    _apply_to_rejects(connection, privacy)
    for name in _STORED:
        rows = read_table(connection, name)
        changed = protected(rows, privacy)
        if not changed.equals(rows):
            connection.execute(f"DELETE FROM {name}")  # noqa: S608 - one of ours
            append(connection, name, without_paths(changed) if name == "core.usage_file" else changed)


def _apply_to_rejects(connection: duckdb.DuckDBPyConnection, privacy: Privacy) -> None:
    rejects = read_table(connection, "core.usage_reject")
    formats = dict(read_table(connection, "core.usage_import").select("import_id", "format").iter_rows())
    for rows in rejects.partition_by("import_id"):
        import_id = rows["import_id"][0]
        importer = IMPORTERS_BY_NAME.get(formats.get(import_id, ""))
        replace_rows(
            connection, "core.usage_reject", "import_id", [import_id], protected_rejects(rows, privacy, importer)
        )


def _refuse_without_key(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    """Without its key the ids of a warehouse cannot be made again, and all that comes twice would count twice."""
    paths = (warehouse.folder / path for path in read_table(connection, "core.ledger_file")["path"])
    # All rows or none have such ids, so one file that is there tells; whether it is whole is asked where it is read.
    file = next((path for path in paths if path.is_file()), None)
    if file is None:
        return
    try:
        first = pl.scan_parquet(file, hive_partitioning=False).select("usage_id").head(1).collect()
    except pl.exceptions.PolarsError:
        return
    if first.select(is_pseudonym("usage_id").any()).item():
        raise WarehouseError(
            f"{warehouse.folder / KEY_FILE} is missing, and the rows of the ledger have ids that were hashed with it; "
            "put it back from a backup"
        )
