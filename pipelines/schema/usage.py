"""core.usage and its import tables: what was used, in disjoint meters, never what it costs."""

from datetime import timedelta

import dataframely as dy
import polars as pl

from pipelines.schema.columns import choice, count, day, instant, text
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS

LONGEST_BUCKET = timedelta(days=366)
LOWER_BOUND_REASONS = ("unknown_count", "rest_at_default")


def _tokens(description: str) -> dy.Int64:
    return count(description + "; NULL where the log does not tell", unit="tokens", nullable=True)


class Usage(dy.Schema):
    """One request, or one bucket of requests: grain usage_id. Token meters are disjoint: their sum counts once."""

    usage_id = text("identity by the ids of the response or of the format: the same usage in two files is one row")
    usage_at = instant("start of the request or of the bucket")
    usage_until = instant("end of the bucket; NULL for a request", nullable=True)
    usage_date = day("UTC day of usage_at")
    usage_minute = dy.Int16(
        min=0, max=1439, description="minute of that day", metadata={"unit": "minutes since midnight UTC"}
    )
    grain = choice("request or bucket", ("request", "bucket"))
    provider = text("who bills it; 'unknown' where the log does not tell")
    channel = choice("where the model is bought", CHANNELS)
    region = text("billing region; 'global' where the log names none")
    model = text("model id as the log reports it", max_length=200)
    service_tier = choice("tier that the response was billed at", SERVICE_TIERS)
    offer = text("provider, channel, region, model and tier in one: what has a price", max_length=1000)
    input_uncached_tokens = _tokens("prompt tokens that were neither read from nor written to a cache")
    cache_read_tokens = _tokens("prompt tokens read from the cache")
    cache_write_5m_tokens = _tokens(
        "prompt tokens written to a cache of the default, short lifetime (Anthropic: 5 minutes)"
    )
    cache_write_1h_tokens = _tokens("prompt tokens written to a cache that lives 1 hour")
    output_tokens = _tokens("generated text tokens, reasoning included")
    of_which_reasoning_tokens = _tokens("part of output_tokens spent on reasoning; never added to it")
    audio_input_tokens = _tokens("uncached audio prompt tokens")
    audio_cache_read_tokens = _tokens("audio prompt tokens read from the cache")
    audio_output_tokens = _tokens("generated audio tokens")
    image_input_tokens = _tokens("uncached image prompt tokens")
    image_cache_read_tokens = _tokens("image prompt tokens read from the cache")
    image_output_tokens = _tokens("generated image tokens")
    requests = count("requests in this row", unit="requests", nullable=True)
    web_searches = count("server-side web searches", unit="searches", nullable=True)
    prompt_tokens = count("whole prompt: all input and cache meters", unit="tokens")
    prompt_tokens_from = count(
        "smallest prompt of a bucket's requests, where its report is split by prompt size; else NULL",
        unit="tokens",
        nullable=True,
    )
    project_id = text("project or workspace", nullable=True)
    api_key_id = text("id of the API key, never the key", nullable=True)
    user_id = text("user", nullable=True)
    feature = text("what it was used for, as the log names it: an agent, an app, a tag", nullable=True)
    conversation_id = text("session or conversation", nullable=True)
    reported_cost_usd = dy.Decimal(
        38, 12, nullable=True, description="cost that the log itself states", metadata={"unit": "USD"}
    )
    lower_bound_reason = choice(
        "why it may have cost more: unknown_count, its record holds a count of core.usage_unknown_count; "
        "rest_at_default, a part of a total was counted under the meter of the default; NULL where all is counted",
        LOWER_BOUND_REASONS,
        nullable=True,
    )
    format = text("importer that read it")
    grouping = text(
        "owner columns that a bucket report is split by, comma separated, '' for none; NULL for requests",
        nullable=True,
    )
    import_id = text("the file in core.usage_import")
    source_line = count("line in that file, or record of a file without lines, from 1", unit="line")

    @dy.rule()
    def date_is_of_usage_at(cls) -> pl.Expr:
        """The partition must be the UTC day of the start."""
        return cls.usage_date.col == cls.usage_at.col.dt.date()

    @dy.rule()
    def bucket_has_an_end(cls) -> pl.Expr:
        """Only buckets span time."""
        return (cls.grain.col == "bucket") == cls.usage_until.col.is_not_null()

    @dy.rule()
    def bucket_is_of_a_year_at_most(cls) -> pl.Expr:
        """No report has wider ones, and each day of a bucket is looked at for its prices."""
        return cls.usage_until.col.is_null() | (cls.usage_until.col - cls.usage_at.col <= LONGEST_BUCKET)

    @dy.rule()
    def year_is_plausible(cls) -> pl.Expr:
        """Model APIs are billed since 2020; an older stamp is a broken clock or a wrong unit."""
        return cls.usage_at.col >= pl.datetime(2020, 1, 1)


class UsageImport(dy.Schema):
    """One imported content: grain import_id, the hash of its decoded bytes."""

    import_id = text("sha256 of the content, so that the same file under two names is one import")
    file_name = text("name that it was first imported under")
    format = text("importer that read it")
    imported_at = instant("when it was imported")
    size_bytes = count("size on disk", unit="bytes")
    line_count = count("data lines read", unit="lines")
    row_count = count("usage rows accepted, before removal of duplicates", unit="rows")
    duplicate_count = count("rows that were already known", unit="rows")
    reject_count = count("rows refused", unit="rows")
    ignored_count = count("lines that carry no usage by design, such as empty days or user messages", unit="lines")
    first_usage_date = day("first day touched", nullable=True)
    last_usage_date = day("last day touched", nullable=True)


class UsageFile(dy.Schema):
    """One file as it was last seen: grain path. While size and time stay the same it is not opened again."""

    path = text("absolute path", max_length=4096)
    size_bytes = count("size on disk", unit="bytes")
    modified_ns = count("time of its last change", unit="nanoseconds since 1970")
    import_id = text("the content in core.usage_import")


class UsageReject(dy.Schema):
    """One refused record: a line can hold several, each a row here, even by the same rule."""

    import_id = text("the file in core.usage_import")
    file_name = text("name of the file")
    source_line = count("line in that file, from 1", unit="line")
    rule = text("the rule that it breaks")
    detail = text("what was found, in one line", min_length=0, max_length=300)
    raw_text = text("the line, cut, with message text and secrets left out", min_length=0, max_length=500)


class UsageUnknownCount(dy.Schema):
    """Numbers in usage objects that no meter counts: grain import_id, path. The rows that hold them cost more."""

    import_id = text("the file in core.usage_import")
    file_name = text("name of the file")
    format = text("importer that read it")
    path = text("place in the record, dotted below objects, [] below lists", max_length=200)
    row_count = count("rows of usage that hold it", unit="rows")
    total = dy.Float64(
        min=0, description="sum of the number over these rows", metadata={"unit": "as the log counts it"}
    )
    first_usage_date = day("first day of these rows")
    last_usage_date = day("last day of these rows")


class LedgerFile(dy.Schema):
    """One Parquet file of the ledger in force: grain usage_date."""

    usage_date = day("UTC day")
    path = text("path below the warehouse folder; the name holds the content hash, so a file never changes")
    row_count = count("rows", unit="rows")
