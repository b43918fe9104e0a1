"""A reader's Markdown of Gemini's page: sections, ids, tabs in order, one price a line."""

import pytest

from pipelines.sources.llm_prices.gemini import parse
from pipelines.sources.parsed import ParseError

TABS = "[Standard](https://x#standard)[Batch](https://x#batch)More\n"
TABLE = """
|  | Free Tier | Paid Tier, per 1M tokens in USD |
| --- | --- | --- |
| Input price | Not available | {} |
| Output price (including thinking tokens) | Not available | $12.00, prompts <= 200k tokens $18.00, prompts > 200k |
"""
LONG = "$2.00, prompts <= 200k tokens $4.00, prompts > 200k tokens"


def page(*tables, tabs=TABS):
    return f"Title: x\n\nMarkdown Content:\n# x\n\n## Gemini Pro\n\n_`gemini-pro`_\n\n{tabs}{''.join(tables)}".encode()


def prices(body):
    rows = parse(body).rows.select("service_tier", "meter", "context_from", "usd_per_unit").rows()
    return {(tier, meter, start): f"{usd.normalize():f}" for tier, meter, start, usd in rows}


def test_each_table_is_of_its_tab_and_each_cell_of_several_prices():
    found = prices(page(TABLE.format(LONG), TABLE.format("$1.00 (text / image / video) $3.00 (audio)")))
    assert found["standard", "input_uncached", 0] == "2"
    assert found["standard", "input_uncached", 200_001] == "4"
    assert found["batch", "input_uncached", 0] == "1"
    assert found["batch", "audio_input", 0] == "3"
    assert found["batch", "output", 200_001] == "18"


def test_tables_whose_tabs_are_not_told_are_refused():
    with pytest.raises(ParseError, match="no known service tier"):
        parse(page(TABLE.format(LONG), TABLE.format(LONG), tabs=""))
    with pytest.raises(ParseError):
        parse(b"Title: x\n\nMarkdown Content:\n# nothing\n")


def test_a_page_that_ends_within_a_table_is_read_up_to_there():
    cut = page(TABLE.format(LONG), "\n|  | Free Tier | Pai")
    assert prices(cut)["standard", "input_uncached", 0] == "2"
    with pytest.raises(ParseError):
        parse(page("\n|  | Free Tier | Pai"))
