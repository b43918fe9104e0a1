"""Mutations of a page's own text: what is printed beside, over or instead of a price. The prices themselves stay."""

import re
from collections.abc import Callable

TextMutation = Callable[[str], str]

_USD = re.compile(r"\$(\d[\d,]*(?:\.\d+)?)(?![\d.])", re.ASCII)
_CENTS = re.compile(r"\$(\d+)(\.\d+)(?![\d.])", re.ASCII)


def _around(before: str, after: str) -> TextMutation:
    """Each price with something before and behind it; they are text of the page."""
    return lambda text: _USD.sub(lambda m: f"{before}{m.group()}{after}", text)


def _inside(put: str) -> TextMutation:
    """Something between the sign and the figure."""
    return lambda text: _USD.sub(lambda m: f"${put}{m.group(1)}", text)


def _cents(opening: str, closing: str) -> TextMutation:
    return lambda text: _CENTS.sub(lambda m: f"${m.group(1)}{opening}{m.group(2)}{closing}", text)


def _instead(before: str, after: str) -> TextMutation:
    """Another figure than the price, struck through or hidden, and no other: no price is left to see."""
    return lambda text: _USD.sub(lambda m: f"{before}$9{m.group(1)}{after}", text)


HIDINGS = {
    "s": ("<s>", "</s>"),
    "del": ("<del>", "</del>"),
    "strike": ("<strike>", "</strike>"),
    "tildes": ("~~", "~~"),
    "hidden attribute": ("<span hidden>", "</span>"),
    "display none": ('<span style="display: none">', "</span>"),
    "visibility hidden": ('<span style="visibility:hidden">', "</span>"),
    "line-through style": ('<span style="text-decoration:line-through">', "</span>"),
    "line-through class": ('<span class="line-through text-gray-400">', "</span>"),
    "sr-only class": ('<span class="sr-only">', "</span>"),
    "template": ("<template>", "</template>"),
    "comment": ("<!--", "-->"),
}

FOOTNOTES: dict[str, TextMutation] = {
    "footnote sup": _around("", "<sup>1</sup>"),
    "footnote sub": _around("", "<sub>2</sub>"),
    "footnote sup of two digits": _around("", "<sup>12</sup>"),
    "footnote sup link": _around("", '<sup><a href="#n1">3</a></sup>'),
    "footnote class": _around("", '<span class="footnote">4</span>'),
    "footnote caret": _around("", "^5"),
    "footnote superscript sign": _around("", "\N{SUPERSCRIPT ONE}"),
    "cents in sup": _cents("<sup>", "</sup>"),
    "cents in sub": _cents("<sub>", "</sub>"),
    "cents in small": _cents("<small>", "</small>"),
}
BESIDE: dict[str, TextMutation] = {
    f"old price before ({name})": _around(f"{opening}$99{closing} ", "") for name, (opening, closing) in HIDINGS.items()
} | {f"hidden digit ({name})": _inside(f"{opening}9{closing}") for name, (opening, closing) in HIDINGS.items()}
STRUCK: dict[str, TextMutation] = {
    f"only price hidden ({name})": _instead(opening, closing) for name, (opening, closing) in HIDINGS.items()
}
SIGNS: dict[str, TextMutation] = {
    "another currency by its code": _around("", " CAD"),
    "another sign": lambda text: _USD.sub(lambda m: f"\N{EURO SIGN}{m.group(1)}", text),
    "another dollar": lambda text: _USD.sub(lambda m: f"C{m.group()}", text),
    "per 1K tokens": lambda text: re.sub(r"/ ?(?:1 ?M(?:illion)?|M)\s?[Tt]ok(ens?)?", "/ 1K tokens", text),
    "heading per 1K": lambda text: re.sub(r"(?i)per (?:1M|million|1 million) tokens", "per 1K tokens", text),
    "heading in euros": lambda text: re.sub(r"\bUSD\b", "EUR", text),
    "heading per day": lambda text: re.sub(r"(?i)\b(per|/) ?(hour|hr)\b", r"\1 day", text),
}


def _swapped(one: str, other: str) -> TextMutation:
    """Two words of headings in each other's places, all over the page."""

    def swap(text: str) -> str:
        both = re.compile(rf"\b({one})\b|\b({other})\b", re.IGNORECASE)
        firsts, seconds = re.search(rf"\b{one}\b", text, re.I), re.search(rf"\b{other}\b", text, re.I)
        if not firsts or not seconds:
            return text
        return both.sub(lambda m: seconds.group() if m.group(1) else firsts.group(), text)

    return swap


SWAPS: dict[str, TextMutation] = {
    f"words swapped: {one} and {other}": _swapped(one, other)
    for one, other in (
        ("input", "output"),
        ("batch", "standard"),
        ("5m", "1h"),
        ("hits", "writes"),
        ("short", "long"),
        ("peak", "off-peak"),
        ("on-demand", "spot"),
        ("fast", "batch"),
        ("flex", "priority"),
        ("H100", "A100"),
        ("cached", "output"),
    )
}
TEXT_MUTATIONS: dict[str, dict[str, TextMutation]] = {
    "footnotes and cents": FOOTNOTES,
    "struck or hidden beside": BESIDE,
    "struck or hidden alone": STRUCK,
    "sign or unit in text": SIGNS,
    "words of headings swapped": SWAPS,
}
