"""Whole pages that a mistake moved: what of them waits, and what another source may and may not bear out."""

from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.columns import polars_schema
from pipelines.schema.gpu_rates import GpuRate, GpuRateObservation
from pipelines.schema.holds import PriceHold
from pipelines.schema.token_prices import TokenPrice, TokenPriceObservation
from pipelines.snapshots.book import GPU_RATES, TOKEN_PRICES, Reading
from pipelines.snapshots.doubted_rows import Beside
from pipelines.snapshots.label_rules import LABEL_MOVES
from pipelines.snapshots.quarantine import quarantine

AT = datetime(2026, 3, 2, 6)
PRICE = {
    "provider": "p", "channel": "api", "region": "global", "model": "m", "meter": "output", "service_tier": "standard",
    "context_from": 0, "time_window": "always", "unit": "mtok", "currency": "USD", "printed": "$", "basis": "printed",
}  # fmt: skip
RATE = {
    "provider": "p", "tier": "vm", "sku": "H100", "gpu": "H100", "variant": "", "memory_gb": 80, "gpu_count": 1,
    "gpu_fraction": Decimal(1), "region": "global", "pricing": "on_demand", "price_kind": "quoted", "currency": "USD",
    "printed": "$",
}  # fmt: skip
SINCE = {"is_listed": True, "fetch_id": "f", "valid_from": datetime(2026, 1, 1), "known_from": datetime(2026, 1, 1)}
BOOKS = {TOKEN_PRICES: (PRICE, TokenPrice, TokenPriceObservation), GPU_RATES: (RATE, GpuRate, GpuRateObservation)}
PEAK = {"time_window": "mon-fri 01:00-04:00"}


def amount(book, usd):
    names = ("usd_per_unit",) if book is TOKEN_PRICES else ("usd_per_gpu_hour", "local_per_gpu_hour")
    return dict.fromkeys(names, Decimal(usd))


def versions(book, *rows, source="page"):
    plain, schema, _ = BOOKS[book]
    known = [
        plain | SINCE | {book.id_column: f"{source}{n}", "source": source} | amount(book, usd) | key
        for n, (usd, key) in enumerate(rows)
    ]
    return pl.DataFrame(known, schema=polars_schema(schema))


def observed(book, *rows):
    plain, _, schema = BOOKS[book]
    return pl.DataFrame([plain | amount(book, usd) | key for usd, key in rows], schema=polars_schema(schema))


def entered(before, after, others=(), book=TOKEN_PRICES, refused=(), kept=(), *, is_recent=True):
    """(amounts that enter, how many wait, the reasons) of a page after another one, of which `kept` stays."""
    current = versions(book, *before)
    beside = Beside(observed(book, *refused), versions(book, *kept))
    stated = versions(book, *others, source="feed").with_columns(is_recent=pl.lit(value=is_recent))
    found = quarantine(
        book, current, observed(book, *after), pl.DataFrame(schema=polars_schema(PriceHold)), stated,
        Reading("page", "f2", AT), beside,
    )  # fmt: skip
    amounts = found.observed[book.amount].to_list()
    return sorted(f"{usd.normalize():f}" for usd in amounts), found.held_count, set(found.holds["reason"])


def page(*usd, **key):
    """Input and output of as many models as there are prices, one model each."""
    return [
        (Decimal(each) * times, {"model": f"m{n}", "meter": meter} | key)
        for n, each in enumerate(usd)
        for meter, times in (("input_uncached", 1), ("output", 5))
    ]


def test_prices_of_some_hours_are_not_borne_out_by_those_of_others():
    """DeepSeek's peak is exactly twice its off-peak: all prices x2 print what another source has at peak."""
    before = [*page(1, 3), *page(2, 6, **PEAK)]
    after = [*page(2, 6), *page(4, 12, **PEAK)]
    assert entered(before, after, others=before)[:2] == (entered(before, before)[0], 8)


def test_a_dated_id_is_not_borne_out_by_the_price_of_the_plain_one():
    """gpt-4o-2024-05-13 at half its price is the price of gpt-4o."""
    before = [*page(5, 8), (5, {"model": "x-2024-05-13"})]
    after = [*page("2.5", 4), ("2.5", {"model": "x-2024-05-13"})]
    others = [("2.5", {"model": "x"}), (5, {"model": "x-2024-05-13"})]
    assert entered(before, after, others)[:2] == (entered(before, before)[0], 5)
    assert entered(before, after, others[:1])[1] == 0, "of an id that nobody else prices the plain one speaks"


def test_a_model_that_another_source_bears_out_bears_out_no_other_model():
    before, after = page(1, 2, 4), page(2, 4, 8)
    assert entered(before, after, others=[*page(2), *page(1, 2)[2:]])[1] == 4
    assert entered(before, after, others=page(2))[1] == 0, "nobody contradicts it"


@pytest.mark.parametrize("label", [{"channel": "azure"}, {"region": "eu"}, {"service_tier": "batch"}])
def test_another_source_that_has_the_new_label_too_says_nothing_of_the_old_one(label):
    before, after = page(1, 3), page(1, 3, **label)
    assert entered(before, after, others=[*before, *after])[:2] == ([], 4)


def test_what_is_new_on_a_page_that_moves_by_one_factor_waits_with_the_rest():
    new = [(12, {"model": "new", "meter": "output"})]
    before, after = page(1, 2, 3), [*page(2, 4, 6), *new]
    assert entered(before, after)[:2] == (entered(before, before)[0], 7)
    assert entered(before, [*page(1, 2, 6), *new])[:2] == (["1", "10", "12", "2", "30", "5", "6"], 0), (
        "of one model only"
    )
    assert entered(before, after, others=new)[1] == 6, "another source prints it"


@pytest.mark.parametrize("label", [{"channel": "azure"}, {"region": "eu"}, {"service_tier": "batch"}])
def test_a_label_that_moves_for_all_rows_is_seen_beside_versions_that_stay(label):
    """A page that loses all its models at once keeps their prices: they are still what its new rows were."""
    amounts, held, reasons = entered([], page(1, 3, **label), kept=page(1, 3))
    assert (amounts, held) == ([], 4)
    assert reasons == {f"the {next(iter(label))} {LABEL_MOVES}"}


def test_what_a_page_printed_until_a_day_does_not_come_back():
    since = {"effective_from": datetime(2026, 2, 1)}
    before, after = page(4, 5), [*page("3.9", "4.7"), *page("0.5", "0.6", **since)]
    amounts, held, _ = entered(before, after)
    assert (amounts, held) == (entered(before, before)[0], 4), "the later rows wait, and the earlier ones are over"


def test_the_boundary_of_one_model_moves_with_its_long_prompts():
    def prices(size):
        short = [(usd, key | {"context_to": size}) for usd, key in page(1, service_tier="standard")]
        batch = [(usd, key | {"context_to": size}) for usd, key in page(1, service_tier="batch")]
        return [*short, *batch, *page(2, context_from=size), *page(2, context_from=size, service_tier="batch")]

    _, held, reasons = entered(prices(200_000), prices(100_000))
    assert (held, len(reasons)) == (8, 2)


def test_long_prompts_at_one_factor_wait_though_the_page_holds_more():
    long, short = {"context_from": 200_000}, {"context_to": 200_000}
    before = [*page(1, 2, 3, 4, **short), *page(2, 4, 6, 8, **long)]
    after = [*page(1, 2, 3, 4, **short), *page("1.2", "2.4", "3.6", "4.8", **long)]
    assert entered(before, after)[:2] == (entered(before, before)[0], 8)


def cards(**usd):
    return [(each, {"gpu": name, "sku": name}) for name, each in usd.items()]


SELLERS = [(usd, {"provider": f"seller{n}"}) for n, usd in enumerate(("1.9", "2.5", "3", "6.9"))]


@pytest.mark.parametrize(("usd", "is_held"), [("0.25", True), ("0.9", False), ("2.4", False), ("9", False), (25, True)])
def test_a_first_page_of_cards_is_set_beside_all_sellers(usd, is_held):
    _, held, reasons = entered([], [(usd, {}), (usd, {"sku": "other"})], SELLERS, GPU_RATES)
    assert (held == 2) == is_held
    assert reasons <= {"most prices of the page are far from what other sources state"}


@pytest.mark.parametrize(("usd", "is_held"), [("0.2", True), ("0.9", False), ("8", False), ("25", True)])
def test_what_was_asked_long_ago_says_what_no_card_costs(usd, is_held):
    page = [(usd, {}), (usd, {"sku": "other"})]
    assert (entered([], page, SELLERS, GPU_RATES, is_recent=False)[1] == 2) == is_held


def test_no_seller_bears_out_the_rates_of_another():
    before = [("2", {"sku": f"s{n}"}) for n in range(5)]
    after = [("1.9", {"sku": "s0"}), *(("3", {"sku": f"s{n}"}) for n in range(1, 5))]
    assert entered(before, after, SELLERS, GPU_RATES)[1] == 4


def test_cards_that_trade_places_wait():
    before, after = cards(H100="2.5", A100="1.4"), cards(H100="1.4", A100="2.5")
    assert entered(before, after, book=GPU_RATES)[:2] == (["1.4", "2.5"], 2)
    renamed = [(usd, key | {"sku": f"new {key['sku']}"}) for usd, key in after]
    assert entered(before, renamed, book=GPU_RATES)[:2] == ([], 2)
    assert entered(before, cards(H100="2.4", A100="1.3"), book=GPU_RATES)[1] == 0


def test_a_rate_waits_that_its_refused_spot_rate_stands_above():
    spot, plain = {"pricing": "spot"}, {}
    before = [("4", plain), ("2", spot), ("8", {"gpu": "B200"}), ("3", {"gpu": "B200"} | spot)]
    after, refused = [("2", plain), ("3", {"gpu": "B200"})], [("4", spot), ("8", {"gpu": "B200"} | spot)]
    amounts, held, reasons = entered(before, after, book=GPU_RATES, refused=refused)
    assert (amounts, held, reasons) == (["4", "8"], 2, {"spot above on_demand of the same model"})


def test_one_new_price_far_from_all_others_waits_alone():
    others = page("1", "2", "3", "40")
    amounts, held, why = entered((), page("1", "2", "3", "4"), others)
    assert (held, why) == (2, {"far from what other sources state"})
    assert "4" not in amounts


def test_one_card_at_the_very_rate_of_one_that_left_waits():
    before = [("2", {"sku": "H100", "gpu": "H100"}), ("1", {"sku": "A100", "gpu": "A100"})]
    after = [("2", {"sku": "H200", "gpu": "H200", "memory_gb": 141}), before[1]]
    assert entered(before, after, book=GPU_RATES)[1:] == (1, {"the gpu moves for several keys at once"})
    after[0] = ("3", after[0][1])
    assert entered(before, after, book=GPU_RATES)[1:] == (0, set())


def test_most_pairs_of_a_first_page_in_the_wrong_order_wait():
    turned = [
        (usd, key | {"meter": {"output": "input_uncached", "input_uncached": "output"}[key["meter"]]})
        for usd, key in page("1", "2", "3")
    ]
    assert entered((), turned)[1:] == (6, {"input_uncached above output of the same model"})
    assert entered((), [*turned[:2], *page("1", "2", "3")[2:]])[1] == 0


SIZES = [("1", {"context_from": 0, "context_to": None}), ("3", {"context_from": 0, "meter": "input_uncached"})]


def test_a_price_of_all_sizes_that_now_ends_waits_unless_one_is_printed_beyond():
    cut = [(usd, key | {"context_to": 200_001}) for usd, key in SIZES]
    beyond = [("4", key | {"context_from": 200_001, "context_to": None}) for _, key in SIZES]
    assert entered(SIZES, cut)[1] == 2
    assert entered(SIZES, [*cut, *beyond])[1] == 0


def test_long_prompts_at_many_times_short_ones_wait_on_a_first_page_of_such():
    short = [*page(1, 2, context_to=200_001)]
    assert entered([], [*short, *page(10, 20, context_from=200_001)])[1] == 8
    assert entered([], [*short, *page(2, 4, context_from=200_001)])[1] == 0


def test_half_of_what_others_know_does_not_bear_out_the_rest():
    before, after = [*page("0.28", 3)], [*page("0.14", "1.5")]
    agree = [after[0], ("0.28", after[1][1]), after[2], ("4", after[3][1])]
    assert entered(before, after, agree)[0] == ["0.14", "1.4", "1.5", "15"]
    assert entered(before, after, after)[1] == 0


def tiers(models, batch):
    standard = page(*models, service_tier="standard")
    return [
        *standard,
        *((usd * Decimal(batch[key["model"]]), key | {"service_tier": "batch"}) for usd, key in standard),
    ]


def test_batch_prices_on_both_sides_of_the_usual_part_of_standard_wait():
    usual = {f"m{n}": "0.5" for n in range(12)}
    assert entered([], tiers(range(1, 13), usual))[1] == 0
    _, held, reasons = entered([], tiers(range(1, 13), usual | {"m1": "0.25", "m2": "1"}))
    assert (held, reasons) == (8, {"batch at another part of standard than of nearly all models"})
    assert entered([], tiers(range(1, 13), usual | {"m1": "1", "m2": "1"}))[1] == 0  # no discount
    assert entered([], tiers(range(1, 13), usual | {f"m{n}": f"0.{n}" for n in range(1, 9)}))[1] == 0
