"""One used id -> the names under which a price list may know it, best first. Exact forms only, never a substring.

Frames, and what the price lists hold, are in `books.model_names`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.models.model_ids import DATE_SUFFIX, openrouter_maker, platform_id
from pipelines.models.provider_names import ROUTER_PREFIXES, UNKNOWN, provider_named

START, END = datetime(1, 1, 1), datetime(9999, 12, 31)
"""Stand for "always was" and "until further notice"."""

_DATED = re.compile(rf"(?P<name>.+){DATE_SUFFIX}", re.ASCII)
_DATED_ON_VERTEX = re.compile(r"(?P<name>.+)@(?P<date>20\d{6})", re.ASCII)
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


def meanings(used: Name) -> Iterator[Name]:
    """The ids that the used one may stand for, best first: itself, without its router's prefix, taken apart.

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


def forms(name: Name, pointers: Pointers) -> Iterator[Name]:
    """One meaning as lists may write it: what it points to, itself, without its date, the base of a fine-tune."""
    for target in pointers.get((name.provider, name.channel, name.model), []):
        meant = replace(
            name, model=target.model, rule="pointer", valid_from=target.valid_from, valid_to=target.valid_to
        )
        yield meant
        dated = _DATED.fullmatch(target.model)
        if dated and dated["name"] != name.model:
            yield replace(meant, model=dated["name"], rule="dated")
    yield name
    yield from _undated(name, pointers)
    fine_tune = _FINE_TUNE.fullmatch(name.model)
    if fine_tune:
        base = replace(name, model=f"ft:{fine_tune['base']}", rule="fine_tune")
        yield base
        yield from _undated(base, pointers)


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
    """A Bedrock or Vertex id taken apart. Where neither id nor log names a region, Bedrock's price is 'in-region'."""
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
    on_vertex = _DATED_ON_VERTEX.fullmatch(name.model) if name.channel == "vertex" else None
    if on_vertex:
        yield replace(name, model=f"{on_vertex['name']}-{on_vertex['date']}", rule="dated")
    dated = on_vertex or _DATED.fullmatch(name.model)
    if not dated:
        return
    targets = pointers.get((name.provider, name.channel, dated["name"]), [])
    own = [(target.valid_from, target.valid_to) for target in targets if target.model == name.model]
    others = [(target.valid_from, target.valid_to) for target in targets if target.model != name.model]
    for valid_from, valid_to in own or outside(others):
        yield replace(name, model=dated["name"], rule="dated", valid_from=valid_from, valid_to=valid_to)


def outside(taken: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """What a list of intervals leaves of all time."""
    free, start = [], START
    for valid_from, valid_to in sorted(taken):
        if start < valid_from:
            free.append((start, valid_from))
        start = max(start, valid_to)
    return [*free, (start, END)] if start < END else free
