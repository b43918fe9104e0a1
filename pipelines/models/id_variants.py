"""One used id -> the variants under which a price list may know it, best first. Exact forms only, never a substring.

An id without its provider is that of who lists exactly that id, and only if it is clear. Frames of ids, the user's
map and what wins are in `model_aliases`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from pipelines.models.model_ids import SINGLE_SNAPSHOT_PROVIDERS, platform_id, snapshot_parts
from pipelines.models.provider_aliases import (
    HOSTING_MAKERS,
    MAKER_PROVIDERS,
    ROUTER_PREFIXES,
    UNKNOWN,
    openrouter_maker,
    provider_named,
)

START, END = datetime(1, 1, 1), datetime(9999, 12, 31)
"""Stand for "always was" and "until further notice"."""

_DOTTED = re.compile(r"claude-[a-z0-9-]*\d\.\d[a-z0-9-]*", re.ASCII)
"""Tools print the version of Anthropic's models with a dot ("claude-sonnet-4.6"); no id of its own has one."""
_FINE_TUNE = re.compile(r"ft:(?P<base>[^:]+):.*", re.ASCII)
_BEDROCK_ROUTE = re.compile(
    r"(?:(?:converse|invoke)/)?(?:(?P<region>[a-z]{2}(?:-gov)?-[a-z]+-\d)/)?(?P<id>[^/]+)", re.ASCII
)
_AZURE_AREAS = {"eu": "eu", "us": "us", "global": "global", "global-standard": "global"}
_BEDROCK_REGION = re.compile(r"[a-z]{2}(?:-gov)?-[a-z]+-\d", re.ASCII)


@dataclass(frozen=True)
class Name:
    """A model as some list may name it; `rule` says how the used id led there; naive UTC, half-open."""

    provider: str
    channel: str
    region: str
    model: str
    rule: str = "exact"
    valid_from: datetime = START
    valid_to: datetime = END


@dataclass(frozen=True)
class Target:
    """What another name means in an interval; None is "as the log says"."""

    model: str
    provider: str | None = None
    channel: str | None = None
    region: str | None = None
    valid_from: datetime = START
    valid_to: datetime = END


Pointers = Mapping[tuple[str, str, str], list[Target]]
"""By provider, channel and moving name."""


class PriceLists:
    """Which (provider, channel) lists which model id. `listed`: columns provider, channel, model."""

    def __init__(self, listed: pl.DataFrame) -> None:
        self._listings: dict[str, set[tuple[str, str]]] = {}
        self._snapshots: dict[tuple[str, str, str], set[str]] = {}
        for provider, channel, model in listed.select("provider", "channel", "model").unique().iter_rows():
            self._listings.setdefault(model, set()).add((provider, channel))
            dated = snapshot_parts(model, channel) if provider in SINGLE_SNAPSHOT_PROVIDERS else None
            if dated:
                self._snapshots.setdefault((provider, channel, dated[0]), set()).add(model)

    def snapshot(self, name: Name) -> str | None:
        """The one dated snapshot that an undated id means, where the provider never has two and one is listed."""
        listed = self._snapshots.get((name.provider, name.channel, name.model), set())
        return next(iter(listed)) if len(listed) == 1 else None

    def lister(self, model: str, channel: str | None) -> tuple[str, str] | str | None:
        """Provider and channel of the one list that has the id; None where none has it, or why it is not clear.

        Of several providers on one channel the maker's own list counts, where exactly one of them is a maker, or
        exactly one that does not sell other makers' models too. A channel of None is any.
        """
        listers = {lister for lister in self._listings.get(model, set()) if channel in (None, lister[1])}
        makers = {lister for lister in listers if channel and lister[0] in MAKER_PROVIDERS}
        own = {maker for maker in makers if maker[0] not in HOSTING_MAKERS}
        for choice in (listers, makers, own):
            if len(choice) == 1:
                return next(iter(choice))
        if not listers:
            return None
        names = sorted(provider if channel else f"{provider} on {on}" for provider, on in listers)
        return f"ambiguous: listed by {', '.join(names)}; say --provider"


def meanings(used: Name) -> Iterator[Name]:
    """The ids that the used one may stand for, best first: itself, without its router's prefix, as a platform's.

    The provider of a result is 'unknown' where neither the log nor the id tells it.
    """
    provider, channel = (None, None) if used.provider == UNKNOWN else provider_named(used.provider)
    used = replace(used, provider=provider or UNKNOWN, channel=_channel(used.channel, channel))
    known = [used]
    routed = _without_prefix(used)
    if routed:
        known.append(routed)
    known += [name for name in map(_on_platform, known) if name]
    yield from sorted(known, key=lambda name: name.provider == UNKNOWN)


def variants(name: Name, pointers: Pointers) -> Iterator[Name]:
    """One meaning as lists may write it: what it points to, itself, without its date, the base of a fine-tune."""
    for target in pointers.get((name.provider, name.channel, name.model), []):
        meant = replace(
            name, model=target.model, rule="pointer", valid_from=target.valid_from, valid_to=target.valid_to
        )
        yield meant
        dated = snapshot_parts(target.model, name.channel)
        if dated and dated[0] != name.model:
            yield replace(meant, model=dated[0], rule="dated")
    yield name
    yield from _undated(name, pointers)
    if _DOTTED.fullmatch(name.model):
        dashed = replace(name, model=name.model.replace(".", "-"), rule="dotted")
        yield dashed
        yield from _undated(dashed, pointers)
    fine_tune = _FINE_TUNE.fullmatch(name.model)
    if fine_tune:
        base = replace(name, model=f"ft:{fine_tune['base']}", rule="fine_tune")
        yield base
        yield from _undated(base, pointers)


def inferred(name: Name, lists: PriceLists, pointers: Pointers) -> Name | str | None:
    """A name of unknown provider with the provider that lists it, None where nobody does, or why it is not clear.

    On the channel of the log: who lists the id itself, or without its date, or its only snapshot, or the base of a
    fine-tune, or moved the name. An id that nobody lists on 'api' may be another channel's own, but only as it stands.
    """
    for variant in variants(name, {}):
        lister = lists.lister(variant.model, name.channel)
        if isinstance(lister, str):
            return lister
        if lister:
            return replace(name, provider=lister[0], rule="inferred")
    movers = {provider for provider, channel, alias in pointers if (channel, alias) == (name.channel, name.model)}
    movers |= {maker for maker in SINGLE_SNAPSHOT_PROVIDERS if lists.snapshot(replace(name, provider=maker))}
    if len(movers) == 1:
        return replace(name, provider=movers.pop(), rule="inferred")
    lister = lists.lister(name.model, None) if name.channel == "api" else None
    return (
        replace(name, provider=lister[0], channel=lister[1], rule="inferred") if isinstance(lister, tuple) else lister
    )


def regions(name: Name) -> list[str]:
    """Regions whose price is a region's price, best first; only on 'api' is a price for 'global' good for any region.

    On Bedrock 'in-region' stands for all regions without a price of their own, on Vertex 'non-global' does.
    """
    if name.channel == "api" and name.region != "global":
        return [name.region, "global"]
    if name.channel == "bedrock" and _BEDROCK_REGION.fullmatch(name.region):
        return [name.region, "in-region"]
    if name.channel == "vertex" and name.region not in ("global", "non-global"):
        return [name.region, "non-global"]
    return [name.region]


def _channel(logged: str, named: str | None) -> str:
    return named if named and logged == "api" else logged


def _without_prefix(name: Name) -> Name | None:
    """openai/gpt-4o, azure/eu/gpt-4o, openrouter/openai/gpt-4o: only where the log does not contradict the prefix."""
    prefix, _, rest = name.model.partition("/")
    if not rest:
        return None
    if name.channel == "openrouter" or (prefix == "openrouter" and name.channel == "api"):
        return _on_openrouter(name, rest if prefix == "openrouter" else name.model)
    if prefix not in ROUTER_PREFIXES:
        return None
    provider, channel = ROUTER_PREFIXES[prefix]
    channel = channel or name.channel
    contradicts = (provider and name.provider not in (UNKNOWN, provider)) or name.channel not in ("api", channel)
    if contradicts or (prefix == "models" and not rest.startswith("gemini-")):
        return None
    routed = replace(name, provider=provider or name.provider, channel=channel, model=rest, rule="prefix")
    return _regional_route(routed)


def _on_openrouter(name: Name, model: str) -> Name | None:
    prefix, _, rest = model.partition("/")
    maker = openrouter_maker(prefix)
    if not rest or name.provider not in (UNKNOWN, maker):
        return None
    return replace(name, provider=maker, channel="openrouter", model=model, rule="prefix")


def _regional_route(name: Name) -> Name:
    """azure/eu/<model> and bedrock/us-east-1/<id>: the router's own way to name a region."""
    if name.channel == "azure":
        area, _, model = name.model.partition("/")
        if model and area in _AZURE_AREAS:
            return replace(name, model=model, region=_AZURE_AREAS[area])
    if name.channel == "bedrock":
        route = _BEDROCK_ROUTE.fullmatch(name.model)
        if route:
            return replace(name, model=route["id"], region=route["region"] or name.region)
    return name


def _on_platform(name: Name) -> Name | None:
    """What a Bedrock or Vertex id says. Where neither id nor log names a region, Bedrock's price is 'in-region'."""
    parts = platform_id(name.model)
    if parts is None or name.channel not in ("api", parts.channel):
        return None
    if name.channel == "api" and name.provider not in (UNKNOWN, parts.provider):
        return None
    region = parts.region or name.region
    if parts.channel == "bedrock" and not parts.region and region == "global":
        region = "in-region"
    return replace(
        name, provider=parts.provider, channel=parts.channel, region=region, model=parts.model, rule="platform"
    )


def _undated(name: Name, pointers: Pointers) -> Iterator[Name]:
    """The snapshot's model, as long as the model's name is not known to point to another snapshot."""
    dated = snapshot_parts(name.model, name.channel)
    if not dated:
        return
    undated, date = dated
    if name.model != f"{undated}-{date}":
        yield replace(name, model=f"{undated}-{date}", rule="dated")
    targets = pointers.get((name.provider, name.channel, undated), [])
    own = [(target.valid_from, target.valid_to) for target in targets if target.model == name.model]
    others = [(target.valid_from, target.valid_to) for target in targets if target.model != name.model]
    for valid_from, valid_to in own or outside(others):
        yield replace(name, model=undated, rule="dated", valid_from=valid_from, valid_to=valid_to)


def outside(taken: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """What a list of intervals leaves of all time."""
    free, start = [], START
    for valid_from, valid_to in sorted(taken):
        if start < valid_from:
            free.append((start, valid_from))
        start = max(start, valid_to)
    return [*free, (start, END)] if start < END else free
