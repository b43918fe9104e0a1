"""What usage costs by what was agreed: which term of the contract counts for which sum, and the price that it makes.

A term holds for whole days and names only columns of core.usage_cost, so sums that are priced at list are priced once
more here, exactly, and no row of the ledger is looked at. Charges beside usage are `contract_charges`'.
"""

from collections.abc import Collection
from decimal import ROUND_HALF_UP, Decimal

import polars as pl

from pipelines.costs.pricing.match_usage import USD, usd_each
from pipelines.costs.volume_bands import first_bands, in_bands
from pipelines.models.model_ids import undated
from pipelines.schema.contract_terms import PRICE_KINDS, TERM_SCOPE
from pipelines.schema.meters import FEE_METERS

PRICE = pl.Decimal(18, 6)
_PLACES = Decimal("0.000001")
_KEY = ["usage_date", *TERM_SCOPE]
_IS_MEANT = (pl.col("usage_date") >= pl.col("valid_from")).fill_null(value=True) & (
    pl.col("usage_date") < pl.col("valid_to")
).fill_null(value=True)
_NAMES = ("model", "listed_model", "undated_model", "undated_listed_model")
"""Under which names a term may mean the model of usage, the most exact first."""
_AGREED = {"term_id": pl.String(), "kind": pl.String(), "value": PRICE}
_STATED = ("valid_from", "valid_to", *_AGREED, "of_tokens", "exactness")


def at_contract(
    costs: pl.DataFrame, terms: pl.DataFrame, listed: pl.DataFrame, shares: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Rows of core.usage_cost with what is paid by the contract: term_id, contracted_usd_per_unit, effective_cost_usd.

    `terms`: core.contract_term as it is current; `listed`: price_id, listed_model, the model of the price list. What no
    list has a price for is paid at the contract's, and has the unit of its meter. `shares`: `Volume.shares` of the
    days, by which rows are split into the bands of volume that they are in; without them the first bands hold.
    """
    if not terms["kind"].is_in(PRICE_KINDS).any() or costs.is_empty():
        return costs
    rows = with_terms(costs, terms, listed)
    if shares is not None:
        rows = in_bands(rows, shares)
    return paid(rows).select(costs.columns)


def paid(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of `with_terms` with contracted_usd_per_unit and effective_cost_usd.

    They are NULL, and the cost a lower bound, where the price is in another currency and no rate of the day is stated.
    """
    rows = rows.with_columns(contracted_usd_per_unit=_contracted(rows))
    effective = (pl.col("quantity").cast(pl.Decimal(38, 0)) * usd_each("contracted_usd_per_unit")).cast(USD)
    is_open = pl.col("term_id").is_not_null() & pl.col("contracted_usd_per_unit").is_null()
    return rows.with_columns(effective_cost_usd=effective, is_lower_bound=pl.col("is_lower_bound") | is_open)


def with_terms(costs: pl.DataFrame, terms: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Rows of core.usage_cost with the term that counts for them (term_id, kind, value), and their unit; arguments as
    of `at_contract`. Of bands of volume it is the first.
    """
    prices = first_bands(terms.filter(pl.col("kind").is_in(PRICE_KINDS)))
    named = costs.drop("term_id", "contracted_usd_per_unit", "effective_cost_usd").join(
        listed, on="price_id", how="left", maintain_order="left"
    )
    agreed = terms_of(named, prices).select(*_KEY, "listed_model", *_AGREED)
    rows = named.join(agreed, on=[*_KEY, "listed_model"], how="left", nulls_equal=True, maintain_order="left")
    # A discount off no price is no price; nor is a price in another currency on a day without a rate.
    has_term = ((pl.col("kind") == "price") & pl.col("value").is_not_null()) | pl.col("usd_per_unit").is_not_null()
    unit = pl.when(pl.col("meter").is_in(FEE_METERS)).then(pl.lit("thousand_calls")).otherwise(pl.lit("mtok"))
    return rows.with_columns(
        term_id=pl.when(has_term).then("term_id"),
        unit=pl.when(pl.col("unit").is_null() & (pl.col("kind") == "price")).then(unit).otherwise("unit"),
    )


def terms_of(usage: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """The one term that counts for each kind of usage, where one does.

    `usage`: usage_date, TERM_SCOPE, listed_model. `terms`: of one family. Returns these columns once each, with
    term_id, kind and value. A price comes before a discount; then the term that names more: the account, then the model
    (the more exactly the better), the meter, the tier, the channel, the provider.
    """
    keys = usage.select(*_KEY, "listed_model").unique()
    named = keys.with_columns(
        undated_model=undated(pl.col("model")), undated_listed_model=undated(pl.col("listed_model"))
    )
    found = [_matches(named, terms, scope) for scope in _scopes(terms)]
    if not found:
        return keys.clear().with_columns(pl.lit(None, dtype).alias(name) for name, dtype in _AGREED.items())
    ranked = pl.concat(found).sort("rank", "term_id")
    return ranked.unique([*_KEY, "listed_model"], keep="first", maintain_order=True).drop("rank")


def _scopes(terms: pl.DataFrame) -> list[tuple[str, ...]]:
    """Which columns of TERM_SCOPE the terms name."""
    flags = terms.select(pl.col(TERM_SCOPE).is_not_null()).unique().sort(TERM_SCOPE).rows()
    return [tuple(name for name, is_named in zip(TERM_SCOPE, row, strict=True) if is_named) for row in flags]


def _matches(keys: pl.DataFrame, terms: pl.DataFrame, scope: Collection[str]) -> pl.DataFrame:
    """Keys and the terms that name just these columns and mean them on that day, with their rank."""
    of_scope = terms.filter(pl.col(name).is_not_null() == (name in scope) for name in TERM_SCOPE)
    # The volume of a line for all meters is one of tokens, to which calls are not added; or what all of them cost.
    of_tokens = pl.col("volume").is_not_null() & pl.col("meter").is_null() & pl.col("volume_currency").is_null()
    stated = of_scope.select(*scope, "valid_from", "valid_to", *_AGREED, of_tokens=of_tokens)
    if not scope:
        pairs = [keys.join(stated, how="cross").with_columns(exactness=pl.lit(0))]
    else:
        names = _NAMES if "model" in scope else _NAMES[:1]
        pairs = [
            keys.join(stated, left_on=[name if key == "model" else key for key in scope], right_on=list(scope))
            .with_columns(exactness=pl.lit(place))
            .select(*keys.columns, *_STATED)
            for place, name in enumerate(names)
        ]
    rank = pl.format(
        "{}{}{}{}",
        pl.col("kind") == "discount",
        pl.lit("account_id" not in scope),
        pl.when(pl.lit("model" in scope)).then("exactness").otherwise(len(_NAMES)),
        pl.lit("".join("01"[name not in scope] for name in ("meter", "service_tier", "channel", "provider"))),
    )
    return (
        pl.concat([pair.select(*keys.columns, *_STATED) for pair in pairs])
        .filter(_IS_MEANT, ~(pl.col("of_tokens") & pl.col("meter").is_in(FEE_METERS)))
        .select(*_KEY, "listed_model", *_AGREED, rank=rank)
    )


def _contracted(rows: pl.DataFrame) -> pl.Series:
    """The price of one unit: the contract's, or the list's less the discount, half a millionth of a dollar rounded up.

    Rounded once, as a price and not as an amount, so that sums of any rows add up.
    """
    parts = rows.select("kind", "value", "usd_per_unit")
    found = [(*row, _price(*row)) for row in parts.unique(maintain_order=True).iter_rows()]
    prices = pl.DataFrame(found, schema={**parts.schema, "contracted": PRICE}, orient="row")
    return parts.join(prices, on=parts.columns, how="left", nulls_equal=True, maintain_order="left")["contracted"]


def _price(kind: str | None, value: Decimal | None, listed: Decimal | None) -> Decimal | None:
    if kind is None or kind == "price":
        return listed if kind is None else value
    if value is None or listed is None:
        return None
    return (listed * (100 - value) / 100).quantize(_PLACES, ROUND_HALF_UP)
