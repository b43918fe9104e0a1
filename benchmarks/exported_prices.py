"""Proves `costs export prices`: each form is loaded into its peer, and the peer prices with it what the book says.

`python exported_prices.py LITELLM.json GENAI.json BOOK.csv`, with the peers' own Python (benchmarks/.peers): it has
none of our modules. Of every model that both the form and the peer know, 1,000 tokens in and 1,000 out are priced,
at the standard tier. Prints how many agree with the book and names those that do not.
"""

import csv
import json
import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

TOKENS = 1_000
LITELLM_PREFIXES = {"google": "gemini/", "together": "together_ai/", "fireworks": "fireworks_ai/"}
BARE = {"openai", "anthropic", "cohere"}


def book(file: Path) -> dict[tuple[str, str], Decimal]:
    """(provider, model) -> USD of 1,000 tokens in and 1,000 out, where the provider itself sells it."""
    prices: dict[tuple[str, str], dict[str, Decimal]] = {}
    with file.open() as lines:
        for row in csv.DictReader(lines):
            is_plain = row["channel"] == "api" and row["region"] == "global" and row["service_tier"] == "standard"
            if is_plain and row["context_from"] in {"0", "1"} and row["time_window"] == "always":
                prices.setdefault((row["provider"], row["model"]), {})[row["meter"]] = Decimal(row["usd_per_unit"])
    both = {key: found for key, found in prices.items() if {"input_uncached", "output"} <= set(found)}
    return {key: (found["input_uncached"] + found["output"]) * TOKENS / 1_000_000 for key, found in both.items()}


def by_litellm(file: Path, wanted: dict[tuple[str, str], Decimal]) -> dict[tuple[str, str], Decimal]:
    """What LiteLLM says with its price map replaced by the export: its one setting, LITELLM_LOCAL_MODEL_COST_MAP."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm  # noqa: PLC0415 - one peer in a process

    told: dict[str, Any] = json.loads(file.read_text())
    litellm.model_cost.clear()
    litellm.register_model(told)
    answers = {}
    for provider, model in wanted:
        name = model if provider in BARE else LITELLM_PREFIXES.get(provider, f"{provider}/") + model
        if name in told:
            seller = told[name]["litellm_provider"]
            try:
                sent, got = litellm.cost_per_token(
                    model=name, custom_llm_provider=seller, prompt_tokens=TOKENS, completion_tokens=TOKENS
                )
            except litellm.exceptions.ModelNotMappedError:
                print(f"  litellm routes {name} elsewhere and does not look it up")  # noqa: T201
                continue
            answers[provider, model] = Decimal(str(sent)) + Decimal(str(got))
    return answers


def by_genai_prices(file: Path, wanted: dict[tuple[str, str], Decimal]) -> dict[tuple[str, str], Decimal]:
    """What genai-prices says with the export as its snapshot."""
    from genai_prices import Usage, calc_price, types  # noqa: PLC0415 - one peer in a process
    from genai_prices.data_snapshot import DataSnapshot, set_custom_snapshot  # noqa: PLC0415

    told = json.loads(file.read_text())
    set_custom_snapshot(DataSnapshot(providers=types._providers_from_raw(told), from_auto_update=False))
    ours = {"google": "google", "moonshotai": "moonshot", "x-ai": "xai"}
    known = {(ours.get(one["id"], one["id"]), model["id"]): one["id"] for one in told for model in one["models"]}
    usage = Usage(input_tokens=TOKENS, output_tokens=TOKENS)
    return {key: calc_price(usage, key[1], provider_id=known[key]).total_price for key in wanted if key in known}


def main() -> None:
    """Print, for each peer, how many of its answers are the book's."""
    litellm_file, genai_file, book_file = map(Path, sys.argv[1:])
    wanted = book(book_file)
    for name, answers in (
        ("genai-prices", by_genai_prices(genai_file, wanted)),
        ("litellm", by_litellm(litellm_file, wanted)),
    ):
        wrong = [key for key, usd in answers.items() if abs(usd - wanted[key]) > Decimal("1e-12")]
        print(f"{name}: {len(answers)} of {len(wanted)} models priced, {len(answers) - len(wrong)} as the book says")  # noqa: T201
        for key in wrong[:20]:
            print(f"  {'/'.join(key)}: {answers[key]}, the book {wanted[key]}")  # noqa: T201


if __name__ == "__main__":
    main()
