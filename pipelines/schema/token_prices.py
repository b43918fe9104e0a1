"""core.token_price: every version of every printed token price or per-call fee."""

import dataframely as dy

from pipelines.schema.columns import MAX_USD_PER_MTOK, choice, count, instant, price, text
from pipelines.schema.meters import METERS, UNIT_SIZES
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS
from pipelines.schema.versions import Version

AUTHORITIES = ("provider", "aggregator")


class TokenPriceObservation(dy.Schema):
    """One price as one source printed it at one moment."""

    provider = text("whose model it is, as the channel names it: openai, anthropic, groq, ...")
    channel = choice("where the model is bought; api: from the provider itself", CHANNELS)
    region = text("billing region; 'global' where the price does not depend on it")
    model = text("model id as used in requests, canonical for this source", max_length=200)
    meter = choice("what is counted", METERS)
    service_tier = choice("tier that the response was billed at", SERVICE_TIERS)
    context_from = count("smallest prompt size that this price applies to, inclusive", unit="tokens")
    context_to = count("prompt size from which it no longer applies, exclusive", unit="tokens", nullable=True)
    time_window = text("'always', or the hours in which this price overrides that: 'mon-fri 01:00-04:00'; UTC")
    unit = choice("what usd_per_unit is the price of", tuple(UNIT_SIZES))
    usd_per_unit = price("price of one unit", unit="USD per unit", min=0, max=MAX_USD_PER_MTOK)
    currency = choice("currency of the printed price", ("USD",))
    printed = text("the text that the source printed", max_length=300)
    basis = choice(
        "printed: as the source says; derived: by a rule that the source states; corrected: the source itself put "
        "right what it had printed before; assumed: nobody printed it then, it is dated back from its first sight",
        ("printed", "derived", "corrected", "assumed"),
    )
    effective_from = instant("start of validity, where the source announces one", nullable=True)


class TokenPrice(TokenPriceObservation, Version):
    """One version of one price: grain price_id (who, what, which range, from when), known_from."""

    price_id = text("identity of this version; cost rows refer to it")
    authority = choice(
        "of the shipped history, whose word the version rests on; NULL: that of its source",
        AUTHORITIES,
        nullable=True,
    )
    proven_from = instant(
        "of the shipped history, when the price was first seen printed; after valid_from where it is dated back",
        nullable=True,
    )
    proven_until = instant("of the shipped history, when it was last seen printed", nullable=True)
    disputed_usd = text(
        "of the shipped history, what was printed until its end and does not count any more, joined by ;", nullable=True
    )
