"""AWS's list of spot prices: the real nesting, own prices of GPU types."""

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.schema.gpu_rates import GpuRateObservation
from pipelines.sources.gpu_rates.aws_spot import parse
from pipelines.sources.parsed import ParseError

BODY = (Path(__file__).parents[3] / "pages" / "gpu_rates" / "aws_spot.js").read_text()
UNKNOWN = ("g9.xlarge in eu-central-1", "an instance type whose GPUs are not known")


def test_linux_prices_of_known_types_over_their_gpus():
    """2.4 / 4 = 0.6; 2.8 / 4 = 0.7. What is not offered, and what has no GPU, gives no row."""
    found = parse(BODY.encode())
    GpuRateObservation.validate(found.rows)
    columns = ("sku", "gpu", "gpu_count", "region", "pricing", "price_kind", "usd_per_gpu_hour")
    assert found.rows.select(columns).rows() == [
        ("g5.12xlarge", "A10G", 4, "us-east-1", "spot", "from", Decimal("0.6")),
        ("g5.12xlarge", "A10G", 4, "eu-central-1", "spot", "from", Decimal("0.7")),
    ]
    assert found.rejects.select("place", "reason").rows() == [UNKNOWN]


def test_without_the_call_around_it_it_is_the_same():
    bare = BODY.strip().removeprefix("callback(").removesuffix(");")
    assert parse(bare.encode()).rows.equals(parse(BODY.encode()).rows)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"2.4000"', '"NaN"', "the price is no positive number"),
        ('"2.4000"', '"0"', "the price is no positive number"),
        ('"2.4000"', "2.4", "no single price of Linux in USD"),
        ('[{"name": "linux", "prices": {"USD": "2.4000"}}', '[{"name": "beos", "prices": {}}', "no single price"),
    ],
)
def test_what_is_no_price_is_a_reject(old, new, reason):
    found = parse(BODY.replace(old, new).encode())
    assert found.rows["region"].to_list() == ["eu-central-1"]
    assert found.rejects["reason"][0].startswith(reason)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        BODY[:400],
        BODY.replace("perhr", "permonth"),
        BODY.replace('["USD"]', '["CNY"]'),
        BODY.replace('"instanceTypes"', '"types"'),
        BODY.replace("g5.", "m5.").replace("p4d.", "m4.").replace("g9.", "m9."),
    ],
)
def test_a_body_that_is_no_such_list_is_an_error(body):
    with pytest.raises(ParseError):
        parse(body.encode())
