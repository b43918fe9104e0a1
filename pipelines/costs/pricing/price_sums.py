"""Usage x price in force -> exact cost, on frames alone: the declaration of core.usage_cost is `price_usage`'s.

Cost is linear in tokens within one price. So requests that meet the same price (same offer, same period of the day,
same range of prompt sizes) are aggregated first, and only their sums are looked up. Sums are whole numbers and prices
are decimals, so nothing is rounded, and rows add up the same in any order. README.md has the words and an example.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import polars as pl

from pipelines.costs.pricing.aggregate import IS_SHORT, numbered
from pipelines.costs.pricing.match_usage import USD, match_usage
from pipelines.costs.pricing.paid_each import paid_each, times
from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.meters import QUANTITY_COLUMNS, TOKEN_METERS

OWNERS = ("project_id", "api_key_id", "account_id")
PLAN_ID = "plan_id"
"""The owner that only usage of days with a plan has."""


def price_sums(
    days: Mapping[date, pl.LazyFrame], segments: pl.DataFrame, owners: Sequence[str] = OWNERS
) -> pl.DataFrame | None:
    """Price usage by UTC day; arguments as in `price_usage.price_by_day`. None where no meter counts anything.

    Returns the columns of core.usage_cost and others, in any order; of the columns of OWNERS only those asked for.
    """
    rows = price_quantities(days, segments, owners)
    return None if rows is None else with_cost(rows)


def price_quantities(
    days: Mapping[date, pl.LazyFrame], segments: pl.DataFrame, owners: Sequence[str] = OWNERS
) -> pl.DataFrame | None:
    """`price_sums` without the costs: quantities, each with its price or the reason why there is none.

    `with_cost` makes costs of them, also elsewhere.
    """
    found = match_usage(days, segments, owners)
    if found is None:
        return None
    # From here on all is numbers: there are many more sums than owners and prices.
    of_owners, sums = numbered(found.sums, "owner", owners)
    of_owners = of_owners.with_columns(pl.col(owners).cast(pl.String))
    if "account_id" in owners:
        of_owners = of_owners.with_columns(pl.col("account_id").fill_null(DEFAULT_ACCOUNT))
    quantities = _quantities(sums, found.by_lookup, found.matches.height, of_owners.height)
    named = [found.matches[quantities["match"]].drop("match"), of_owners[quantities["owner"]].drop("owner")]
    return pl.concat([quantities.drop("match", "owner"), *named], how="horizontal")


def with_cost(rows: pl.DataFrame) -> pl.DataFrame:
    """Quantity times price as DECIMAL(38,12), of rows of `price_quantities`."""
    cost = (pl.col("quantity").cast(pl.Decimal(38, 0)) * pl.col("usd_each")).cast(USD)
    if IS_SHORT in rows.columns:
        is_short = pl.col(IS_SHORT).fill_null(value=False) & pl.col("price_id").is_not_null()
        rows = rows.with_columns(is_lower_bound=pl.col("is_lower_bound") | is_short)
    return rows.with_columns(cost_usd=cost)


def price_totals(
    days: Mapping[date, pl.LazyFrame],
    segments: pl.DataFrame,
    owners: Sequence[str],
    texts: Sequence[str] = (),
    agreed: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
) -> pl.DataFrame | None:
    """Price usage as `price_sums`, but without saying of which meters and prices a cost is made up.

    `texts`: further columns to group by, see `aggregate_usage`. `agreed`: rows of one token or call each, by day,
    account and price -> the same rows with effective_cost_usd by the contract (see `paid_each`). Returns usage_date,
    owners as codes, texts, usage_rows, tokens, unpriced_quantity, is_lower_bound, cost_usd and effective_cost_usd,
    which are NULL where nothing has a price: a row for each sum, of which one owner may have several.
    """
    found = match_usage(days, segments, owners, texts)
    if found is None:
        return None
    usd, is_lower_bound = found.matches["usd_each"], found.matches["is_lower_bound"]
    # What a plan covers is paid by its fee, and adds to no volume.
    is_counted = pl.col(PLAN_ID).is_null() if PLAN_ID in owners else pl.lit(value=True)
    paid = None if agreed is None else paid_each(found, agreed, owners, texts, is_counted)
    sums = found.sums if paid is None else paid.sums
    names = ("cost_usd", "effective_cost_usd", "tokens", "unpriced_quantity", "is_lower_bound")
    measures: dict[str, list[pl.Expr]] = {name: [] for name in names}
    for meter in found.by_lookup.columns:
        match = pl.lit(found.by_lookup[meter]).gather("lookup")
        quantity = pl.col(QUANTITY_COLUMNS[meter]).fill_null(0)
        is_used = (quantity > 0) & match.is_not_null()
        each = of_contract = pl.lit(usd).gather(match)
        measures["cost_usd"].append(pl.when(is_used).then(times(quantity, each)))
        if paid is not None:
            of_contract = paid.first(match)
            measures["effective_cost_usd"].append(pl.when(is_used).then(paid.cost(quantity, match)))
        measures["unpriced_quantity"].append(pl.when(is_used & of_contract.is_null()).then(quantity).otherwise(0))
        measures["is_lower_bound"].append(is_used & pl.lit(is_lower_bound).gather(match).fill_null(value=False))
        if meter in TOKEN_METERS:
            measures["tokens"].append(quantity)
    rows = sums.with_columns(
        **_total("cost_usd", measures["cost_usd"]),
        **_total("effective_cost_usd", measures["effective_cost_usd"]),
        tokens=pl.sum_horizontal(measures["tokens"]) if measures["tokens"] else pl.lit(0, pl.Int64),
        unpriced_quantity=pl.sum_horizontal(measures["unpriced_quantity"]),
        is_lower_bound=pl.any_horizontal(measures["is_lower_bound"]),
    )
    if paid is None:
        rows = rows.with_columns(effective_cost_usd="cost_usd")
    return rows.select("usage_date", *owners, *texts, "usage_rows", *names)


def _total(name: str, amounts: Sequence[pl.Expr]) -> dict[str, pl.Expr]:
    """The sum of amounts, NULL where all are; nothing of no amounts."""
    if not amounts:
        return {}
    total = sum((amount.fill_null(0).cast(USD) for amount in amounts), pl.lit(0).cast(USD)).cast(USD)
    return {name: pl.when(pl.any_horizontal(amount.is_not_null() for amount in amounts)).then(total)}


def price_counts(
    days: Mapping[date, pl.LazyFrame], segments: pl.DataFrame, owners: Sequence[str], counts: Mapping[str, str | None]
) -> pl.DataFrame | None:
    """Sum some columns of usage, and value them at the price that their rows met.

    `counts`: column -> the meter at whose price its tokens are valued, or None for a mere count. It may be a quantity
    of core.usage, or a part of one. Returns usage_date, owners as codes, usage_rows, the columns that are present, what
    they cost as NAME_usd (NULL where there is nothing, or no price), and unpriced_quantity: what has no price of the
    quantities of core.usage that are among them. A row for each sum, of which one owner may have several.
    """
    found = match_usage(days, segments, owners, counts=counts)
    if found is None:
        return None
    present = {name: meter for name, meter in counts.items() if name in found.sums.columns}
    usd, unpriced = {}, [pl.lit(0, pl.Int64)]
    for name, meter in present.items():
        if meter is None:
            continue
        quantity = pl.col(name).fill_null(0)
        if meter not in found.by_lookup.columns:
            usd[f"{name}_usd"] = pl.lit(None, USD)
            continue
        match = pl.lit(found.by_lookup[meter]).gather("lookup")
        each = pl.lit(found.matches["usd_each"]).gather(match)
        is_used = (quantity > 0) & match.is_not_null()
        usd[f"{name}_usd"] = pl.when(is_used).then((quantity.cast(pl.Decimal(38, 0)) * each).cast(USD))
        if name == QUANTITY_COLUMNS[meter]:
            unpriced.append(pl.when(is_used & each.is_null()).then(quantity).otherwise(0))
    rows = found.sums.with_columns(unpriced_quantity=pl.sum_horizontal(unpriced), **usd)
    return rows.select("usage_date", *owners, "usage_rows", "unpriced_quantity", *present, *usd)


def _quantities(sums: pl.DataFrame, by_lookup: pl.DataFrame, matches: int, owners: int) -> pl.DataFrame:
    """Quantities by day, match and owner, sorted. `by_lookup`: row N has the match of lookup N for each meter."""
    day, owner, number = pl.col("usage_date").to_physical().cast(pl.Int64), pl.col("owner"), pl.col("number")
    parts = []
    flags = [IS_SHORT] if IS_SHORT in sums.columns else []
    for meter in by_lookup.columns:
        match = pl.lit(by_lookup[meter]).gather("lookup")
        # One number for the three is sorted several times faster.
        part = sums.select(
            "usage_rows", *flags, number=(day * matches + match) * owners + owner, quantity=QUANTITY_COLUMNS[meter]
        )
        parts.append(part.filter(pl.col("quantity") > 0, number.is_not_null()))
    return _merged(pl.concat(parts).sort("number")).select(
        (number // owners // matches).cast(pl.Int32).cast(pl.Date).alias("usage_date"),
        (number // owners % matches).alias("match"),
        (number % owners).alias("owner"),
        "usage_rows",
        "quantity",
        *flags,
    )


def _merged(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per number: one price may cover several periods of a day. `rows` are sorted by number."""
    is_again = rows["number"].diff().fill_null(1) == 0
    # Few are, so the rest is not grouped, which would take as long as sorting it.
    is_one_of_many = is_again | is_again.shift(-1, fill_value=False)
    flags = [pl.col(IS_SHORT).any()] if IS_SHORT in rows.columns else []
    many = rows.filter(is_one_of_many).group_by("number").agg(pl.col("usage_rows", "quantity").sum(), *flags)
    return pl.concat([rows.filter(~is_one_of_many), many.select(rows.columns)]).sort("number")
