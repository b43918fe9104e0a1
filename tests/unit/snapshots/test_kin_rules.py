"""A first page of models that nobody else prices, beside other models of their families."""

import pytest

from pipelines.snapshots.book import TOKEN_PRICES
from pipelines.snapshots.kin_rules import FAR_FROM_KIN, kin_doubts
from pipelines.snapshots.quarantine import price_key
from tests.unit.snapshots.test_doubted_pages import observed, versions

OTHERS = [
    (usd, {"model": name, "meter": meter})
    for name, prices in (("ai21/jamba-1.5-large", (2, 8)), ("jamba-mini-1.6@001", ("0.2", "0.4")), ("j2-light", (3, 3)))
    for meter, usd in zip(("input_uncached", "output"), prices, strict=True)
]


def held(factor, names=("jamba-large", "jamba-mini"), others=OTHERS, old=None):
    page = [
        (float(usd) * factor, {"model": name, "meter": meter})
        for name, prices in zip(names, ((2, 8), (0.2, 0.4)), strict=True)
        for meter, usd in zip(("input_uncached", "output"), prices, strict=True)
    ]
    page = [(f"{usd:.6f}", key) for usd, key in page]
    moved = observed(TOKEN_PRICES, *page).with_columns(price_key=price_key(TOKEN_PRICES), old_amount=old)
    found = kin_doubts(TOKEN_PRICES, moved, versions(TOKEN_PRICES, *others, source="feed"))
    assert set(found["reason"]) <= {FAR_FROM_KIN}
    return found.height


@pytest.mark.parametrize(("factor", "count"), [(1, 0), (2, 0), (0.5, 0), (10, 4), (100, 4), (0.1, 4), (0.01, 4)])
def test_a_page_far_from_the_kin_of_its_models_waits(factor, count):
    assert held(factor) == count


def test_where_others_know_a_model_or_none_of_its_kin_it_says_nothing():
    known = [("20", {"model": "jamba-large", "meter": "output"})]
    assert held(10, others=[*OTHERS, *known]) == 0
    assert held(10, names=("luna-large", "luna-mini")) == 0
    assert held(10, others=[(usd, key | {"provider": "q"}) for usd, key in OTHERS]) == 0
