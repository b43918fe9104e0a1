"""Rows of one identity: which of them counts, and when they are several all the same.

What an identity is, the importers say; across imports the ledger asks the same questions again.
"""

import polars as pl

from pipelines.models.provider_aliases import UNKNOWN
from pipelines.schema.meters import QUANTITY_COLUMNS
from pipelines.usage.identity import OWNER_COLUMNS, SEPARATOR, present_ids, whole_pseudonym, without_restated
from pipelines.usage.response_ids import with_provider_ids

TOLD = (*QUANTITY_COLUMNS.values(), "reported_cost_usd", *OWNER_COLUMNS)
ALIKE_SCHEMA = {"file": pl.Categorical(), "alike": pl.UInt64()}
"""Rows of a file that were numbered by `number_alike`: the hash of their identity without the number."""


def identified(usage: pl.DataFrame) -> pl.DataFrame:
    """Rows of any age under one identity each: old kinds of usage_id made new, those of formats made the response's.

    A row may know its response where another statement of the same record, of an earlier import or an export with fewer
    columns, knew only the format's own ids: that one takes the response's identity.
    """
    present = usage.with_columns(usage_id=present_ids())
    for name in ("usage_id", "format_usage_id"):
        present = _with_both_pseudonyms(with_provider_ids(present, name), name)
    if present["format_usage_id"].null_count() == present.height:
        return present
    known = present.filter(pl.col("format_usage_id").is_not_null())
    # Where a format's own id was given twice, it stands for no response.
    names = known.select(usage_id="format_usage_id", response="usage_id").unique()
    names = names.filter(~pl.col("usage_id").is_duplicated())
    return (
        present.join(names, on="usage_id", how="left", maintain_order="left")
        .with_columns(
            usage_id=pl.coalesce("response", "usage_id"),
            format_usage_id=pl.coalesce("format_usage_id", pl.when(pl.col("response").is_not_null()).then("usage_id")),
        )
        .drop("response")
    )


def _with_both_pseudonyms(usage: pl.DataFrame, name: str) -> pl.DataFrame:
    """Pseudonyms of before, of identities with an account, as they are made now, where a row shows both."""
    new = usage.select(whole=whole_pseudonym(name), now=name).drop_nulls().unique("whole")
    return usage.with_columns(pl.col(name).replace(new["whole"], new["now"])) if new.height else usage


def one_per_call(usage: pl.DataFrame) -> pl.DataFrame:
    """`largest_per_owner`, without the spans around others: they repeat the usage of the calls in them."""
    return without_outer_spans(largest_per_owner(usage))


def without_outer_spans(usage: pl.DataFrame) -> pl.DataFrame:
    """Rows without those whose span lies around the span of another row."""
    above = usage["spans_above"]
    if above.null_count() == usage.height:
        return usage
    around = above.drop_nulls().str.split(" ").explode().unique()
    is_around = pl.col("span_id").is_in(around.implode()).fill_null(value=False)
    return usage.filter(~is_around)


def largest_per_usage(usage: pl.DataFrame) -> pl.DataFrame:
    """One row per usage_id, in the order of the input: the largest output, then requests, prompt, and what tells most.

    A log states a response several times while it streams, and a provider states a bucket again when late
    requests arrive; the largest statement is the final one. Of two tools' logs of one response the one that tells
    more counts: a log without cache reads would have all of the prompt at full price. Comparing every quantity, and
    then the earliest start, makes the choice the same in any order of files; rows equal in all of that keep the first.
    """
    ids = usage.select("usage_id", output=pl.col("output_tokens").fill_null(-1)).with_row_index("position")
    is_repeated = pl.col("usage_id").is_duplicated()
    repeated = ids.filter(is_repeated)
    if repeated.is_empty():
        return usage
    # The output decides nearly always; all quantities are compared only of those that are equal in it.
    largest = repeated.filter(pl.col("output") == pl.col("output").max().over("usage_id"))
    tied = largest.filter(is_repeated)["position"]
    kept = [ids.filter(~is_repeated)["position"], largest.filter(~is_repeated)["position"]]
    positions = pl.concat([*kept, _that_tells_most(usage[tied].with_columns(position=tied))])
    return usage[positions.sort()]


def largest_per_owner(usage: pl.DataFrame) -> pl.DataFrame:
    """`largest_per_usage`, once what was of no account is known to be of one: see `identity.without_restated`."""
    return largest_per_usage(without_restated(usage))


def _that_tells_most(tied: pl.DataFrame) -> pl.Series:
    """Of rows with the same usage_id and output, the position of one each."""
    others = [name for name in QUANTITY_COLUMNS.values() if name not in ("output_tokens", "requests")]
    sizes = ["requests", "prompt_tokens", "told", *others, "reported_cost_usd"]
    told = pl.sum_horizontal(
        *(pl.col(name).is_not_null() for name in TOLD),
        pl.col("provider") != UNKNOWN,
        pl.col("region") != "global",
        pl.col("service_tier") != "standard",
    )
    order = [*sizes, "usage_at", "position"]
    ordered = tied.with_columns(told=told).sort(order, descending=[True] * len(sizes) + [False, False], nulls_last=True)
    return ordered.unique("usage_id", keep="first", maintain_order=True)["position"]


def latest_per_cost(costs: pl.DataFrame) -> pl.DataFrame:
    """One row per cost_id: the one that comes last, since a report restates what it had stated before."""
    return costs.unique("cost_id", keep="last", maintain_order=True)


def number_repeated(usage: pl.DataFrame) -> pl.DataFrame:
    """Number the rows of one bucket, so that each has its own usage_id; rows equal in every number are one row.

    An export can hold two rows with the same dimensions and different numbers, and both are billed (ids that
    were removed or merged before the export). The number is the rank by size, not the place in the file,
    so that an overlapping export in another order gives every row the same usage_id.
    """
    quantities = list(QUANTITY_COLUMNS.values())
    order = ["output_tokens", "requests", *[name for name in quantities if name not in ("output_tokens", "requests")]]
    numbered = usage.with_row_index("position")
    distinct = numbered.unique(["import_id", "usage_id", *quantities], keep="first", maintain_order=True)
    ranked = distinct.sort(order, descending=True, nulls_last=True, maintain_order=True)
    number = pl.int_range(1, pl.len() + 1).over("import_id", "usage_id").cast(pl.String)
    return ranked.with_columns(usage_id=pl.col("usage_id") + SEPARATOR + number).sort("position").drop("position")


def number_alike(usage: pl.DataFrame, earlier: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Number the rows of one file that are equal in all they say, so that each counts, and in overlapping files once.

    Such rows have a usage_id that ends with SEPARATOR; others stay as they are. `earlier`: ALIKE_SCHEMA, rows of parts
    of the files that came before. Returns the rows, and `earlier` with these.
    """
    keys = list(ALIKE_SCHEMA)
    is_open = pl.col("usage_id").str.ends_with(SEPARATOR)
    marked = usage.with_columns(
        file=pl.col("import_id").cast(pl.Categorical), alike=pl.when(is_open).then(pl.col("usage_id").hash())
    )
    before = earlier.join(marked, on=keys, how="semi").group_by(keys).agg(before=pl.len())
    number = pl.col("before").fill_null(0) + pl.int_range(1, pl.len() + 1).over(keys)
    numbered = (
        marked.join(before, on=keys, how="left", maintain_order="left")
        .with_columns(usage_id=pl.when(is_open).then(pl.col("usage_id") + number.cast(pl.String)).otherwise("usage_id"))
        .select(usage.columns)
    )
    return numbered, pl.concat([earlier, marked.filter(is_open).select(keys)])


def number_equal_costs(costs: pl.DataFrame) -> pl.DataFrame:
    """Number the rows of one file that are equal in all of their identity: a bill can charge the same twice.

    The number is the rank by amount, so that the n-th of equal rows in one file is the n-th in another and exports may
    overlap in any order.
    """
    ranked = costs.sort("amount_usd", descending=True, maintain_order=True)
    number = pl.int_range(1, pl.len() + 1).over("import_id", "cost_id").cast(pl.String)
    numbered = ranked.with_columns(cost_id=pl.col("cost_id") + SEPARATOR + number)
    # Files stay in the order in which they were read: the last statement holds.
    order = costs.select("import_id").unique(maintain_order=True).with_row_index("file_number")
    ordered = (
        numbered.join(order, on="import_id").sort("file_number", "source_line", maintain_order=True).drop("file_number")
    )
    return latest_per_cost(ordered)
