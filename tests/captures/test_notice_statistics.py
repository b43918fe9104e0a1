"""Days of notice, recomputed from our own rows of whole captured pages, beside figures that others measured.

The figures to hold against are those of a survey of 2026-07-24 that read another tracker's 415 rows (Anthropic's: from
the provider's own page). Its table: provider, models, median, minimum, maximum of the days from announcement to end:

    OpenAI      138  182    3  458
    Anthropic    19   63   60  189   events: 60 61 62 62 63 76 114 181 189
    Cohere        2  149
    Bedrock      17  184  181  185

Where ours differ:
- OpenAI: 60 models, as the whole page that we hold is of 2025-11-13, eight months older. Median, minimum and maximum
  agree. The survey suspects that the minimum of 3 days is the tracker's parse error; it is not: the page announces the
  end of the Codex models on 2023-03-20 for 2023-03-23.
- Anthropic and Cohere: the same models, the same figures. Cohere's 149 days are those of the later page: the one of
  2024-12-01 gives the same two models 119 days, before their end was moved by a month.
- Bedrock: 181 instead of 184 days, over 34 rows. The page prints the day from which a model is legacy, not when users
  were told, so these are days of legacy status and no notice (`announced_on` stays NULL). Our page of 2025-11-13 also
  lists what ended in 2024 and early 2025, mostly after 88 to 171 days; the survey has 17 rows, all of 181 to 185 days.
- Gemini's, Mistral's, xAI's and DeepSeek's pages print no announcement; Vertex AI's prints families. There is nothing
  to compute. Groq's capture is abridged and Azure's print no announcement, so a median of theirs would mean nothing.
"""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.decisions.notice import notice_statistics
from pipelines.sources.lifecycle import anthropic, bedrock, cohere, openai
from pipelines.sources.parsed import Parsed

CAPTURES = Path(__file__).parents[2].parent / "shared" / "pages" / "lifecycle"
pytestmark = pytest.mark.skipif(not CAPTURES.exists(), reason="the captured pages are not on this machine")


def as_versions(parsed: Parsed) -> pl.DataFrame:
    """The rows of one page as versions of core.model_lifecycle."""
    moment = pl.lit(datetime(2026, 8, 22)).cast(pl.Datetime("us"))
    ids = pl.int_range(pl.len()).cast(pl.String)
    return parsed.rows.with_columns(lifecycle_id=ids, valid_from=moment, known_from=moment)


@pytest.mark.parametrize(
    ("parse", "page", "figures"),
    [
        (openai.parse, "openai_2025-11-13.html", ("openai", "announced", 60, 182.0, 3, 458)),
        (anthropic.parse, "anthropic_2026-08-22.md", ("anthropic", "announced", 19, 63.0, 60, 189)),
        (cohere.parse, "cohere_2026-08-06.mdx", ("cohere", "announced", 2, 149.0, 149, 149)),
        (bedrock.parse, "bedrock_2025-11-13.html", ("bedrock", "legacy", 34, 181.0, 88, 312)),
    ],
)
def test_the_table_of_notices_gives_the_same_figures(
    parse: Callable[[bytes], Parsed], page: str, figures: tuple[str, str, int, float, int, int]
) -> None:
    """main.notice_statistics over all time; a platform's rows of all makers are one."""
    versions = as_versions(parse((CAPTURES / page).read_bytes()))
    table = notice_statistics(versions, date(2026, 8, 22)).filter(period="all_time", basis=figures[1])
    assert table.select("announcer", "basis", "model_count", "median_days", "min_days", "max_days").rows() == [figures]


def test_anthropic_gave_a_median_of_62_days_over_the_last_twelve_months() -> None:
    """2025-10-28: 114 days; 2025-12-19: 62; 2026-02-19: 60; 2026-04-14: 62, for two models; 2026-06-05: 61."""
    versions = as_versions(anthropic.parse((CAPTURES / "anthropic_2026-08-22.md").read_bytes()))
    recent = notice_statistics(versions, date(2026, 8, 22)).filter(period="12_months")
    assert recent.select("model_count", "event_count", "median_days", "min_days", "p10_days", "max_days").rows() == [
        (6, 5, 62.0, 60, 60, 114)
    ]


def days_before_the_end(parsed: Parsed, since: str) -> pl.DataFrame:
    """Model, day of the announcement and days until the end, of rows that print both as whole days."""
    return (
        parsed.rows.filter(pl.col("retires_precision") == "day")
        .select("model", since, days=(pl.col("retires_on") - pl.col(since)).dt.total_days())
        .drop_nulls()
    )


@pytest.mark.parametrize(
    ("parse", "page", "since", "models", "figures"),
    [
        (openai.parse, "openai_2025-11-13.html", "announced_on", 60, (182, 3, 458)),
        (anthropic.parse, "anthropic_2026-08-22.md", "announced_on", 19, (63, 60, 189)),
        (cohere.parse, "cohere_2026-08-06.mdx", "announced_on", 2, (149, 149, 149)),
        (cohere.parse, "cohere_2024-12-01.mdx", "announced_on", 2, (119, 119, 119)),
        (bedrock.parse, "bedrock_2025-11-13.html", "legacy_on", 34, (181, 88, 312)),
    ],
)
def test_median_minimum_and_maximum(
    parse: Callable[[bytes], Parsed], page: str, since: str, models: int, figures: tuple[int, int, int]
) -> None:
    days = days_before_the_end(parse((CAPTURES / page).read_bytes()), since).get_column("days")
    assert len(days) == models
    assert (days.median(), days.min(), days.max()) == figures


def test_anthropic_events() -> None:
    """One figure per announcement; the last four of them gave 60 to 62 days."""
    parsed = anthropic.parse((CAPTURES / "anthropic_2026-08-22.md").read_bytes())
    events = days_before_the_end(parsed, "announced_on").select("announced_on", "days").unique().sort("announced_on")
    days = events.get_column("days").to_list()
    assert sorted(days) == [60, 61, 62, 62, 63, 76, 114, 181, 189]
    assert days[-4:] == [62, 60, 62, 61]


def test_three_days_are_printed_and_no_error() -> None:
    parsed = openai.parse((CAPTURES / "openai_2025-11-13.html").read_bytes())
    shortest = days_before_the_end(parsed, "announced_on").filter(pl.col("days") == 3)
    assert sorted(shortest.get_column("model")) == ["code-cushman-001", "code-cushman-002", "code-davinci-001"]
    assert shortest.get_column("announced_on").unique().to_list() == [date(2023, 3, 20)]


def test_pages_without_an_announcement_give_none() -> None:
    """An announcement is never filled from another date: Bedrock's legacy date stays what it is."""
    parsed = bedrock.parse((CAPTURES / "bedrock_2025-11-13.html").read_bytes())
    assert days_before_the_end(parsed, "announced_on").is_empty()
