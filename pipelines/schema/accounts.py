"""The account that usage and bills belong to: a word for none, and its column. Who states it is not said here."""

import dataframely as dy

from pipelines.schema.columns import text

DEFAULT_ACCOUNT = "default"
"""Where neither the file, its folder nor `--account` names one, so that nothing has to be configured."""


def account() -> dy.String:
    """The column that says whose usage or bill it is."""
    return text(
        "organisation, cloud or billing account: as the file states it, else the folder below inbox/ or --account; "
        f"'{DEFAULT_ACCOUNT}' where none does",
        max_length=200,
    )
