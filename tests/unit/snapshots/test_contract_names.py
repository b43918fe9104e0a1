"""Names in the contract that no price list and no usage has: told with file, line and what is like them."""

from datetime import date, datetime

import pytest

from pipelines.snapshots.contract_names import unknown_names
from pipelines.snapshots.prepare_run import prepare
from pipelines.warehouse.database import Warehouse
from tests.unit.costs.contract_rows import contract
from tests.unit.marts.mart_rows import PRICE, add

TODAY = date(2026, 3, 21)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    made = Warehouse(tmp_path_factory.mktemp("warehouse"))
    made.folder.mkdir(exist_ok=True)
    return made


def told(warehouse, *lines):
    (warehouse.folder / "contract_prices.csv").write_text(contract(*lines))
    with warehouse.write() as connection:
        return [problem.text for problem in unknown_names(connection, warehouse.folder, TODAY)]


def test_a_name_that_nothing_has_is_told_with_its_line_once_there_are_prices(warehouse):
    lines = (
        "discount,,openai,,gpt-5.4-mini,,,5,,,,", "discount,,opnai,,,,,5,,,,", "discount,,openai,,gtp-5.4-mini,,,5,,,,",
        "discount,any,OpenAI,,gpt-5.4-mini-2026-03-17,,,6,,,2026-03-01,", "discount,,later,,,,,5,,,2026-03-22,",
        "credit,,,,,,,5,,,,",
    )  # fmt: skip
    assert told(warehouse, *lines) == []
    add(warehouse, "core.token_price", PRICE | {"price_id": "p", "model": "gpt-5.4-mini-2026-03-17"})
    file = warehouse.folder / "contract_prices.csv"
    nothing = "no price list and no usage has the"
    assert told(warehouse, *lines) == [
        f"{file} line 3: {nothing} provider 'opnai', so the line prices nothing; did you mean openai?",
        f"{file} line 4: {nothing} model 'gtp-5.4-mini', so the line prices nothing; did you mean gpt-5.4-mini, "
        "gpt-5.4-mini-2026-03-17?",
    ]
    problems = prepare(warehouse, datetime(2026, 3, 21)).problems
    assert [problem.name for problem in problems] == ["contract_prices.csv"] * 2
