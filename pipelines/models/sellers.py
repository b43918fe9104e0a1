"""Who sells a model that is named without its provider: only who lists exactly that id, and only if it is clear.

What else an id may mean is in `books.name_forms`.
"""

import re
from dataclasses import replace

import polars as pl

from pipelines.models.id_variants import Name, Pointers, forms
from pipelines.models.provider_names import MAKER_PROVIDERS, SINGLE_SNAPSHOT_PROVIDERS

_DATED = re.compile(r"(?P<name>.+)[-@]20\d{6}", re.ASCII)


class PriceLists:
    """Which (provider, channel) lists which model id. `listed`: columns provider, channel, model."""

    def __init__(self, listed: pl.DataFrame) -> None:
        self._sellers: dict[str, set[tuple[str, str]]] = {}
        self._snapshots: dict[tuple[str, str, str], set[str]] = {}
        for provider, channel, model in listed.select("provider", "channel", "model").unique().iter_rows():
            self._sellers.setdefault(model, set()).add((provider, channel))
            dated = _DATED.fullmatch(model) if provider in SINGLE_SNAPSHOT_PROVIDERS else None
            if dated:
                self._snapshots.setdefault((provider, channel, dated["name"]), set()).add(model)

    def snapshot(self, name: Name) -> str | None:
        """The one dated snapshot that an undated id means, where the provider never has two and one is listed."""
        listed = self._snapshots.get((name.provider, name.channel, name.model), set())
        return next(iter(listed)) if len(listed) == 1 else None

    def seller(self, model: str, channel: str | None) -> tuple[str, str] | str | None:
        """Provider and channel of the one list that has the id; None where none has it, or why it is not clear.

        Of several providers on one channel the maker's own list counts, where exactly one of them is a maker.
        A channel of None is any.
        """
        sellers = {seller for seller in self._sellers.get(model, set()) if channel in (None, seller[1])}
        makers = {seller for seller in sellers if channel and seller[0] in MAKER_PROVIDERS}
        for choice in (sellers, makers):
            if len(choice) == 1:
                return next(iter(choice))
        if not sellers:
            return None
        names = sorted(provider if channel else f"{provider} on {on}" for provider, on in sellers)
        return f"ambiguous: listed by {', '.join(names)}; say --provider"


def inferred(name: Name, lists: PriceLists, pointers: Pointers) -> Name | str | None:
    """A name of unknown provider with the provider that sells it, None where nobody does, or why it is not clear.

    On the channel of the log: who lists the id itself, or without its date, or its only snapshot, or the base of a
    fine-tune, or moved the name. An id that nobody lists on 'api' may be another channel's own, but only as it stands.
    """
    for form in forms(name, {}):
        seller = lists.seller(form.model, name.channel)
        if isinstance(seller, str):
            return seller
        if seller:
            return replace(name, provider=seller[0], rule="inferred")
    movers = {provider for provider, channel, alias in pointers if (channel, alias) == (name.channel, name.model)}
    movers |= {maker for maker in SINGLE_SNAPSHOT_PROVIDERS if lists.snapshot(replace(name, provider=maker))}
    if len(movers) == 1:
        return replace(name, provider=movers.pop(), rule="inferred")
    seller = lists.seller(name.model, None) if name.channel == "api" else None
    return (
        replace(name, provider=seller[0], channel=seller[1], rule="inferred") if isinstance(seller, tuple) else seller
    )
