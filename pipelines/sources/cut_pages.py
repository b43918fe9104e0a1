"""Whether a page was handed on whole, by its own marks: no parser sees what is not there."""

import re

_HTML = re.compile(rb"<(/?)(html|body)\b", re.IGNORECASE)
_TABLE_END, _TABLE = re.compile(rb"</table\s*>", re.IGNORECASE), re.compile(rb"<table\b", re.IGNORECASE)


def cut_reason(body: bytes) -> str | None:
    """Why a body is a part of a page; None where nothing says so.

    A page that leaves out both marks of its beginning and end is whole, as far as it says; JSON says so by itself.
    """
    text = body.strip()
    if text.startswith((b"{", b"[")):
        return None
    marks = {found.group().lower() for found in _HTML.finditer(text)}
    for name in (b"html", b"body"):
        opened, closed = b"<" + name in marks, b"</" + name in marks
        if opened != closed:
            lacks = "end (</" if opened else "beginning (<"
            return f"the page is cut: it has no {lacks}{name.decode()}>)"
    ends = [found.end() for found in _TABLE_END.finditer(text)]
    if ends and _TABLE.search(text, ends[-1]):
        return "the page is cut: it ends within a table"
    lines = text[-20_000:].splitlines()[-2:]
    bars = [line.count(b"|") for line in lines]
    if len(bars) == 2 and bars[0] > bars[1] > 0:
        return "the page is cut: it ends within a row of a table"
    return None
