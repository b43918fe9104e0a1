"""The calls behind one answer of Anthropic's API, of `usage.iterations`, for all logs that keep it.

An answer may be made in several steps: `message` by the model itself, `compaction` of what came before, and
`advisor_message` or others by a model of their own. The answer's own counts hold the steps of its model and, by
Anthropic's documents, leave the others out; logs that hold all of them exist too, so the sums decide. Where a log has
its counts does not belong here.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pipelines.usage.json_fields import as_text

COUNTS = {
    "input_tokens": ("input_tokens",),
    "output_tokens": ("output_tokens",),
    "cache_read": ("cache_read_input_tokens",),
    "cache_write": ("cache_creation_input_tokens",),
    "write_5m": ("cache_creation", "ephemeral_5m_input_tokens"),
    "write_1h": ("cache_creation", "ephemeral_1h_input_tokens"),
}
"""Name of a count -> its place in a usage object or a step."""
COMPARED = ("input_tokens", "output_tokens", "cache_read", "cache_write")
Counts = Mapping[str, str | None]
Sums = dict[str, int]


class Call(NamedTuple):
    """One call behind an answer."""

    within: str | None
    """Which call inside the answer; None for the answer itself."""
    model: str | None
    counts: dict[str, str | None]
    """By the names of COUNTS, as texts."""


def calls_behind(model: str | None, stated: Counts, steps: object) -> list[Call]:
    """The answer with the counts of its own model, unless it has none, and each other call.

    `stated`: what the log says of the answer, by the names of COUNTS. Raises ValueError, TypeError or AttributeError
    for steps that cannot be read.
    """
    if not isinstance(steps, list):
        raise TypeError("usage.iterations is no list")
    others = [(number, step) for number, step in enumerate(steps) if _is_apart(step, model)]
    own = [counts_in(step) for step in steps if not _is_apart(step, model)]
    apart = [counts_in(step) for _, step in others]
    counts = _own_counts(stated, own, apart)
    has_own = any(counts.get(name) not in (None, "0") for name in COMPARED)
    calls = [Call(None, model, counts)] if has_own or not apart else []
    for (number, step), texts in zip(others, apart, strict=True):
        calls.append(Call(f"{as_text(step.get('type'))}/{number}", as_text(step.get("model")) or model, texts))
    return calls


def counts_in(usage: Mapping[str, Any]) -> dict[str, str | None]:
    """The counts of a usage object or a step."""
    return {name: as_text(_at(usage, path)) for name, path in COUNTS.items()}


def _is_apart(step: dict[str, Any], model: str | None) -> bool:
    """Whether a step is another call than those that the response's model made for its answer."""
    return step.get("type", "message") != "message" or step.get("model", model) != model


def _at(step: Mapping[str, Any], path: Sequence[str]) -> object:
    value: Any = step
    for name in path:
        value = (value or {}).get(name)
    return value


def _own_counts(stated: Counts, own: list[dict[str, Any]], apart: list[dict[str, Any]]) -> dict[str, str | None]:
    """The counts of the response's own model: those stated, or the sum of its steps where that is right.

    The sum is right where the stated ones hold other calls too, and where they are no more than a part of the steps.
    """
    if not apart and not own:
        return dict(stated)
    whole, ours, theirs = _sum([stated]), _sum(own), _sum(apart)
    for held in _held(apart):
        if own and whole == _sum([*own, *held]):
            return _as_texts(ours, own)
    if not own and apart and whole == theirs:
        return dict.fromkeys(COUNTS, "0")
    is_part = own and all(whole[name] <= ours[name] for name in COMPARED)
    return _as_texts(ours, own) if is_part and whole != ours else dict(stated)


def _held(apart: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Which of the other calls the stated counts may hold: all of them, or any one."""
    if len(apart) > 1:
        yield apart
    yield from ([one] for one in apart)


def _sum(steps: Sequence[Counts]) -> Sums:
    return {name: sum(int(step[name] or 0) for step in steps) for name in COMPARED}


def _as_texts(sums: Sums, steps: list[dict[str, Any]]) -> dict[str, str | None]:
    """Sums as texts; a split of writes only where every step has it."""
    parts: dict[str, str | None] = dict.fromkeys(set(COUNTS) - set(COMPARED))
    for name in parts:
        if all(step[name] is not None for step in steps):
            parts[name] = str(sum(int(step[name]) for step in steps))
    has_any = {name for name in COMPARED if any(step[name] is not None for step in steps)}
    return {name: str(sums[name]) if name in has_any else None for name in COMPARED} | parts
