"""What was agreed with who bills, as the user's file states it: its versions, and the charges that are not usage."""

import dataframely as dy

from pipelines.schema.columns import choice, count, day, flag, instant, price, text, usd
from pipelines.schema.contract_terms import TERM_KINDS, VOLUME_KINDS, VOLUME_PERIODS
from pipelines.schema.exchange_rates import usd_per_currency
from pipelines.schema.meters import METERS
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS


class ContractTerm(dy.Schema):
    """One version of one line of warehouse/contract_prices.csv: grain term_id, known_from."""

    term_id = text("identity of what the line says, its days included")
    kind = choice("price, discount, commitment, credit, marketplace or tax", TERM_KINDS)
    account_id = text("account that it is for; NULL: any", nullable=True)
    provider = text("provider that it is for; NULL: any", nullable=True)
    channel = choice("where the model is bought; NULL: anywhere", CHANNELS, nullable=True)
    model = text("model id, with or without its date; NULL: any", nullable=True)
    service_tier = choice("tier that it is for; NULL: any", SERVICE_TIERS, nullable=True)
    meter = choice("what is counted; NULL: all", METERS, nullable=True)
    value = dy.Decimal(
        18,
        6,
        description="price: USD per million tokens or thousand calls; discount, marketplace and tax: percent; "
        "commitment and credit: USD. NULL: a price in another currency, on days for which no rate is stated; a "
        "commitment or credit in one",
        metadata={"unit": "USD or %"},
        nullable=True,
    )
    per = choice("time that a commitment is for, or that a band of volume counts in", VOLUME_PERIODS, nullable=True)
    note = text("what the user wrote beside it", nullable=True)
    valid_from = day("first day; NULL: from the beginning", nullable=True)
    valid_to = day("first day on which it no longer holds; NULL: open", nullable=True)
    known_from = instant("when the file was first read with it")
    known_to = instant("when the file was first read without it; NULL for what is current", nullable=True)
    basis = choice("where it comes from: always the contract, which outranks every list", ("contract",))
    volume = choice(
        "of a band of volume: graduated, for what is above from_quantity; all_units, for all of its period once it is "
        "reached; NULL: the line holds at any quantity",
        VOLUME_KINDS,
        nullable=True,
    )
    from_quantity = count(
        "quantity of its period from which a band of volume holds: of its meter, else of all tokens; with a "
        "volume_currency what the usage costs at list",
        unit="tokens, calls or volume_currency",
        nullable=True,
    )
    currency = text("currency that the price or amount is agreed in; NULL: USD, or percent", nullable=True)
    local_value = price(
        "the price or amount in that currency", unit="currency, per mtok or thousand calls", nullable=True
    )
    usd_per_currency = usd_per_currency(
        "the user's rate of its days (exchange_rates.csv), at which value is; NULL: none is stated, it is in USD, or "
        "an amount that is converted day by day",
        nullable=True,
    )
    volume_currency = text(
        "of a band of volume by spend: the currency that it counts in; NULL: tokens or calls", nullable=True
    )
    volume_scale = text(
        "of a band of volume in another currency: what its terms at all rates have in common, and count together",
        nullable=True,
    )


class ContractCharge(dy.Schema):
    """What is due or given beside usage: grain term_id, period_from."""

    period_from = day("first day of the period")
    period_to = day("day after its last")
    term_id = text("the line of the contract, in core.contract_term")
    kind = choice("commitment, credit, marketplace or tax", TERM_KINDS[2:])
    account_id = text("account that the line is for; NULL: any", nullable=True)
    provider = text("provider that the line is for; NULL: any", nullable=True)
    channel = choice("where the model is bought; NULL: anywhere", CHANNELS, nullable=True)
    note = text("what the user wrote beside the line", nullable=True)
    base_usd = usd(
        "what it is reckoned from: the effective cost of the usage that it covers; for a tax with the other charges",
        nullable=False,
    )
    agreed_usd = usd(
        "the commitment of the period, or the credit left at its beginning; else NULL, as where a rate of exchange is "
        "not stated"
    )
    due_usd = usd("of a commitment: the larger of it and base_usd; else NULL")
    charge_usd = usd(
        "what comes on top of usage: the shortfall of a commitment, a fee, a tax; below 0 what is drawn from a credit "
        "or given as a marketplace discount. NULL: it rests on a rate of exchange that is not stated"
    )
    list_charge_usd = usd(
        "what it would be with usage at list prices: other than charge_usd for taxes and marketplace fees; NULL where "
        "an older program has reckoned it"
    )
    currency = text("currency that a commitment or credit is agreed in; NULL: USD, or percent", nullable=True)
    agreed_local = usd("agreed_usd in that currency", unit="currency")
    charge_local = usd("of a credit: charge_usd in that currency; else NULL", unit="currency")
    is_open = flag("the period is not over, so the figures may still grow")
    usage_rows = count("sums of usage that it covers", unit="rows")
