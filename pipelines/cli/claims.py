"""`costs claims`: the articles' figures, recomputed. Reads arguments, prints; `decisions` answers."""

from typing import Annotated

import typer

from pipelines.cli.answer import give_answer
from pipelines.cli.decision_options import DateOption, JsonOption, day_of, refuse
from pipelines.cli.rows import AsCsv, AsParquet, Limit


def claims(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    context: typer.Context,
    claim: Annotated[str | None, typer.Argument(help="One claim, such as S0-03, with formula and inputs.")] = None,
    verdict: Annotated[
        str | None, typer.Option(help="Only those: holds, wrong, depends, unverifiable, unknown.")
    ] = None,
    date: DateOption = None,
    as_json: JsonOption = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """The numeric claims of two articles on AI cost, recomputed at the prices of their date and of --date.

    Each with what it states, what it comes to, the factor between them, the verdict, the formula and its inputs.

    Examples: costs claims | costs claims S2-27 | costs claims --verdict wrong --date 2026-06-01 --json
    """
    from pipelines.decisions.claim_check import answer_claims
    from pipelines.warehouse.published import PublishedWarehouse

    if verdict is not None:
        from pipelines.schema.claims import VERDICTS

        if verdict not in VERDICTS:
            refuse(f"claims: --verdict {verdict}: write one of {', '.join(VERDICTS)}")
    answer = answer_claims(PublishedWarehouse(context.obj), day_of(date))
    known = [row["claim_id"] for row in answer["claims"]]
    if claim is not None and claim.upper() not in {name.upper() for name in known}:
        refuse(f"claims: {claim} is no claim; they are {known[0]} to {known[-1]}, see `costs claims`")
    answer["claims"] = [
        row
        for row in answer["claims"]
        if (claim is None or row["claim_id"].upper() == claim.upper()) and verdict in (None, row["verdict"])
    ]
    from pipelines.cli.views.claims import print_claim, print_claims

    shown = print_claims if claim is None else print_claim
    give_answer(answer, "claims", shown, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit)
