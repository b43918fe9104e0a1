"""main.claim_check: the figures of two articles, recomputed."""

import dataframely as dy

from pipelines.schema.columns import choice, day, text

VERDICTS = ("holds", "wrong", "depends", "unverifiable", "unknown")


class ClaimCheck(dy.Schema):
    """A numeric claim of an article at the prices of its date and of a day: grain as_of, claim_id.

    Nothing of it is declared but the claim and its formula: a price that changes changes the row (docs/claims.md).
    """

    as_of = day("day whose prices the columns that end in _on_day rest on")
    claim_id = text("number of the claim: S0 and S2 name the article")
    article = text("title of the article")
    claim = text("what it says, in our own words")
    claimed_on = day("day whose prices the claim is held to")
    unit = text("unit of the figures")
    stated = text("figure as the article states it: 330, 2..4, <=5 or >=200")
    recomputed = text("what its cases come to at claimed_on; NULL where there is no formula or no price", nullable=True)
    factor = text("stated over recomputed, where one figure stands against one", nullable=True)
    verdict = choice(
        "holds: all cases lie in what is stated; depends: some do; wrong: none does; unverifiable: no formula, or a "
        "premise that nobody can look up; unknown: a price is missing, see reason",
        VERDICTS,
    )
    recomputed_on_day = text("the same at as_of", nullable=True)
    factor_on_day = text("the same at as_of", nullable=True)
    verdict_on_day = choice("the same at as_of", VERDICTS)
    formula = text("formulas of the cases and of the terms that they name", nullable=True)
    inputs = text("prices, rates and facts at claimed_on, as JSON: name, value, unit, source, version, since")
    inputs_on_day = text("the same at as_of")
    versions = text("versions in core.token_price and core.gpu_rate behind the row, comma separated", nullable=True)
    reason = text("why it cannot be verified, or computed", nullable=True)
    note = text("what to know beside it", nullable=True)
    formula_version = text("version of the formulas")
