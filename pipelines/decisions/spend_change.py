"""Why spend differs from the period before: price, volume, mix, cache, tier, new and gone models; exact parts.

At the prices of before, this period's tokens are added up from the whole to the cell: all tokens at the mean price of
before (volume), then by family of meters, channel and region (mix), then by tier, then by cached or not (cache). What
is left is price. A cell without a price of before has that of now. Fractions are exact; each part is rounded to the
pico-dollar, and the mix has what that leaves, so that the parts add up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from typing import Any, NamedTuple

import polars as pl

from pipelines.decisions.owner_scopes import ALL, owned
from pipelines.schema.columns import polars_schema
from pipelines.schema.spend import CHANGE_CAUSES, SpendChange

FORMULA_VERSION = "change-1"
DAYS = {"day": 1, "week": 7, "month": 30}
PICO = Decimal("0.000000000001")
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


class Cell(NamedTuple):
    """What has one price: of one model, or of all of them."""

    model: tuple[str, str]
    place: tuple[str, str]
    """Channel and region."""
    tier: str
    meter: str

    @property
    def family(self) -> tuple[Any, ...]:
        """Model, place and kind of meter: input whether cached or not, output, or the meter itself."""
        is_input = self.meter == "input_uncached" or self.meter.startswith("cache_")
        return (self.model, self.place, "input" if is_input else self.meter)


@dataclass
class Used:
    """Quantity and cost of a cell in both periods; cost is of what has a price."""

    quantity: list[int] = field(default_factory=lambda: [0, 0])
    usd: list[Decimal] = field(default_factory=lambda: [Decimal(0), Decimal(0)])


Cells = Mapping[Cell, Used]
Scopes = Mapping[str, pl.DataFrame]


def change_parts(cells: Cells) -> dict[str, Decimal]:
    """What each of CHANGE_CAUSES adds to the difference of the costs; they add up to it exactly."""
    with localcontext(_EXACT):
        return _change_parts(cells)


def _change_parts(cells: Cells) -> dict[str, Decimal]:
    models = {model: {c: used for c, used in cells.items() if c.model == model} for model in {c.model for c in cells}}
    was_used = {
        model: [any(used.quantity[n] for used in own.values()) for n in (0, 1)] for model, own in models.items()
    }
    parts = dict.fromkeys(CHANGE_CAUSES, Decimal(0))
    stayed: dict[Cell, Used] = {}
    for model, own in models.items():
        if all(was_used[model]):
            stayed |= own
        else:
            name = "new" if was_used[model][1] else "gone"
            parts[name] += _cost(own, 1) - _cost(own, 0)
    change = _cost(cells, 1) - _cost(cells, 0)
    if stayed:
        for name, exact in _parts_of(stayed).items():
            parts[name] = _pico(exact)
    parts["mix"] = Decimal(0)
    parts["mix"] = change - sum(parts.values(), Decimal(0))
    return parts


def _parts_of(cells: Cells) -> dict[str, Fraction]:
    """Volume, tier, cache and price of models that were used in both periods."""
    before = Fraction(_cost(cells, 0))
    tokens = [_volume(cells, n) for n in (0, 1)]
    volume = before * (tokens[1] / tokens[0] - 1) if tokens[0] else Fraction(0)
    # At the prices of before, where there are some, else at those of now.
    by_cell = {cell: (Fraction(used.usd[0]), used.quantity, _at_old(used)) for cell, used in cells.items()}
    cost_by_cell = sum((now for _, _, now in by_cell.values()), Fraction(0))
    cost_by_tier = _at_mean(by_cell, lambda cell: (cell.family, cell.tier))
    cost_by_family = _at_mean(by_cell, lambda cell: cell.family)
    return {
        "volume": volume,
        "tier": cost_by_tier - cost_by_family,
        "cache": cost_by_cell - cost_by_tier,
        "price": Fraction(_cost(cells, 1)) - cost_by_cell,
    }


def _at_old(used: Used) -> Fraction:
    """Quantity of this period at the price of before; at that of now where it was not used before."""
    if used.quantity[0]:
        return Fraction(used.usd[0]) * used.quantity[1] / used.quantity[0]
    return Fraction(used.usd[1])


def _at_mean(by_cell: Mapping[Cell, tuple[Fraction, list[int], Fraction]], key: Any) -> Fraction:
    """Quantities of this period, each group of cells at the mean price that the group had before."""
    groups: dict[Any, list[Any]] = {}
    for cell, (cost, quantity, now) in by_cell.items():
        group = groups.setdefault(key(cell), [Fraction(0), 0, 0, Fraction(0)])
        for place, amount in enumerate((cost, *quantity, now)):
            group[place] += amount
    return sum((cost * new / old if old else now for cost, old, new, now in groups.values()), Fraction(0))


def _volume(cells: Cells, period: int) -> Fraction:
    """Tokens; calls only where no tokens were used in one of the periods."""
    of_tokens = [used for cell, used in cells.items() if cell.meter.startswith(TOKEN_METERS)]
    if not all(any(used.quantity[n] for used in of_tokens) for n in (0, 1)):
        of_tokens = list(cells.values())
    return Fraction(sum(used.quantity[period] for used in of_tokens))


TOKEN_METERS = ("input", "output", "cache", "audio", "image")


def _cost(cells: Cells, period: int) -> Decimal:
    return sum((used.usd[period] for used in cells.values()), Decimal(0))


def _pico(exact: Fraction) -> Decimal:
    return _EXACT.quantize(_EXACT.divide(Decimal(exact.numerator), Decimal(exact.denominator)), PICO)


def spend_change(usage: pl.DataFrame, as_of: date, teams: pl.DataFrame | None = None) -> pl.DataFrame:
    """Rows of main.spend_change of a day, each period ending the day before.

    `usage`: usage_date, provider, model, channel, region, service_tier, meter, account_id, project_id, quantity,
    effective_cost_usd (NULL where unpriced), of the 60 days before as_of; other days are ignored. `teams`:
    TEAM_COSTS of the same days.
    """
    scopes = dict(owned(usage, teams))
    rows = [row for period, days in DAYS.items() for row in _of_period(scopes, as_of, period, days)]
    table = pl.DataFrame(rows, schema=polars_schema(SpendChange), orient="row")
    return table.sort("period", "scope", "owner", "provider", "model")


def _of_period(scopes: Scopes, as_of: date, period: str, days: int) -> Iterable[dict[str, Any]]:
    first, before = as_of - timedelta(days=days), as_of - timedelta(days=2 * days)
    dates = {"first_on": first, "last_on": as_of - timedelta(days=1), "before_first_on": before}
    by = ["provider", "model", "channel", "region", "service_tier", "meter"]
    for scope, usage in scopes.items():
        named = usage.filter(pl.col("usage_date") >= before, pl.col("usage_date") < as_of).with_columns(
            number=(pl.col("usage_date") >= first).cast(pl.Int8)
        )
        is_unpriced = (
            pl.col("effective_cost_usd").is_null() & (pl.col("quantity") > 0) & (pl.col("meter") != "requests")
        )
        priced = pl.col("effective_cost_usd").is_not_null()
        sums = named.group_by("owner", *by, "number").agg(
            quantity=pl.col("quantity").filter(priced).sum(),
            usd=pl.col("effective_cost_usd").sum(),
            is_unpriced=is_unpriced.any(),
        )
        cells: dict[str, dict[Cell, Used]] = {}
        unpriced: dict[str, set[tuple[str, str]]] = {}
        for owner, provider, model, channel, region, tier, meter, number, quantity, usd, gap in sums.iter_rows():
            cell = Cell((provider, model), (channel, region), tier, meter)
            used = cells.setdefault(owner, {}).setdefault(cell, Used())
            used.quantity[number], used.usd[number] = quantity, usd or Decimal(0)
            if gap:
                unpriced.setdefault(owner, set()).add(cell.model)
        common = {"as_of": as_of, "period": period, "scope": scope, "formula_version": FORMULA_VERSION} | dates
        for owner, own_cells in cells.items():
            gaps = unpriced.get(owner, set())
            for model in [(ALL, ALL), *sorted({cell.model for cell in own_cells})]:
                some = {c: used for c, used in own_cells.items() if model in {(ALL, ALL), c.model}}
                is_gap = bool(gaps) if model == (ALL, ALL) else model in gaps
                yield common | _row(some) | {
                    "owner": owner, "provider": model[0], "model": model[1], "is_lower_bound": is_gap
                }  # fmt: skip


def _row(cells: Cells) -> dict[str, Any]:
    parts = change_parts(cells)
    before, now = _cost(cells, 0), _cost(cells, 1)
    largest = max(CHANGE_CAUSES, key=lambda name: abs(parts[name]))
    return {
        "period_usd": now,
        "before_usd": before,
        "change_usd": now - before,
        **{f"{name}_usd": usd for name, usd in parts.items()},
        "main_cause": largest if parts[largest] else None,
    }
