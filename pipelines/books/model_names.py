"""Which model an id means: exact rules only, never a substring.

A date suffix names a snapshot of a model. Where a price list has the snapshot itself, that price counts; where it has
only the model, the snapshot costs what the model costs. A lifecycle is about what is listed: the end of one snapshot
says nothing about the model's own name, unless every request to that name goes to it.
"""

import polars as pl

DATE_SUFFIX = r"-(20\d{2}-\d{2}-\d{2}|20\d{6})$"
"""openai writes -2025-08-07, anthropic -20250514."""

SINGLE_SNAPSHOT_PROVIDERS = ("anthropic",)
"""Providers whose undated ids always mean the one dated snapshot of that name."""


def undated(model: pl.Expr) -> pl.Expr:
    """The id without its snapshot date: gpt-5-mini for gpt-5-mini-2025-08-07."""
    return model.str.replace(DATE_SUFFIX, "")


def price_candidates(models: pl.DataFrame) -> pl.DataFrame:
    """Ids under which a price list may know a model, best first.

    `models`: columns provider, model. Returns provider, model, listed_model, exactness (0 the id itself, 1 without
    its date, 2 a fee that the provider charges whatever the model, listed as '*').
    """
    forms = (pl.col("model"), undated(pl.col("model")), pl.lit("*"))
    return pl.concat(
        [
            models.select("provider", "model", listed_model=form, exactness=pl.lit(exactness, pl.Int64))
            for exactness, form in enumerate(forms)
        ]
    ).unique(["provider", "model", "listed_model"], keep="first", maintain_order=True)


def lifecycle_ids(used: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Which listed model's end is the end of a used id.

    `used`, `listed`: columns provider, model. Returns provider, model_id (as used), canonical_model (as listed), rule
    (exact: the id is listed; dated: the id is a snapshot of a listed model; snapshot: the id's only snapshot is
    listed). Ids that match none are left out.
    """
    on = ["provider", "canonical_model"]
    names = listed.select("provider", canonical_model="model").unique()
    exact = used.with_columns(canonical_model="model", rule=pl.lit("exact")).join(names, on=on, how="semi")
    dated = used.with_columns(canonical_model=undated(pl.col("model")), rule=pl.lit("dated")).join(
        names, on=on, how="semi"
    )
    single = (
        names.filter(pl.col("provider").is_in(SINGLE_SNAPSHOT_PROVIDERS))
        .with_columns(model=undated(pl.col("canonical_model")))
        .filter(pl.len().over("provider", "model") == 1)
        .with_columns(rule=pl.lit("snapshot"))
    )
    snapshot = used.join(single, on=["provider", "model"], how="inner")
    columns = ["provider", "model", "canonical_model", "rule"]
    return (
        pl.concat([exact.select(columns), dated.select(columns), snapshot.select(columns)])
        .unique(["provider", "model"], keep="first", maintain_order=True)
        .rename({"model": "model_id"})
        .sort("provider", "model_id")
    )
