"""OpenAI's pricing page as Markdown with components: an excerpt in its structure, cut where converters cut it."""

from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.llm_prices.openai import parse
from pipelines.sources.llm_prices.openai_literals import Scanner
from pipelines.sources.parsed import ParseError

NOTE = "Regional processing (data residency) endpoints are charged a 10% uplift for <code>gpt-5.4</code>. See 'it'."


def component(tier: str, rows: str, pane: str | None = None) -> str:
    return f"""
<div data-content-switcher-pane data-value="{pane or tier}" hidden>
  <div class="hidden">Tier</div>
  <TextTokenPricingTables
    client:load
    tier="{tier}"
    latestSectionLabel={{null}}
    allModelsFootnote={{pricingHtml(
      "{NOTE}"
    )}}
    rows={{[
      {rows}
    ]}}
  />
</div>
"""


STANDARD = component(
    "standard",
    """["gpt-5.6-sol", 5, 0.5, 6.25, 30], // the newest
      ["gpt-5.4 (<272K context length)", 2.5, 0.25, "-", 15],
      /* ["gpt-5.3", 1, 0.1, 2], */
      ['gpt-4o', 2.5, 1.25, 10],
      ["o3-pro", 20, null, 80],""",
)
CUT = """
Tools

<small>+ Search content tokens billed at model rates.</small>"
          ),
        ],
        ["Web search preview", pricingHtml("$25.00 / 1k calls")],
      ],
    },
    { model: "Containers", rows: [["Code Interpreter", "$0.03"]] },
  ]}
/>

Specialized models

<div data-content-switcher-pane data-value="standard">
      <small>Web search tool call charges also apply.</small>"
                ),
              ],
            ],
          },
          {
            model: "Deep research",
            rows: [
              ["o4-mini-deep-research", 2, 0.5, 8],
            ],
          },
        ]}
      />
</div>
"""
HEAD = """# Pricing

import { TextTokenPricingTables } from "./pricing.jsx";

<style is:global set:html={`article { color: red } </div>`} />

Flagship models
"""


def prices(text: str) -> dict[tuple[str, str, str], Decimal]:
    rows = parse(text.encode()).rows.filter(region="global")
    return dict(
        zip(rows.select("model", "meter", "service_tier").iter_rows(), rows["usd_per_unit"], strict=True),
    )


def test_rows_of_components_are_read():
    batch = component("batch", '["gpt-4o", 1.25, "-", 5]')
    assert prices(HEAD + STANDARD + batch) == {
        ("gpt-5.6-sol", "input_uncached", "standard"): Decimal(5),
        ("gpt-5.6-sol", "cache_read", "standard"): Decimal("0.5"),
        ("gpt-5.6-sol", "cache_write_5m", "standard"): Decimal("6.25"),
        ("gpt-5.6-sol", "output", "standard"): Decimal(30),
        ("gpt-5.4", "input_uncached", "standard"): Decimal("2.5"),
        ("gpt-5.4", "cache_read", "standard"): Decimal("0.25"),
        ("gpt-5.4", "output", "standard"): Decimal(15),
        ("gpt-4o", "input_uncached", "standard"): Decimal("2.5"),
        ("gpt-4o", "cache_read", "standard"): Decimal("1.25"),
        ("gpt-4o", "output", "standard"): Decimal(10),
        ("o3-pro", "input_uncached", "standard"): Decimal(20),
        ("o3-pro", "output", "standard"): Decimal(80),
        ("gpt-4o", "input_uncached", "batch"): Decimal("1.25"),
        ("gpt-4o", "output", "batch"): Decimal(5),
    }


def test_prices_end_where_long_context_begins():
    parsed = parse((HEAD + STANDARD).encode())
    assert TokenPriceObservation.validate(parsed.rows).height == parsed.rows.height
    ends = parsed.rows.filter(region="global", meter="output")
    assert dict(zip(ends["model"], ends["context_to"], strict=True)) == {
        "gpt-5.6-sol": 272_001,  # it has a price of cache writes, and models that have one all have a long price
        "gpt-5.4": 272_001,
        "gpt-4o": None,
        "o3-pro": None,
    }
    regional = parsed.rows.filter(pl.col("region") == "eu", meter="output")
    assert regional.select("model", "usd_per_unit").rows() == [("gpt-5.4", Decimal("16.5"))]


def test_the_end_of_a_cut_table_is_read_where_its_section_tells_the_columns():
    parsed = parse((HEAD + STANDARD + CUT).encode())
    research = parsed.rows.filter(model="o4-mini-deep-research").sort("usd_per_unit")
    assert research.select("meter", "service_tier", "usd_per_unit").rows() == [
        ("cache_read", "standard", Decimal("0.5")),
        ("input_uncached", "standard", Decimal(2)),
        ("output", "standard", Decimal(8)),
    ]
    cut = parsed.rejects.filter(pl.col("reason").str.contains("cut off"))
    assert cut["place"].to_list() == ["Tools", "Specialized models"]
    assert parsed.rows.filter(meter="web_searches").is_empty()


def test_grouped_components_tell_their_headings():
    group = """<GroupedPricingTable
  headings={["Tool", pricingTooltipHeading({label: "Details"}), "Pricing"]}
  groups={[{ model: "Web search", rows: [["Web search (all models)", pricingHtml("$10.00 / 1k calls")]] }]}
/>"""
    assert prices(HEAD + STANDARD + group)["*", "web_searches", "standard"] == Decimal(10)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('["gpt-9", 10, 0.1, 2]', "prices in another order"),
        ('["gpt-9", 1, 5, 10]', "prices in another order"),
        ('["gpt-9", 1, 0.1, 1.25, 10, 2]', "6 cells, not 4 or 5"),
        ('["gpt-9", "$1 / 1K tokens", 0.1, 10]', "not exactly a price"),
        ('["gpt 9", 1, 0.1, 10]', "not a model id"),
    ],
)
def test_an_odd_row_is_refused(row, reason):
    parsed = parse((HEAD + component("standard", f'["gpt-4o", 2.5, 1.25, 10], {row}')).encode())
    assert [said for said in parsed.rejects["reason"] if reason in said]
    assert "gpt-9" not in set(parsed.rows.filter(meter="input_uncached")["model"])


def test_a_tier_that_is_not_that_of_its_pane_is_refused():
    parsed = parse((HEAD + STANDARD + component("batch", '["gpt-4o", 1, null, 5]', pane="flex")).encode())
    assert parsed.rejects.filter(pl.col("reason").str.contains("tier batch in a pane flex")).height == 1
    assert set(parsed.rows["service_tier"]) == {"standard"}


@pytest.mark.parametrize("rows", ['[["gpt-4o", price(), 1, 2]]', '[["gpt-4o", 1', "[{a: 1, a: 2}]", "[" * 40])
def test_what_is_no_literal_is_refused_and_never_run(rows):
    with pytest.raises(ParseError, match="no standard prices"):
        parse(f'{HEAD}<TextTokenPricingTables tier="standard" rows={{{rows}}} />'.encode())


def test_an_unknown_component_is_named():
    with pytest.raises(ParseError, match="<ModelPrices"):
        parse(b'# Pricing\n\n<ModelPrices rows={[["gpt-4o", 1, 2, 3]]} />\n')


def test_literals():
    text = """{a: [1, -0.5, .25, null, true,], 'b c': `x`, "d": "say \\"1\\"", e: withLegacy("o1")}"""
    assert Scanner(text, 0).value() == {
        "a": [Decimal(1), Decimal("-0.5"), Decimal("0.25"), None, True],
        "b c": "x",
        "d": 'say "1"',
        "e": "o1\nLegacy",
    }
