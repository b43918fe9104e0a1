"""OpenAI's page in its two layouts: expected rows are read from the fixtures."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.sources.lifecycle.openai import parse
from pipelines.sources.parsed import ParseError

PAGES = Path(__file__).parents[3] / "pages" / "lifecycle"
SECTIONS = (PAGES / "openai_sections.md").read_bytes()
TABLE = (PAGES / "openai_table.md").read_bytes()
COLUMNS = ("model", "state", "announced_on", "retires_on", "replacements")
HTML = b"""<html><body><h2>History</h2><h3>2023-07-06: GPT and embeddings</h3><h4>Base GPT models</h4><table><thead><tr>
<th>Shutdown date</th><th>Deprecated model</th><th>Deprecated model price</th><th>Recommended replacement</th></tr>
</thead><tbody><tr><td>2024-01-04</td><td><code>davinci</code></td><td>$20.00 / 1M tokens</td>
<td><code>davinci-002</code></td></tr></tbody></table></body></html>"""


def test_one_section_per_announcement() -> None:
    april, september = date(2026, 4, 22), date(2025, 9, 26)
    assert parse(SECTIONS).rows.select(COLUMNS).rows() == [
        ("gpt-4-0613", "deprecated", april, date(2026, 10, 23), "gpt-5.5"),
        ("gpt-4", "deprecated", april, date(2026, 10, 23), "gpt-5.5"),
        ("gpt-4-0613-completions", "deprecated", april, date(2026, 10, 23), "gpt-5.5"),
        ("gpt-4-1106-preview", "deprecated", april, date(2026, 10, 23), "gpt-5.5"),
        ("ft-babbage-002", "deprecated", april, date(2026, 10, 23), None),
        ("gpt-4-0125-preview", "deprecated", september, date(2026, 3, 26), "gpt-5,gpt-4.1"),
        ("gpt-4-turbo-preview", "deprecated", september, date(2026, 3, 26), "gpt-5,gpt-4.1"),
        ("gpt-4-turbo-preview-completions", "deprecated", september, date(2026, 3, 26), "gpt-5,gpt-4.1"),
    ]


def test_what_is_no_model_or_superseded_stays_visible() -> None:
    assert sorted(parse(SECTIONS).rejects.get_column("reason")) == [
        "gpt-4-1106-preview: superseded by the announcement of 2026-04-22",
        "not a model id",
        "not a table of model shutdowns",
    ]


def test_one_table_with_status_and_notice_date() -> None:
    assert parse(TABLE).rows.select(COLUMNS).rows() == [
        ("gpt-5", "deprecated", date(2026, 6, 11), date(2026, 12, 11), "gpt-6.1-sol"),
        ("gpt-5-2025-08-07", "deprecated", date(2026, 6, 11), date(2026, 12, 11), "gpt-6.1-sol"),
        ("chatgpt-4o-latest", "retired", date(2025, 11, 18), date(2026, 2, 17), "gpt-5.1-chat-latest"),
    ]


def test_a_subheading_does_not_hide_the_day_of_the_announcement() -> None:
    assert parse(HTML).rows.select(COLUMNS).rows() == [
        ("davinci", "deprecated", date(2023, 7, 6), date(2024, 1, 4), "davinci-002")
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"Feb 17, 2026", b"next winter", "no date that can be read without guessing: 'next winter'"),
        (b"Shutdown |", b"Resting |", "unknown status"),
        (b"Nov 18, 2025", b"November 2025", "an announcement without a day: 'November 2025'"),
        (b"`chatgpt-4o-latest`", b"ChatGPT", "not a model id"),
        (b"| Nov 18, 2025 |", b"|", "unreadable part of a table"),
    ],
)
def test_an_unreadable_row_is_a_reject_beside_good_rows(old: bytes, new: bytes, reason: str) -> None:
    assert old in TABLE
    parsed = parse(TABLE.replace(old, new))
    assert parsed.rows.get_column("model").to_list() == ["gpt-5", "gpt-5-2025-08-07"]
    assert parsed.rejects.get_column("reason").to_list() == [reason]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"<html><title>Just a moment...</title></html>",
        TABLE.replace(b"Shutdown date", b"End of life"),
        HTML.replace(b"Deprecated model<", b"Thing<"),
    ],
)
def test_a_page_without_shutdowns_is_an_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)
