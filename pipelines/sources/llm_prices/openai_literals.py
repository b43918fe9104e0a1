"""Literals of JavaScript as a component's attributes hold them -> plain values. No code is run.

Anything that is no literal is refused. Numbers become Decimal. A call of one of the page's own functions becomes the
object that its HTML form holds.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

MAX_DEPTH = 30

_BLANK = re.compile(r"(?:\s|//[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?![\w.])", re.ASCII)
_WORD = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_ATTRIBUTE = re.compile(r"[A-Za-z_][\w:.-]*", re.ASCII)
_STRING = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\$]|\\.|\$(?!\{))*)`", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": " ", "r": ""}
_WORDS = {"null": None, "undefined": None, "true": True, "false": False}
_CALLS: dict[str, Callable[[Any], Any]] = {
    "pricingHtml": lambda value: {"__pricingHtml": value},
    "pricingTooltipHeading": lambda value: {"__pricingTooltipHeading": value},
    "withLegacy": lambda value: f"{value}\nLegacy",
    "withDataSharing": lambda value: f"{value}\nwith data sharing",
}


class Scanner:
    """Reads literals from a place of a text onward; `place` is where it stands. Each method raises ValueError."""

    def __init__(self, text: str, place: int) -> None:
        self.text, self.place = text, place

    def attributes(self) -> tuple[dict[str, Any], bool]:
        """The attributes of a tag behind its name, and whether it closes itself; those of no literal are left out."""
        found = dict[str, Any]()
        while True:
            self._skip()
            if self._take("/>"):
                return found, True
            if self._take(">"):
                return found, False
            name = self._match(_ATTRIBUTE, "an attribute").group()
            if not self._take("="):
                found[name] = True
            elif self._take("{"):
                start = self.place
                try:
                    found[name] = self.value()
                    self._expect("}")
                except ValueError:
                    if name in {"rows", "groups", "headings", "tier"}:
                        raise
                    self.place = start
                    self._pass_braces()
            else:
                found[name] = self._string()

    def value(self, depth: int = 0) -> Any:
        """One literal: text, number, list, object, null, true, false or a call of a known function."""
        if depth > MAX_DEPTH:
            raise ValueError(f"literals deeper than {MAX_DEPTH}")
        self._skip()
        following = self.text[self.place : self.place + 1]
        if following in {'"', "'", "`"}:
            return self._string()
        if self._take("["):
            return self._list("]", depth)
        if self._take("{"):
            return self._object(depth)
        if number := _NUMBER.match(self.text, self.place):
            self.place = number.end()
            return Decimal(number.group())
        word = self._match(_WORD, "a literal").group()
        if word in _WORDS:
            return _WORDS[word]
        if word not in _CALLS or not self._take("("):
            raise ValueError(f"no literal: {word[:40]}")
        values = self._list(")", depth)
        if len(values) != 1:
            raise ValueError(f"{word} of {len(values)} values")
        return _CALLS[word](values[0])

    def _list(self, end: str, depth: int) -> list[Any]:
        values = list[Any]()
        while True:
            self._skip()
            if self._take(end):
                return values
            if values:
                self._expect(",")
                self._skip()
                if self._take(end):
                    return values
            values.append(self.value(depth + 1))

    def _object(self, depth: int) -> dict[str, Any]:
        found = dict[str, Any]()
        while True:
            self._skip()
            if self._take("}"):
                return found
            if found:
                self._expect(",")
                self._skip()
                if self._take("}"):
                    return found
            is_quoted = self.text[self.place : self.place + 1] in {'"', "'"}
            name = self._string() if is_quoted else self._match(_WORD, "a name").group()
            self._expect(":")
            if name in found:
                raise ValueError(f"two values of {name[:40]}")
            found[name] = self.value(depth + 1)

    def _string(self) -> str:
        found = self._match(_STRING, "a closed text")
        text = next(group for group in found.groups() if group is not None)
        return _ESCAPE.sub(lambda escape: _ESCAPED.get(escape[1], escape[1]), text)

    def _pass_braces(self) -> None:
        """Pass over an expression to the brace that closes it; braces in texts do not count."""
        depth = 1
        while depth:
            if self.place >= len(self.text):
                raise ValueError("an expression without an end")
            if quoted := _STRING.match(self.text, self.place):
                self.place = quoted.end()
                continue
            depth += {"{": 1, "}": -1}.get(self.text[self.place], 0)
            self.place += 1

    def _skip(self) -> None:
        blank = _BLANK.match(self.text, self.place)
        self.place = blank.end() if blank else self.place

    def _take(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.place):
            return False
        self.place += len(sign)
        return True

    def _expect(self, sign: str) -> None:
        self._skip()
        if not self._take(sign):
            raise ValueError(f"no {sign} at {self.text[self.place : self.place + 40]!r}")

    def _match(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        found = pattern.match(self.text, self.place)
        if found is None:
            raise ValueError(f"no {what} at {self.text[self.place : self.place + 40]!r}")
        self.place = found.end()
        return found
