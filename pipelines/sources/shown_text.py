"""What of an element's text a person does not see as part of it: struck through, hidden, a footnote. No cells here."""

import re
from collections.abc import Iterator
from itertools import islice

from bs4 import Tag
from bs4.element import NavigableString, PageElement

MAX_PAGE_TAGS = 200_000
_STRUCK = frozenset({"s", "del", "strike", "template", "script", "style", "noscript"})
_UNSEEN_STYLE = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|line-through|opacity:0(?:\.0+)?(?:;|$)|font-size:0(?:px|em|rem|%)?(?:;|$)"
)
_UNSEEN_CLASS = re.compile(r"line-through|strike(?:through|d|-through)?|struck|invisible|sr-only|visually-?hidden")
_SHOWN_AGAIN = re.compile(r"\w+:(?:block|inline|flex|grid|table|contents)\b.*")
_FOOTNOTE_CLASS = re.compile(r"foot-?note\w*|superscript")
_FOOTNOTE = re.compile(r"[\[(]?(?:\d{1,2}|[a-z]|[*\u2020\u2021\u00a7]{1,3})[\])]?(?:,\s?\d{1,2})*")
_WHOLE_AMOUNT = re.compile(r"[$\u20ac\u00a3]\s?\d[\d,]*")
_CENTS = re.compile(r"\d\d")
_RAISED = ("sup", "sub")


def unseen_strings(node: Tag, limit: int) -> set[int]:
    """The ids of the strings below a node that a person does not read as its text.

    Two raised digits right behind a whole amount may be its cents: they stay, behind a sign that no price has.
    """
    unseen: set[int] = set()
    for tag in islice((child for child in node.descendants if isinstance(child, Tag)), limit):
        if _is_unseen(tag):
            unseen.update(id(text) for text in tag.strings)
        elif tag.name in _RAISED or _FOOTNOTE_CLASS.fullmatch(" ".join(_classes(tag))):
            unseen.update(_footnote(tag))
    return unseen


def seen_strings(page: Tag) -> Iterator[NavigableString]:
    """The strings of a whole page that a person reads, in order; of pages whose prices stand in no cells."""
    unseen = unseen_strings(page, MAX_PAGE_TAGS)
    for string in page.strings:
        if id(string) not in unseen and type(string) is NavigableString:
            yield string


def _is_unseen(tag: Tag) -> bool:
    style = str(tag.get("style") or "").casefold().replace(" ", "")
    if tag.name in _STRUCK or tag.has_attr("hidden") or _UNSEEN_STYLE.search(style):
        return True
    classes = _classes(tag)
    if "hidden" in classes and not any(_SHOWN_AGAIN.fullmatch(name) for name in classes):
        return True
    return any(_UNSEEN_CLASS.fullmatch(name) for name in classes)


def _classes(tag: Tag) -> list[str]:
    found: list[str] | str = tag.get("class") or []
    return [name.casefold() for name in (found.split() if isinstance(found, str) else found)]


def _footnote(tag: Tag) -> set[int]:
    """The strings of a raised element that is a footnote; none where it is part of the figure or of a name."""
    text = "".join(tag.strings).strip()
    before = _text_before(tag)
    if tag.name == "sub" and not before[-1:].isdigit():
        return set()
    if not _FOOTNOTE.fullmatch(text) and any(sign.isdigit() for sign in text):
        return set()
    if _CENTS.fullmatch(text) and _WHOLE_AMOUNT.fullmatch(before):
        tag.insert(0, NavigableString("^"))
        return set()
    return {id(string) for string in tag.strings}


def _text_before(tag: Tag) -> str:
    """The text right before an element, in the same parent."""
    before: PageElement | None = tag.previous_sibling
    return str(before).strip() if isinstance(before, NavigableString) else ""
