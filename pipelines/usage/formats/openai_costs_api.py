"""OpenAI costs API (/v1/organization/costs) -> one reported cost per result of a day.

amount.value is dollars, a number or a long decimal text. line_item reads "gpt-5.6-terra, cache writes" or
"gpt-image-1 image, output": model, kind of tokens, direction; an item without a direction, such as "whisper", names no
meter. The API answers seven days unless asked for more, without an error: a page that is not the last is told.
"""

import polars as pl

from pipelines.usage.fields import currency, epoch, money, must_have, quantity, text
from pipelines.usage.importer import Importer, Rule
from pipelines.usage.report_pages import IS_CUT, PAGE_FIELDS, cut_page, page_reader, without_pages_that_go_on

METERS = {
    "input": "input_uncached",
    "cached input": "cache_read",
    "cache writes": "cache_write_5m",
    "output": "output",
    "text, input": "input_uncached",
    "text, cached input": "cache_read",
    "text, cache writes": "cache_write_5m",
    "text, output": "output",
    "audio, input": "audio_input",
    "audio, cached input": "audio_cache_read",
    "audio, output": "audio_output",
    "image, input": "image_input",
    "image, cached input": "image_cache_read",
    "image, output": "image_output",
}
"""Kind and direction as printed. Cache writes of 12 hours and all other words have no meter here."""
DIRECTIONS = "input|cached input|cache writes|cache writes - 12hr|output"
LINE_ITEM = rf"(?i)^([a-z0-9][\w.:/-]*?)(?: (text|audio|image))?, ({DIRECTIONS})$"
FIELDS = {
    "amount": "amount.value",
    "printed_currency": "amount.currency",
    **{name: name for name in ("line_item", "project_id", "api_key_id", "user_id", "quantity", "quantity_unit")},
}


def line_item_columns(name: str) -> dict[str, pl.Expr]:
    """Columns model and meter of a printed line item; NULL where it does not say them."""
    item = pl.col(name).str
    kind, direction = item.extract(LINE_ITEM, 2).str.to_lowercase(), item.extract(LINE_ITEM, 3).str.to_lowercase()
    said = pl.concat_str(kind, direction, separator=", ", ignore_nulls=True)
    return {
        "model": item.extract(LINE_ITEM, 1),
        "meter": said.replace_strict(METERS, default=None, return_dtype=pl.String),
    }


amount = money("amount")
starts, ends = epoch("starts"), epoch("ends")

OPENAI_COSTS_API = Importer(
    name="openai_costs_api",
    description="OpenAI costs API, pages of days",
    table="reported_cost",
    has_printed_currency=True,
    signatures=(
        frozenset({"data[].start_time", "data[].results[].amount.value", "data[].results[].amount.currency"}),
        frozenset({"start_time", "results[].amount.value", "results[].amount.currency"}),
    ),
    fields=PAGE_FIELDS | FIELDS,
    expand=page_reader("start_time", "end_time", FIELDS),
    cut=cut_page,
    prepare=without_pages_that_go_on,
    columns={
        "starts_at": starts,
        "ends_at": ends,
        "provider": pl.lit("openai"),
        "channel": pl.lit("api"),
        "line_item": text("line_item"),
        **line_item_columns("line_item"),
        **{name: text(name) for name in ("project_id", "api_key_id", "user_id", "quantity_unit")},
        "quantity": quantity("quantity"),
        "amount_usd": amount,
        "printed_amount": pl.col("amount"),
        "currency": currency("printed_currency", "USD"),
        "is_credit": amount.value < 0,
    },
    rules=(
        IS_CUT,
        must_have("amount", rule="no_amount"),
        Rule("bucket_ends_before_start", ends.value <= starts.value, "end_time is not after start_time"),
    ),
    identity=("starts_at", "ends_at", "line_item", "project_id", "api_key_id", "user_id"),
    version=3,
)
