"""Placeholder until the mart exists."""

from datetime import date
from typing import Any

from pipelines.warehouse.published import PublishedWarehouse


def answer_logs(warehouse: PublishedWarehouse, days: int, day: date, by: str | None) -> dict[str, Any] | None:
    return None
