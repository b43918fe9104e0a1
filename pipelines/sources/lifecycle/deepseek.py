"""The footnotes of DeepSeek's first API page -> model lifecycles, HTML or Markdown. Prices are not read here.

Three kinds of sentences are read, each as a whole; any other sentence on retirement is a reject. (1) Names that "will
be deprecated on" a moment: nothing is said of an answer afterwards, so the outcome is "fail". (2) Legacy names whose
models "have been retired", while their requests are served and billed as another model. (3) Requests that "will all be
routed to" another model and billed at its price from a moment on. Model names in prose ("V4.1 Flash") are no ids: they
are kept as a note.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from bs4 import BeautifulSoup

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.keyed_rows import Candidate, add_each_once
from pipelines.sources.markdown_tables import plain_markdown
from pipelines.sources.page_tables import cell_text
from pipelines.sources.parsed import Parsed, RowCollector
from pipelines.sources.printed_dates import MOMENT, read_moment

_ID = r"deepseek-[a-z0-9][a-z0-9.-]{0,60}[a-z0-9]"
_IDS = rf"(?P<models>{_ID}(?:(?:, | and |, and ){_ID})*)"
_SHUT_OFF = re.compile(
    rf"The model names {_IDS} will be deprecated on (?P<moment>{MOMENT})\."
    rf"(?: For compatibility, they correspond to [a-z -]+ of (?P<replacement>{_ID}))?"
)
_SERVED = re.compile(
    rf"(?:Use (?P<replacement>{_ID}) as the model name\. )?The legacy names {_IDS} are still accepted, but the "
    r"corresponding models have been retired, (?P<note>their requests are served by .{1,80} and billed at .{1,80}?)\."
)
_ROUTED = re.compile(
    rf"From (?P<moment>{MOMENT}),.{{0,200}}? requests to {_IDS} will (?:all )?be "
    r"(?P<note>routed to .{1,80} and billed at .{1,120}?)\.(?:\s|\Z)"
)
_ABOUT_RETIREMENT = re.compile(r"\b(?:deprecated on|been retired|plan to retire|be routed|be discontinued)\b")


def parse(body: bytes) -> Parsed:
    """One row per named model. Raises ParseError when no sentence on a retirement can be read."""
    found = RowCollector(LifecycleObservation)
    add_each_once(found, [row for text in dict.fromkeys(_texts(body)) for row in _candidates(found, text)])
    return found.parsed()


def _texts(body: bytes) -> Iterator[str]:
    """The paragraphs and list items of the page, each on one line. Table cells are left out: footnotes repeat them."""
    if b"<html" in body.lower() or b"<p>" in body:
        for node in BeautifulSoup(body, "lxml").find_all(["p", "li"]):
            yield " ".join(cell_text(node).split())
        return
    for line in body.decode("utf-8", errors="replace").splitlines():
        if not line.lstrip().startswith("|"):
            yield " ".join(plain_markdown(line).split())


def _candidates(found: RowCollector, text: str) -> Iterator[Candidate]:
    readers: tuple[tuple[re.Pattern[str], Callable[[dict[str, str | None]], dict[str, Any]]], ...] = (
        (_SHUT_OFF, _shut_off),
        (_SERVED, _served),
        (_ROUTED, _routed),
    )
    is_read = False
    for pattern, row in readers:
        for sentence in pattern.finditer(text):
            is_read = True
            try:
                said = row(sentence.groupdict())
            except ValueError as error:
                found.reject("footnotes", text, str(error))
                continue
            for model in re.findall(_ID, sentence["models"]):
                key = {"provider": "deepseek", "channel": "api", "model": model, "version": "", "scope": "all"}
                yield Candidate(0, "footnotes", text, key | said)
    if not is_read and _ABOUT_RETIREMENT.search(text):
        found.reject("footnotes", text, "a sentence on retirement in unknown words")


def _shut_off(said: dict[str, str | None]) -> dict[str, Any]:
    return _dates(said) | {"state": "deprecated", "outcome": "fail", "replacements": said["replacement"]}


def _served(said: dict[str, str | None]) -> dict[str, Any]:
    """Gone already; no day is printed."""
    return {
        "state": "retired",
        "retires_precision": "none",
        "outcome": "reroute_rebill",
        "replacements": said["replacement"],
        "replacement_note": said["note"],
    }


def _routed(said: dict[str, str | None]) -> dict[str, Any]:
    return _dates(said) | {"state": "deprecated", "outcome": "reroute_rebill", "replacement_note": said["note"]}


def _dates(said: dict[str, str | None]) -> dict[str, Any]:
    printed = said["moment"] or ""
    retires_on, retires_at = read_moment(printed)
    return {
        "retires_on": retires_on,
        "retires_precision": "day",
        "retires_printed": printed,
        "retires_at": retires_at,
    }
