"""Models in use that are about to be taken away: how soon, how much money, what instead and at what price.

The score is a plain product whose parts are columns of their own. Rows exist only for models with usage in the last 90
days whose provider has announced an end or prints a date. Nothing is alerted here.
"""

from datetime import date, timedelta

import polars as pl

from pipelines.decisions.forecast_quantities import USD, price_days
from pipelines.decisions.notice import ANNOUNCER, notice_days
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import DeprecationRisk
from pipelines.snapshots.current import end_of_day, in_force_at

FORMULA_VERSION = "risk-3"
OWNER = ["provider", "model", "project_id", "api_key_id"]
SEEN_DAYS = 90
SPEND_DAYS = 30
MIN_LEAD_DAYS = 90
CRITICAL_DAYS = 14
FULL_EXPOSURE = 0.10
IMPACTS = {"fail": 1.0, "reroute_rebill": 0.7, "price_rise": 0.5, "redirect": 0.3}
Model = tuple[str, str]
Dates = dict[Model, date | None]


def deprecation_risk(
    usage: pl.DataFrame,
    lifecycles: pl.DataFrame,
    prices: pl.DataFrame,
    mapping: pl.DataFrame,
    as_of: date,
    elsewhere: pl.DataFrame | None = None,
    sized: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Rows of main.deprecation_risk. Days before `as_of` are history.

    `usage`: usage_date, OWNER, meter, quantity, cost_usd (NULL where unpriced). `lifecycles`: versions of
    core.model_lifecycle known at `as_of`. `prices`: provider, model, service_tier, meter, valid_from, valid_to,
    usd_per_unit, unit, context_from, context_to, for the ids in `usage` and for every replacement. `mapping`: provider,
    model_id (as in `usage`), canonical_model (as in `lifecycles`). `elsewhere`: usage on other channels, for shares of
    the spend only.
    `sized`: `sized_mix` of the last 30 days, where prices depend on prompt sizes; else `usage` tells the quantities.
    Comparisons are at standard tier.
    """
    ends = expected_ends(lifecycles, as_of)
    owners = _owners(usage, as_of, usage if elsewhere is None else pl.concat([usage, elsewhere]))
    known = mapping.rename({"model_id": "model"}).drop_nulls("canonical_model").unique()
    ending = ends.filter(pl.col("expected_end_on").is_not_null()).rename({"model": "canonical_model"})
    rows = owners.join(known, on=["provider", "model"], validate="m:1").join(ending, on=["provider", "canonical_model"])
    chosen = _replacements(rows, ends, prices, as_of)
    rows = rows.join(chosen, on=["provider", "canonical_model"], how="left")
    mix = _mix(usage, as_of) if sized is None else sized
    rows = rows.join(_deltas(mix, rows, prices, as_of), on=OWNER, how="left", nulls_equal=True)
    return _scored(rows, as_of)


def one_end_per_model(lifecycles: pl.DataFrame) -> pl.DataFrame:
    """Versions of core.model_lifecycle with one statement per provider, channel and model at any time.

    `lifecycles` has a column `rank`, that of the source: where two sources list a model the better one counts. A
    version is part of the id: gpt-4o of 2024-08-06 is gpt-4o-2024-08-06. Of several scopes the whole one counts, else
    the one that ends first: a model that leaves one region is about to be missed.
    """
    is_dated = pl.col("version").str.contains(r"^20\d{2}-\d{2}-\d{2}$") & ~pl.col("model").str.ends_with(
        pl.col("version")
    )
    named = lifecycles.with_columns(
        model=pl.when(is_dated).then(pl.format("{}-{}", "model", "version")).otherwise("model"),
        is_part=pl.col("scope") != "all",
    )
    order = ["rank", "is_part", "retires_on", "version", "scope"]
    first = named.sort(order, nulls_last=True).unique(["provider", "channel", "model"], keep="first")
    keys = first.select("provider", "channel", "model", "version", "scope", "source")
    return named.join(keys, on=keys.columns, how="semi").drop("is_part", "rank")


def expected_ends(lifecycles: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The statement in force at the end of `as_of` per model, with the day from which the model is expected to be gone.

    An exact day or month is firm (a month from its first day). A floor, or an announcement without a date, can end no
    sooner than the provider's 10th percentile of notice from today (no notice known: today). Adds expected_end_on (NULL
    for active models without a date), days_basis, gone_on (first day that is surely after the end), lead_time_days and
    the columns of `notice_days`.
    """
    in_force = (
        in_force_at(lifecycles, end_of_day(as_of))
        .sort("known_from", "valid_from", "lifecycle_id")
        .unique(["provider", "model"], keep="last")
        .with_columns(ANNOUNCER)
        .join(notice_days(lifecycles, as_of), on="announcer", how="left")
    )
    is_firm = pl.col("retires_precision").is_in(["day", "month"])
    is_retired = pl.col("state") == "retired"
    soonest = pl.lit(as_of) + pl.duration(days=pl.col("notice_p10_days").fill_null(0))
    # A page that calls a model retired without a date says that it was gone when the page first said so.
    gone = pl.coalesce("retires_on", pl.col("valid_from").dt.date())
    is_open_end = (pl.col("retires_precision") == "floor") | (pl.col("state") != "active")
    is_floor_ahead = (pl.col("retires_precision") == "floor") & (pl.col("retires_on") >= soonest)
    return in_force.with_columns(
        expected_end_on=pl.when(is_firm).then("retires_on").when(is_retired).then(gone)
        .when(is_open_end).then(pl.max_horizontal("retires_on", soonest)),
        days_basis=pl.when(is_firm).then(pl.lit("firm")).when(is_floor_ahead & ~is_retired).then(pl.lit("floor"))
        .otherwise(pl.lit("inferred")),
        gone_on=pl.when(is_retired).then(gone).when(pl.col("retires_precision") == "day").then("retires_on")
        .when(pl.col("retires_precision") == "month").then(pl.col("retires_on").dt.offset_by("1mo")),
        lead_time_days=pl.max_horizontal(pl.lit(float(MIN_LEAD_DAYS)), "notice_median_days"),
        notice_event_count=pl.col("notice_event_count").fill_null(0),
    )  # fmt: skip


def _owners(usage: pl.DataFrame, as_of: date, everywhere: pl.DataFrame) -> pl.DataFrame:
    """OWNER, last_used_on, spend_30d_usd, share_of_spend, for owners with usage in the last 90 days."""
    seen = usage.filter(pl.col("usage_date") >= as_of - timedelta(days=SEEN_DAYS), pl.col("usage_date") < as_of)
    is_recent = pl.col("usage_date") >= as_of - timedelta(days=SPEND_DAYS)
    recent_cost = pl.col("cost_usd").filter(is_recent)
    owners = seen.filter(pl.col("quantity") > 0).group_by(OWNER).agg(
        last_used_on=pl.col("usage_date").max(),
        is_used_30d=is_recent.any(),
        spend_30d_usd=pl.when(is_recent.any() & recent_cost.is_null().all()).then(None).otherwise(recent_cost.sum()),
    )  # fmt: skip
    recent = everywhere.filter(is_recent, pl.col("usage_date") < as_of)
    total = float(recent["cost_usd"].cast(USD).sum() or 0)
    spend = pl.col("spend_30d_usd").cast(pl.Float64)
    share = spend / total if total > 0 else pl.lit(None, pl.Float64)
    return owners.with_columns(pl.col("spend_30d_usd").cast(USD), share_of_spend=share)


def _replacements(rows: pl.DataFrame, ends: pl.DataFrame, prices: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """provider, canonical_model, replacement, its days left, and the chain of replacements of the replacement."""
    end_of: Dates = {(row["provider"], row["model"]): row["expected_end_on"] for row in ends.iter_rows(named=True)}
    lists = {(row["provider"], row["model"]): row["replacements"] or "" for row in ends.iter_rows(named=True)}
    priced = _priced_models(prices, as_of)
    found = []
    for provider, model in rows.select("provider", "canonical_model").unique().iter_rows():
        chain: list[str] = []
        step: str | None = model
        while step and step not in chain:
            chain.append(step)
            step = _chosen(provider, step, lists, end_of, priced, as_of)
        days = [_days_left(end_of.get((provider, name)), as_of) for name in chain]
        steps = [name if left is None else f"{name} ({left} days)" for name, left in zip(chain, days, strict=True)][1:]
        first = (chain[1], days[1]) if steps else (None, None)
        found.append((provider, model, *first, " > ".join(steps) or None))
    names = ("replacement", "replacement_days_left", "replacement_chain")
    schema = dict.fromkeys(("provider", "canonical_model", *names), pl.String()) | {names[1]: pl.Int64()}
    return pl.DataFrame(found, schema=schema, orient="row")


def _chosen(
    provider: str, model: str, lists: dict[Model, str], end_of: Dates, priced: set[Model], as_of: date
) -> str | None:
    """The first recommended model that has a price in force, is not gone and does not end before this one."""
    own_end = end_of.get((provider, model))
    for name in (part.strip() for part in lists.get((provider, model), "").split(",")):
        end = end_of.get((provider, name))
        is_lasting = end is None or (end > as_of and (own_end is None or end >= own_end))
        if name != model and (provider, name) in priced and is_lasting:
            return name
    return None


def _priced_models(prices: pl.DataFrame, as_of: date) -> set[Model]:
    standard = in_force_at(prices, end_of_day(as_of)).filter(service_tier="standard")
    text = standard.filter(pl.col("meter").is_in(["input_uncached", "output"]))
    return set(text.select("provider", "model").unique().iter_rows())


def _days_left(end: date | None, as_of: date) -> int | None:
    return None if end is None else (end - as_of).days


def _mix(usage: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The quantities of the last 30 days as `sized_mix` has them, where no price depends on the size."""
    recent = usage.filter(pl.col("usage_date") >= as_of - timedelta(days=SPEND_DAYS), pl.col("usage_date") < as_of)
    sums = recent.group_by(*OWNER, "channel", "region", "meter").agg(pl.col("quantity").sum())
    return sums.filter(pl.col("quantity") > 0).with_columns(prompt_tokens=pl.lit(0, pl.Int64))


def _deltas(mix: pl.DataFrame, rows: pl.DataFrame, prices: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """OWNER, replacement_delta_pct, monthly_delta_usd, delta_reason: 30 days of own tokens at both lists of prices,
    each at the price of its prompt's size.
    """
    asked = rows.select(*OWNER, "replacement").drop_nulls("replacement")
    both = mix.join(asked, on=OWNER, nulls_equal=True).with_columns(
        usage_date=pl.lit(as_of), service_tier=pl.lit("standard"), used_model="model"
    )
    old = price_days(both, prices).rename({"cost_usd": "old_usd"})
    new = price_days(old.with_columns(model="replacement"), prices).with_columns(model="used_model")
    gap = pl.concat_list(
        pl.when(pl.col(cost).is_null()).then(pl.format("no price for {} of {}", "meter", name))
        for cost, name in (("old_usd", "model"), ("cost_usd", "replacement"))
    )
    sums = new.with_columns(gap=gap).group_by(OWNER).agg(
        pl.col("old_usd", "cost_usd").sum(),
        delta_reason=pl.col("gap").explode().drop_nulls().unique().sort().str.join("; ").replace("", None),
    )  # fmt: skip
    is_known = pl.col("delta_reason").is_null()
    old_usd, new_usd = pl.col("old_usd").cast(pl.Float64), pl.col("cost_usd").cast(pl.Float64)
    return sums.select(
        *OWNER,
        "delta_reason",
        monthly_delta_usd=pl.when(is_known).then(pl.col("cost_usd") - pl.col("old_usd")),
        replacement_delta_pct=pl.when(is_known & (old_usd > 0)).then((new_usd / old_usd - 1) * 100),
    )


def _scored(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Parts, score and level. Unknown spend counts as full exposure, so that an unpriced model cannot hide."""
    days_left = (pl.col("expected_end_on") - pl.lit(as_of)).dt.total_days()
    is_firm = (pl.col("days_basis") == "firm") | (pl.col("state") == "retired")
    cap = pl.when(is_firm).then(1.0).otherwise(0.5)
    unnamed = pl.when(pl.col("replacements").is_null()).then(0.2).otherwise(0.0)
    impact = pl.col("outcome").replace_strict(IMPACTS, return_dtype=pl.Float64) + unnamed
    exposure = pl.when(pl.col("spend_30d_usd").is_null()).then(1.0).otherwise(pl.col("share_of_spend") / FULL_EXPOSURE)
    parts = rows.with_columns(
        days_left=days_left,
        urgency=pl.min_horizontal((1 - days_left / pl.col("lead_time_days")).clip(0, 1), cap),
        spend_exposure=exposure.clip(0, 1).fill_null(0.0),
        impact=impact.clip(0, 1),
    )
    points = 100 * pl.col("urgency") * (0.6 * pl.col("spend_exposure") + 0.4 * pl.col("impact"))
    scored = parts.with_columns(score=pl.when("is_used_30d").then(points).otherwise(0.0).clip(0, 100))
    has_spend = pl.col("is_used_30d") & (pl.col("spend_30d_usd").is_null() | (pl.col("spend_30d_usd") > 0))
    # An inferred date is no deadline: a model without any notice would be critical for ever.
    is_printed = (pl.col("days_basis") != "inferred") | (pl.col("state") == "retired")
    level = (
        pl.when((pl.col("days_left") <= CRITICAL_DAYS) & has_spend & is_printed).then(pl.lit("critical"))
        .when(pl.col("score") >= 60).then(pl.lit("high"))
        .when(pl.col("score") >= 30).then(pl.lit("medium"))
        .otherwise(pl.lit("low"))
    )  # fmt: skip
    reason = (
        pl.when(pl.col("replacement").is_null()).then(pl.lit("no recommended model has a price and stays longer"))
        .when(~pl.col("is_used_30d")).then(pl.lit("no usage in the last 30 days"))
        .otherwise("delta_reason")
    )  # fmt: skip
    per_day = pl.col("spend_30d_usd") / pl.lit(SPEND_DAYS, dtype=pl.Decimal(38, 0))
    judged = scored.with_columns(
        as_of=pl.lit(as_of),
        level=level,
        delta_reason=reason,
        is_used_after_retirement=(pl.col("last_used_on") >= pl.col("gone_on")).fill_null(value=False),
        cost_until_retirement_usd=per_day * pl.max_horizontal("days_left", 0).cast(pl.Decimal(38, 0)),
        formula_version=pl.lit(FORMULA_VERSION),
    )
    return judged.select(pl.col(name).cast(dtype) for name, dtype in polars_schema(DeprecationRisk).items()).sort(OWNER)
