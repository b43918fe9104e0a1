"""OpenAI's pricing page as Markdown with components: `<TextTokenPricingTables rows={[...]} />` -> their props.

What a price means belongs to `openai.py`. A converter cuts such pages: whole components are missing, and of others
only the end is left. The end is read where its section tells the columns; what is lost is refused by name.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from pipelines.sources.llm_prices.openai_islands import MAX_ISLANDS, NO_PANE, PRICE_ISLANDS, Island
from pipelines.sources.llm_prices.openai_literals import Scanner
from pipelines.sources.llm_prices.openai_rows import CATEGORY_HEADINGS
from pipelines.sources.parsed import ParseError

MARK = b"<TextTokenPricingTables"
"""What the page has in this form only."""
CUT_SECTIONS = {"Specialized models": CATEGORY_HEADINGS}
"""Sections whose columns are known where the beginning of their table is cut off."""

_UNREAD = re.compile(r"\{/\*.*?\*/\}|<!--.*?-->|```.*?```|</div\s*>|<(?P<name>div|[A-Z]\w*)\b", re.DOTALL)
_GROUP = re.compile(r"\{\s*model:")
_CUT_END = re.compile(r"^\s*\],?$", re.MULTILINE)
_SECTION = re.compile(r"^([A-Z][A-Za-z ,-]{2,60})$", re.MULTILINE)


@dataclass
class Components:
    """The price components of a page in order, and (place, reason) of what cannot be read."""

    islands: list[Island] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def price_components(text: str) -> Components:
    """Price components as the islands of the HTML form, without a rendered table.

    Raises ParseError when the page holds more than MAX_ISLANDS.
    """
    found, panes, start = Components(), list[str | None](), 0
    place = 0
    while mark := _UNREAD.search(text, place):
        place, name = mark.end(), mark["name"]
        if name is None:
            if mark.group().startswith("</") and panes:
                panes.pop()
            continue
        scanner = Scanner(text, place)
        try:
            props, is_closed = scanner.attributes()
        except ValueError as error:
            if name in PRICE_ISLANDS:
                found.unreadable.append((f"{_section(text, mark.start())} {name}", str(error)))
            continue
        place = scanner.place
        if name == "div" and not is_closed:
            panes.append(str(props["data-value"]) if "data-content-switcher-pane" in props else None)
        elif name in PRICE_ISLANDS:
            _keep_cut(found, text, start, mark.start(), panes)
            found.islands.append(Island(name, props, _pane_tier(panes), None))
            start = place
        if len(found.islands) > MAX_ISLANDS:
            raise ParseError(f"more than {MAX_ISLANDS} price components in one page")
    _keep_cut(found, text, start, len(text), panes)
    return found


def _pane_tier(panes: list[str | None]) -> str:
    return next((pane for pane in reversed(panes) if pane), NO_PANE)


def _section(text: str, place: int) -> str:
    """The last line before a place that is a name of a section."""
    names = _SECTION.findall(text, 0, place)
    return names[-1] if names else ""


def _keep_cut(found: Components, text: str, start: int, end: int, panes: list[str | None]) -> None:
    """What is left of tables between two components: rows in known columns as an island, the rest as unreadable."""
    groups, cut, place = dict[str, list[Any]](), dict[str, int](), start
    for line in _CUT_END.finditer(text, start, end):
        cut.setdefault(_section(text, line.start()), line.start())
    for section in cut:
        found.unreadable.append((section, "the beginning of this table is cut off: its first rows cannot be read"))
    while mark := _GROUP.search(text, place, end):
        scanner, section = Scanner(text, mark.start()), _section(text, mark.start())
        try:
            groups.setdefault(section, []).append(scanner.value())
        except ValueError as error:
            found.unreadable.append((section, str(error)))
        place = max(scanner.place, mark.end())
    for section, rows in groups.items():
        headings = CUT_SECTIONS.get(section)
        if headings is not None:
            tier = _pane_before(text, cut.get(section, end)) or _pane_tier(panes)
            found.islands.append(
                Island("GroupedPricingTable", {"headings": list(headings), "groups": rows}, tier, None)
            )


def _pane_before(text: str, place: int) -> str | None:
    """The pane that opens last before a place: a cut table is the first thing in its pane."""
    opened = list(re.finditer(r'data-content-switcher-pane data-value="([a-z]+)"', text[:place]))
    return opened[-1][1] if opened else None
