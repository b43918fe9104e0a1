"""The one error of a warehouse, for those that know no database."""


class WarehouseError(RuntimeError):
    """The warehouse cannot be used; the message says why and what to do."""
