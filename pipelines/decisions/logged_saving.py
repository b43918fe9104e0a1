"""Rows of main.saving: what the own mix of 30 days saved and would save, model by model, at exact prices.

Only what logs tell: whether calls could wait, repeat themselves or go to a smaller model is the user's word, so those
rows are NULL with the reason, or hold for all of the usage and say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl

from pipelines.decisions.offer_bill import met_price
from pipelines.decisions.sized_usage import SIZED
from pipelines.decisions.stacking import Rule, prices_with_rule, rule_of
from pipelines.decisions.workload import Part
from pipelines.schema.columns import polars_schema
from pipelines.schema.offers import MODEL_KEY
from pipelines.schema.savings import LoggedSaving

FORMULA_VERSION = "logged-saving-2"
MTOK = 1_000_000
_PLACES = Decimal("1e-12")
SLOW_TIERS = ("batch", "flex")
_CACHE = ("cache_read", "cache_write_5m", "cache_write_1h")
_UNKNOWN = {
    "response_cache": "not in your data: logs hold no texts that repeat; state repeat_share in a scenario",
    "contract_discount": "not in your data: no contract is stated; state discount_share in a scenario",
    "smaller_model": "not in your data: which calls a smaller model may answer; `costs what-if` prices any model",
}


_Amount = tuple[Decimal | None, str, str | None]
"""Dollars, basis, reason."""


def logged_saving(used: pl.DataFrame, prices: pl.DataFrame, hidden: pl.DataFrame, day: date) -> pl.DataFrame:
    """One row per model and lever.

    `used`: rows of core.usage_cost of 30 days with SIZED; `prices`: MODEL_KEY, service_tier, meter, context_from,
    context_to, time_window, usd_per_unit of unit mtok, in force on the day; `hidden`: rows of main.hidden_cost of the
    same days. Where other prices are asked, they are those of the size and hours at which the usage was priced.
    """
    rows: list[dict[str, Any]] = []
    in_force = _by_offer(prices)
    for (provider, model), mine in used.group_by("provider", "model", maintain_order=True):
        parts = hidden.filter(provider=provider, model=model)
        amounts: dict[str, _Amount] = {
            "prompt_caching_saved": _caching_saved(mine, in_force),
            "cache_misses": _of_conversations(parts, "cache_miss_usd"),
            "prompt_caching_left": _of_conversations(parts, "cacheable_usd"),
            **_slow_tiers(mine, in_force),
            **{lever: (None, "unknown", reason) for lever, reason in _UNKNOWN.items()},
            **_contract_saved(mine),
        }
        cost = mine["cost_usd"].sum() if mine["cost_usd"].count() else None
        if cost is None:
            amounts = dict.fromkeys(amounts, (None, "unknown", "its usage has no price"))
        rule = rule_of(str(provider), "prompt_caching", "batch")
        rows += [_row(day, str(provider), str(model), lever, one, cost, rule) for lever, one in amounts.items()]
    schema = polars_schema(LoggedSaving)
    return pl.DataFrame(rows, schema=schema, orient="row").sort("provider", "model", "lever")


def _row(day: date, provider: str, model: str, lever: str, one: _Amount, cost: Any, rule: Rule) -> dict[str, Any]:
    amount, basis, reason = one
    has_rule = lever.startswith(("batch", "flex", "prompt_caching"))
    return {
        "as_of": day,
        "provider": provider,
        "model": model,
        "lever": lever,
        "usd_per_month": amount if amount is None else amount.quantize(_PLACES, ROUND_HALF_UP),
        "cost_usd": cost,
        "basis": basis,
        "reason": reason,
        "stacking": f"{rule.how}: {rule.says}" if has_rule else None,
        "stacking_source": rule.source if has_rule else None,
        "stacking_source_on": rule.source_on if has_rule else None,
        "formula_version": FORMULA_VERSION,
    }


@dataclass(frozen=True)
class _InForce:
    """Prices in force on the day, by (MODEL_KEY, tier) and meter: rows of price segments."""

    rows: Mapping[tuple[Any, ...], Mapping[str, Sequence[Mapping[str, Any]]]]

    def at(self, offer: tuple[Any, ...], part: Part) -> dict[str, Decimal]:
        """Price by meter of an offer's calls of one size and hours; of what has none there, nothing."""
        met = {meter: met_price(prices, part) for meter, prices in self.rows.get(offer, {}).items()}
        return {meter: row["usd_per_unit"] for meter, row in met.items() if row is not None}


def _by_offer(prices: pl.DataFrame) -> _InForce:
    found: dict[tuple[Any, ...], dict[str, list[Mapping[str, Any]]]] = {}
    for row in prices.iter_rows(named=True):
        offer = (*(row[name] for name in MODEL_KEY), row["service_tier"])
        found.setdefault(offer, {}).setdefault(row["meter"], []).append(row)
    return _InForce(found)


def _caching_saved(mine: pl.DataFrame, in_force: _InForce) -> _Amount:
    """What cache reads cost less than input, less what writes cost more, at the prices of each day."""
    offer_day = [*MODEL_KEY, "service_tier", "usage_date", *SIZED]
    paid = mine.filter(pl.col("meter") == "input_uncached", pl.col("cost_usd").is_not_null())
    inputs = paid.group_by(offer_day).agg(input_usd=pl.col("usd_per_unit").min())
    cached = mine.filter(pl.col("meter").is_in(_CACHE), pl.col("cost_usd").is_not_null())
    if cached.is_empty():
        return Decimal(0), "measured", "no cache was read or written"
    saved = Decimal(0)
    for row in cached.join(inputs, on=offer_day, how="left", nulls_equal=True).iter_rows(named=True):
        input_usd = row["input_usd"]
        if input_usd is None:  # all of that day came from the cache
            offer = (*(row[name] for name in MODEL_KEY), row["service_tier"])
            input_usd = in_force.at(offer, Part(row["prompt_tokens"], {}, row["time_window"])).get("input_uncached")
        if input_usd is None:
            return None, "unknown", f"no price of input for {row['model']} in tier {row['service_tier']}"
        saved += row["quantity"] * input_usd / MTOK - row["cost_usd"]
    return saved, "measured", None


def _of_conversations(parts: pl.DataFrame, column: str) -> _Amount:
    if parts[column].count() == 0:
        return None, "unknown", "not in your data: no request names its conversation"
    calls, told = parts["calls"].sum(), parts["calls_in_conversations"].sum()
    reason = f"of {told:,} of {calls:,} calls, those whose logs name their conversation" if told < calls else None
    measured, amount = column == "cache_miss_usd", Decimal(parts[column].sum())
    at_most = None if measured else "at most: documents may differ from call to call"
    return (
        amount,
        "measured" if measured else "modelled",
        "; ".join(filter(None, (reason, at_most))) or None,
    )


def _contract_saved(mine: pl.DataFrame) -> dict[str, _Amount]:
    """What the contract takes off the list prices of what is billed by use; nothing is known without a term for it."""
    amounts = (pl.col(name).is_not_null() for name in ("cost_usd", "effective_cost_usd"))
    billed = mine.filter(pl.col("plan_id").is_null(), pl.col("term_id").is_not_null(), *amounts)
    if billed.is_empty():
        return {}
    saved = Decimal(billed["cost_usd"].sum()) - Decimal(billed["effective_cost_usd"].sum())
    return {"contract_discount": (saved, "measured", "in the effective cost already: list price less contract price")}


def _slow_tiers(mine: pl.DataFrame, in_force: _InForce) -> dict[str, _Amount]:
    """Batch and flex: what they saved against standard, and would save if every standard call could wait."""
    found: dict[str, _Amount] = {}
    for tier in SLOW_TIERS:
        at_standard = _moved(mine.filter(service_tier=tier), "standard", in_force)
        at_tier = _moved(mine.filter(service_tier="standard"), tier, in_force)
        saved = None if at_standard is None else -at_standard
        found[f"{tier}_saved"] = (
            saved,
            "unknown" if saved is None else "measured",
            "no standard price to compare with" if saved is None else None,
        )
        other = "flex" if tier == "batch" else "batch"
        found[f"{tier}_left"] = (
            at_tier,
            "unknown" if at_tier is None else "modelled",
            f"no price list has {tier} prices of the model"
            if at_tier is None
            else f"if every call could wait; in place of {other}",
        )
    return found


def _moved(mine: pl.DataFrame, tier: str, in_force: _InForce) -> Decimal | None:
    """What priced usage costs now less what it would cost in a tier; None where that has no price."""
    total = Decimal(0)
    priced = mine.filter(pl.col("cost_usd").is_not_null())
    for (*key, size, window), rows in priced.group_by(*MODEL_KEY, *SIZED, maintain_order=True):
        part = Part(int(str(size)), {}, str(window))
        other, standard = in_force.at((*key, tier), part), in_force.at((*key, "standard"), part)
        if not other or not standard or not {"input_uncached", "output"} <= set(other):
            return None
        prices = other if tier == "standard" else prices_with_rule(standard, other, str(key[0]))
        for meter, quantity, cost in rows.select("meter", "quantity", "cost_usd").iter_rows():
            if meter in prices:  # fees and audio are not cheaper
                total += cost - quantity * Decimal(prices[meter]) / MTOK
    return total
