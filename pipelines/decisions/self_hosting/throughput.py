"""Which measured points tell what one replica serves of a workload, at a goal of latency: the rule and its limits.

Between neighbouring measured lengths the total rate (input and output tokens per second and GPU) is interpolated, in
the logarithms of rate and lengths; cost never is. Which points are neighbours depends on lengths alone, so a stricter
goal only ever lowers the rate. Beyond the measured lengths there is no answer. docs/self_hosting.md has the errors.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache

from pipelines.decisions.self_hosting.capacity import Headroom, replica_seconds
from pipelines.decisions.self_hosting.measured_table import Measurement
from pipelines.decisions.self_hosting.neighbours import Point, interpolated, neighbours, padded_tokens
from pipelines.decisions.self_hosting.request import Goal, Lengths

SAME_SHAPE = (
    frozenset(("llama-3-70b", "llama-3.1-70b", "llama-3.3-70b")),
    frozenset(("llama-3-8b", "llama-3.1-8b")),
    frozenset(("deepseek-r1", "deepseek-r1-0528", "deepseek-v3")),
)
"""Models of one architecture and size: what was measured of one holds for the others, and is flagged."""
PREFILL_HEAVY = 8
"""With this many times more input than output, a point tells how fast prompts are read."""


@dataclass(frozen=True)
class Serving:
    """What one setup serves. `basis`: measured at these lengths, interpolated, or at_or_above (a lower bound)."""

    setup: tuple[str, ...]
    gpu: str
    variant: str
    gpus_per_replica: int
    basis: str
    throughput_ids: tuple[str, ...]
    flags: tuple[str, ...]
    seconds_per_request: Callable[[Headroom, int], Fraction]
    """Planned seconds of one replica for one request, among n replicas."""

    def requests_per_s(self, headroom: Headroom, replicas: int) -> Fraction:
        """Requests per second that n replicas together are planned to serve."""
        return replicas / self.seconds_per_request(headroom, replicas)


@dataclass(frozen=True)
class Unmeasured:
    """Why there is no figure, and what would have to be measured."""

    reason: str


def servings(
    points: Iterable[Measurement],
    model: str,
    lengths: Lengths,
    goal: Goal,
    gpus: Iterable[tuple[str, str]] | None = None,
) -> tuple[list[Serving], list[Unmeasured]]:
    """Every setup of a model that serves a workload, and why others do not. `gpus`: only these (gpu, variant)."""
    wanted = None if gpus is None else set(gpus)
    setups: dict[tuple[str, ...], list[Measurement]] = defaultdict(list)
    named = _same_shape(model.casefold())
    for point in points:
        if point.model.casefold() in named and (wanted is None or (point.gpu, point.variant) in wanted):
            setups[point.setup].append(point)
    if not setups:
        cards = "" if wanted is None else " on " + ", ".join(sorted(" ".join(card).strip() for card in wanted))
        return [], [Unmeasured(f"no measured throughput of {model}{cards}; add a line to throughput.csv")]
    found = [serving(setup, lengths, goal) for _, setup in sorted(setups.items())]
    return (
        [_as_asked(one, model) for one in found if isinstance(one, Serving)],
        [one for one in found if isinstance(one, Unmeasured)],
    )


def serving(setup: Sequence[Measurement], lengths: Lengths, goal: Goal) -> Serving | Unmeasured:
    """What one setup serves of a workload. `setup`: points of one `Measurement.setup`."""
    if setup[0].load == "single_stream":
        return _one_at_a_time(setup, lengths, goal)
    by_lengths = _by_lengths(setup)
    target = (lengths.input_tokens, lengths.output_tokens)
    name = _name(setup[0])
    if not by_lengths:
        return Unmeasured(f"{name}: the source tells no request lengths")
    corners, basis = neighbours(target, list(by_lengths))
    if not corners:
        return Unmeasured(f"{name}: {_told(target)} is beyond the measured {_range(by_lengths)}")
    meeting = {corner: [p for p in by_lengths[corner] if goal.is_met_by(p)] for corner in corners}
    late = [corner for corner, fitting in meeting.items() if not fitting]
    if late:
        return Unmeasured(f"{name}: at {_told(late[0])} no measured point meets {goal}")
    prefill = prefill_tok_s(setup) if lengths.cached_tokens else None
    flags = [basis] if basis != "measured" else []
    flags += ["no_latency_goal"] if goal == Goal() else []
    flags += ["cache_saves_nothing" if prefill is None else "cache_saving_derived"] if lengths.cached_tokens else []
    return Serving(
        setup[0].setup,
        setup[0].gpu,
        setup[0].variant,
        setup[0].gpus_per_replica,
        basis,
        tuple(sorted({p.throughput_id for fitting in meeting.values() for p in [max(fitting, key=_rate)]})),
        tuple(flags),
        _planned_seconds(setup, lengths, corners, meeting, prefill),
    )


def _planned_seconds(
    setup: Sequence[Measurement],
    lengths: Lengths,
    corners: Mapping[Point, float],
    meeting: Mapping[Point, Sequence[Measurement]],
    prefill: Fraction | None,
) -> Callable[[Headroom, int], Fraction]:
    """Seconds of one replica for one request: at each corner the largest planned rate that meets the goal."""
    total = padded_tokens((lengths.input_tokens, lengths.output_tokens), corners)
    decoding = lengths.output_tokens / max(_rate(p) for p in setup if p.out_tok_s_per_gpu)
    slots = {max((p.concurrency for p in setup if p.concurrency), default=None)}
    slots |= {p.concurrency for p in setup if p.concurrency is None}
    totals = {corner: [(_total_rate(p), p.concurrency) for p in fitting] for corner, fitting in meeting.items()}

    @cache
    def seconds(headroom: Headroom, replicas: int) -> Fraction:
        best = {
            corner: max(rate * headroom.share(replicas, slot) for rate, slot in rates)
            for corner, rates in totals.items()
        }
        # The largest share of any point: what a hit saves is counted small, whatever the goal.
        share = max(headroom.share(replicas, slot) for slot in slots)
        saved = lengths.cached_tokens / prefill / share if prefill else Fraction(0)
        # No cache saves the decoding.
        return max(total / interpolated(best, corners) - saved, decoding / share) / setup[0].gpus_per_replica

    return seconds


def prefill_tok_s(setup: Sequence[Measurement]) -> Fraction | None:
    """Input tokens per second and GPU while only prompts are read, from points whose input is most of the work.

    The decoding of the point is taken off at the fastest decoding measured. That makes prefill fast and what a cache
    hit saves small, so a capacity with cache hits errs low. None without such a point.
    """
    whole = [p for p in setup if p.input_tokens and p.output_tokens and p.out_tok_s_per_gpu]
    fastest = max((_rate(p) for p in whole), default=Fraction(0))
    rates = []
    for p in whole:
        seconds = (p.output_tokens or 0) / _rate(p) - (p.output_tokens or 0) / fastest
        if (p.input_tokens or 0) >= PREFILL_HEAVY * (p.output_tokens or 0) and seconds > 0:
            rates.append((p.input_tokens or 0) / seconds)
    return max(rates, default=None)


def _same_shape(model: str) -> frozenset[str]:
    return next((names for names in SAME_SHAPE if model in names), frozenset((model,)))


def _as_asked(one: Serving, model: str) -> Serving:
    is_other = one.setup[0].casefold() != model.casefold()
    return replace(one, flags=(*one.flags, "same_architecture")) if is_other else one


def _one_at_a_time(setup: Sequence[Measurement], lengths: Lengths, goal: Goal) -> Serving | Unmeasured:
    """Phases one after the other, at the measured context at or above the workload's: longer is never faster."""
    name = _name(setup[0])
    phased = [p for p in setup if p.input_tokens and p.in_tok_s_per_gpu and p.out_tok_s_per_gpu]
    reaching = [p for p in phased if (p.input_tokens or 0) >= lengths.input_tokens]
    if not reaching:
        most = max((p.input_tokens or 0 for p in phased), default=0)
        beyond = f"{lengths.input_tokens:,} input tokens are beyond the measured {most:,}"
        return Unmeasured(f"{name}: {beyond if most else 'one of the two phases is not measured'}")
    point = min(reaching, key=lambda p: p.input_tokens or 0)
    prefill, decode = point.in_tok_s_per_gpu or Decimal(0), point.out_tok_s_per_gpu or Decimal(0)
    unread = lengths.input_tokens - lengths.cached_tokens
    seconds = replica_seconds(unread, lengths.output_tokens, prefill, decode)
    wait = unread / Fraction(prefill)
    is_late = goal.max_ttft_s is not None and wait > Fraction(goal.max_ttft_s)
    if is_late or (goal.min_tok_s_per_user is not None and decode < goal.min_tok_s_per_user):
        return Unmeasured(f"{name}: first token after {float(wait):.1f} s, {float(decode):.1f} tokens/s miss {goal}")
    basis = "measured" if point.input_tokens == lengths.input_tokens else "at_or_above"
    flags = ("single_stream", *(("at_or_above",) if basis != "measured" else ()))
    return Serving(
        point.setup,
        point.gpu,
        point.variant,
        point.gpus_per_replica,
        basis,
        (point.throughput_id,),
        flags,
        lambda headroom, _: seconds / point.gpus_per_replica / headroom.share(1, None),
    )


def _total_rate(point: Measurement) -> Fraction:
    """Input and output tokens per second and GPU of a point that tells its lengths."""
    return _rate(point) * (1 + Fraction(point.input_tokens or 0, point.output_tokens or 1))


def _by_lengths(setup: Sequence[Measurement]) -> dict[Point, list[Measurement]]:
    found: dict[Point, list[Measurement]] = defaultdict(list)
    for p in setup:
        if p.input_tokens and p.output_tokens and p.out_tok_s_per_gpu:
            found[p.input_tokens, p.output_tokens].append(p)
    return dict(found)


def _rate(point: Measurement) -> Fraction:
    return Fraction(point.out_tok_s_per_gpu or 0)


def _name(point: Measurement) -> str:
    card = " ".join(part for part in (point.gpu, point.variant) if part)
    return f"{point.model} {point.precision} on {point.gpus_per_replica}x {card} ({point.engine})"


def _told(lengths: Point) -> str:
    return f"{lengths[0]:,} in and {lengths[1]:,} out"


def _range(by_lengths: Mapping[Point, object]) -> str:
    return ", ".join(f"{a:,}/{b:,}" for a, b in sorted(by_lengths))
