"""Which columns of a table a terminal has room for, and how wide each is. Pure: texts and widths, no terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

BORDER = 3
"""Characters between two columns: a blank, a line, a blank."""
ROOM_FOR_PROSE = 24
"""What a column of sentences keeps at least; anything narrower is on one line."""


@dataclass(frozen=True)
class Choice:
    """Columns that are shown, by place and with their widths; what those left out say in every row; the others."""

    places: tuple[int, ...]
    widths: tuple[int, ...]
    same: dict[str, str]
    left_out: tuple[str, ...]


def widest_line(texts: Sequence[str]) -> int:
    """Characters on a terminal of the longest line."""
    return max((cell_len(line) for text in texts for line in text.split("\n")), default=0)


def longest_word(texts: Sequence[str]) -> int:
    """Characters on a terminal of the longest word, below which a figure would be broken."""
    return max((cell_len(word) for text in texts for word in text.split()), default=0)


def widths_of(widest: Sequence[int], least: Sequence[int], rights: Sequence[bool], room: int) -> tuple[int, ...] | None:
    """Widths that fit into `room`, texts giving way before figures (`rights`), the widest first; None: they cannot.

    `widest`: what each column takes on one line; `least`: what it has to keep.
    """
    if sum(least) > room:
        return None
    # More than the whole terminal is no width: it need not be taken away one by one.
    widths = [max(low, min(width, room)) for width, low in zip(widest, least, strict=True)]
    for is_figure in (False, True):
        places = [place for place, right in enumerate(rights) if right is is_figure]
        while sum(widths) > room and (wider := [place for place in places if widths[place] > least[place]]):
            widths[max(wider, key=lambda place: widths[place])] -= 1
    return tuple(widths)


def choose_columns(
    names: Sequence[str], texts: Sequence[Sequence[str]], main: Sequence[str] | None, width: int
) -> Choice | None:
    """The columns that fit into `width` characters; None where those that are needed do not.

    `texts`: the cells of each column; `main`: names of the needed ones, None: all. Out go first the columns that say
    one thing in all rows, then others, each time the last. A column is as wide as its cells; sentences may be folded.
    """
    widest = [widest_line([name, *cells]) for name, cells in zip(names, texts, strict=True)]
    least = [_least(name, cells, most) for name, cells, most in zip(names, texts, widest, strict=True)]
    shown = list(range(len(names)))
    is_same = [len(cells) > 1 and len(set(cells)) == 1 for cells in texts]
    spare = [] if main is None else [place for place in reversed(shown) if names[place] not in main]
    waiting = sorted(spare, key=lambda place: not is_same[place])
    out: list[int] = []
    while (widths := _fitted(shown, widest, least, width)) is None:
        if not waiting:
            return None
        out.append(waiting.pop(0))
        shown.remove(out[-1])
    out.sort()
    return Choice(
        tuple(shown),
        widths,
        {names[place]: texts[place][0] for place in out if is_same[place]},
        tuple(names[place] for place in out if not is_same[place]),
    )


def _least(name: str, cells: Sequence[str], widest: int) -> int:
    if widest <= ROOM_FOR_PROSE:
        return widest
    words = longest_word([name, *cells])
    return max(words, ROOM_FOR_PROSE)


def _fitted(shown: Sequence[int], widest: Sequence[int], least: Sequence[int], width: int) -> tuple[int, ...] | None:
    room = width - BORDER * (len(shown) - 1)
    wanted, needed = ([of[place] for place in shown] for of in (widest, least))
    return widths_of(wanted, needed, [False] * len(shown), room)
