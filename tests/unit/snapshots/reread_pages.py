"""Pages of a made-up source, parsers for them that are files, and the current versions after reading them."""

import importlib.util
import sys
from datetime import datetime

from pipelines.snapshots.fetch_source import record_body
from pipelines.snapshots.load_body import promote_latest
from pipelines.sources.source import Source
from pipelines.warehouse.rows import read_table

KEY = "anthropic_pricing"
"""A key of the catalog, because only its sources have a rank; the parser is this test's own."""
D1, D2, D3, D4, D5 = (datetime(2026, 3, day, 8) for day in (1, 3, 5, 7, 9))
NOW, LATER = datetime(2026, 3, 10, 6), datetime(2026, 3, 11, 6)
MANY = {f"m{number}": 100 for number in range(10)}
PARSER = '''
from decimal import Decimal
from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices
from pipelines.sources.parsed import ParseError

DIVISORS, NAMES, UNREADABLE, UNKNOWN = {settings}

def parse(body):
    """Lines of: model, cents per million output tokens."""
    if UNREADABLE and UNREADABLE in body:
        raise ParseError("not the page that the parser knows")
    collector, prices = new_collector(), []
    for line in body.decode().splitlines():
        model, cents = line.split()
        if model in UNKNOWN:
            collector.reject(model, line, "unknown")
            continue
        usd = Decimal(cents) / DIVISORS.get(model, 100)
        prices.append(Price(model, "anthropic", NAMES.get(model, model), "output", usd, cents))
    return parsed_prices(prices, collector)
'''


def parser_file(folder, monkeypatch, divisors=None, names=None, unreadable=None, unknown=()):
    """A source whose parser is a new file; each call writes another one. Cents are a hundredth of a dollar."""
    name = f"parser_{len(list(folder.glob('*.py')))}"
    file = folder / f"{name}.py"
    file.write_text(PARSER.format(settings=repr((divisors or {}, names or {}, unreadable, unknown))))
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return Source(KEY, "llm_prices", "page", ("https://example.org/p",), module.parse, min_rows=1)


def page(**cents):
    return "\n".join(f"{model} {amount}" for model, amount in cents.items()).encode()


def promote(warehouse, source, at, body):
    assert record_body(warehouse, source, body, at).error is None
    promotion = promote_latest(warehouse, source, at)
    assert promotion.outcome == "promoted", promotion.reason
    return promotion


def table(warehouse, where="known_to IS NULL"):
    with warehouse.write() as connection:
        return read_table(connection, "core.token_price", where).sort("model", "valid_from", "known_from")


def current(warehouse, model):
    rows = table(warehouse).filter(model=model, is_listed=True)
    return rows.select("valid_from", "valid_to", "usd_per_unit", "basis", "known_from").rows()


def known(warehouse, valid_at, known_at):
    warehouse.publish()
    with warehouse.read() as connection:
        query = "SELECT model, usd_per_unit FROM price_known_at($valid, $known) ORDER BY ALL"
        return dict(connection.execute(query, {"valid": valid_at, "known": known_at}).fetchall())
