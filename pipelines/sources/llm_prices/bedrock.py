"""Amazon Bedrock in the AWS Price List (bulk JSON) -> token prices by AWS region.

Two offers have this form: AmazonBedrock (Amazon's own and hosted models) and AmazonBedrockFoundationModels (models
sold through the marketplace, such as Claude). Usage types are read in `bedrock_usage`, names in `bedrock_models`.
What is not on demand by the token (provisioned and reserved throughput, customisation, guardrails, images, video) is
refused, once per model and reason. The list has no prices for profiles of a geography (us., eu.): they cost what the
region costs that they are called from, and get a derived row where that does not depend on the region.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pipelines.models.model_ids import platform_id
from pipelines.sources.llm_prices.bedrock_models import model_of
from pipelines.sources.llm_prices.bedrock_usage import read_usage
from pipelines.sources.llm_prices.long_context import LONG_CONTEXT_FROM, with_ends
from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

UNITS_PER_MTOK = {"1K tokens": 1000, "1M tokens": 1}
AREAS = {
    "us": frozenset({"us-east-1", "us-east-2", "us-west-1", "us-west-2"}),
    "us-gov": frozenset({"us-gov-east-1", "us-gov-west-1"}),
    "eu": frozenset({"eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"}),
    "jp": frozenset({"ap-northeast-1", "ap-northeast-3"}),
    "au": frozenset({"ap-southeast-2", "ap-southeast-4"}),
}
"""The regions of the profiles of a geography; Bedrock's guide says that the price is that of the calling region."""
FREE_METERS = frozenset({("amazon", "cache_write_5m")})
"""Where 0 is a price: Amazon bills nothing for writing Nova's cache."""
SHOWN_USAGES = 4

_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d", re.ASCII)
_MILLION = re.compile(r".*\|Million [A-Za-z0-9 ]*Tokens[A-Za-z0-9 ]*")


class _RefusedError(ValueError):
    """Why a product is no price."""


@dataclass(frozen=True)
class _Product:
    name: str
    usage: str
    region: str
    terms: Any


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) of one offer file.

    Region is AWS's code, or 'global' where the usage type says that the global profile is priced. Raises ParseError
    for a body that is no offer file or that yields no row.
    """
    collector, prices = new_collector(), list[Price]()
    refused: dict[tuple[str, str], list[str]] = defaultdict(list)
    for product in _products(body, collector):
        try:
            prices.append(_price(product))
        except _RefusedError as error:
            refused[product.name, str(error)].append(product.usage)
    for (name, reason), usages in refused.items():
        more = f" and {len(usages) - SHOWN_USAGES} more" if len(usages) > SHOWN_USAGES else ""
        collector.reject(name[:80], ", ".join(usage[:100] for usage in usages[:SHOWN_USAGES]) + more, reason)
    prices = with_ends(prices)
    return parsed_prices([*prices, *_of_areas(prices)], collector)


def _products(body: bytes, collector: RowCollector) -> Iterator[_Product]:
    """The products of an offer file, with their terms of sale on demand."""
    try:
        offer = json.loads(body, parse_float=Decimal, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"not a whole JSON document: {str(error)[:200]}") from error
    products = offer.get("products") if isinstance(offer, dict) else None
    terms = offer.get("terms") if isinstance(offer, dict) else None
    on_demand = terms.get("OnDemand") if isinstance(terms, dict) else None
    if not isinstance(products, dict) or not isinstance(on_demand, dict):
        raise ParseError("expected an offer file with products and terms.OnDemand")
    for sku, product in products.items():
        found = product.get("attributes") if isinstance(product, dict) else None
        texts = {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}
        name = texts.get("model") or texts.get("titanModel") or texts.get("servicename") or ""
        if name and "usagetype" in texts:
            yield _Product(name, texts["usagetype"], texts.get("regionCode", ""), on_demand.get(sku))
        else:
            collector.reject(sku, str(product), "no usage type, or no name of a model or service")


def _price(product: _Product) -> Price:
    """The price of one product. Raises _RefusedError."""
    usage = read_usage(product.usage)
    if usage is None:
        raise _RefusedError("not on demand by the token, or a usage type of unknown spelling")
    model = platform_id(usage.model_id) if usage.model_id else model_of(product.name)
    if model is None:
        raise _RefusedError("the name is that of no known model")
    if _REGION.fullmatch(product.region) is None:
        raise _RefusedError("no AWS region")
    usd, printed = _usd_per_mtok(product.terms)
    if usd == 0 and (model.provider, usage.meter) not in FREE_METERS:
        raise _RefusedError("0 where nothing says that it is free")
    if usage.is_long_context and model.provider not in LONG_CONTEXT_FROM:
        raise _RefusedError("the boundary of the long context price is not known")
    return Price(
        place=f"{product.name[:80]}: {product.usage[:100]}",
        provider=model.provider,
        model=model.model,
        meter=usage.meter,
        usd_per_unit=usd,
        printed=printed,
        service_tier=usage.service_tier,
        context_from=LONG_CONTEXT_FROM[model.provider] if usage.is_long_context else 0,
        channel="bedrock",
        region="global" if usage.is_global else product.region,
    )


def _usd_per_mtok(terms: Any) -> tuple[Decimal, str]:
    """USD per million tokens and the text of the one price there is. Raises _RefusedError."""
    sold = list(terms.values()) if isinstance(terms, dict) else []
    dimensions = sold[0].get("priceDimensions") if len(sold) == 1 and isinstance(sold[0], dict) else None
    prices = list(dimensions.values()) if isinstance(dimensions, dict) else []
    if len(prices) != 1 or not isinstance(prices[0], dict):
        raise _RefusedError("not exactly one price on demand")
    unit, description, per_unit = (prices[0].get(name) for name in ("unit", "description", "pricePerUnit"))
    text = per_unit.get("USD") if isinstance(per_unit, dict) else None
    usd = price_or_none(text) if isinstance(text, str) else None
    if usd is None:
        raise _RefusedError("no price in USD")
    description = description if isinstance(description, str) else ""
    scale = UNITS_PER_MTOK.get(unit) if isinstance(unit, str) else None
    if unit == "Units" and _MILLION.fullmatch(description):
        scale = 1
    if scale is None:
        raise _RefusedError(f"not priced by the token but by {str(unit)[:40]!r}")
    return usd * scale, f"USD {text} per {unit}: {description}"


def _of_areas(prices: list[Price]) -> Iterator[Price]:
    """The prices of profiles of a geography, where all listed regions that they are called from cost the same."""
    by_key: dict[tuple[str, ...], list[Price]] = defaultdict(list)
    for area, regions in AREAS.items():
        for price in prices:
            if price.region in regions:
                by_key[replace(price, region=area).key()].append(price)
    for (_, _, area, *_), same in by_key.items():
        if len({(price.usd_per_unit, price.context_to) for price in same}) == 1:
            regions_told = ", ".join(sorted({price.region for price in same}))
            printed = f"as in {regions_told}: {same[0].printed}"
            yield replace(same[0], region=area, basis="derived", printed=printed)
