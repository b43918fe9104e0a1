"""Azure: requests split over rows, deployments, and which category of diagnostics counts tokens."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path

SAMPLE = Path(__file__).parents[3] / "usage_files" / "azure_llm_log.jsonl"


def entry(**other):
    plain = {
        "TimeGenerated": "2026-03-01T00:00:00Z",
        "CorrelationId": "c",
        "ModelName": "gpt-x",
        "DeploymentName": "mine",
        "PromptTokens": 100,
        "CompletionTokens": 20,
        "TotalTokens": 120,
    }
    return {**plain, **other}


def diagnostics(category, **properties):
    return {
        "TimeGenerated": "2026-03-01T00:00:00Z",
        "CorrelationId": "d",
        "Category": category,
        "properties_s": json.dumps(properties),
    }


def lines(*entries):
    return "\n".join(map(json.dumps, entries))


def test_totals_of_the_sample(read):
    found = read(SAMPLE)
    # Two rows that hold messages are no requests of their own: 4 requests if every row were one.
    assert (found.format, found.row_count, found.ignored_count, found.rules) == ("azure_openai", 2, 2, [])
    assert found.usage["input_uncached_tokens"].to_list() == [1000, 50]
    assert found.usage["cache_read_tokens"].to_list() == [None, None]
    assert found.usage["output_tokens"].to_list() == [200, 20]
    # The name of a deployment only where the model is not told.
    assert found.usage["model"].to_list() == ["gpt-5-mini-2025-08-07", "my-large"]
    assert set(found.usage["channel"]) == {"azure"}
    assert found.usage["usage_at"].to_list()[0] == datetime(2026, 3, 1, 0, 0, 0, 123000)
    assert "SECRET" not in found.usage.write_json()


def test_rows_that_repeat_the_tokens_count_once(read):
    found = read(lines(*(entry(SequenceNumber=number) for number in range(3))))
    # 300 if each row counted
    assert found.row["input_uncached_tokens"] == 100


def test_of_diagnostics_only_request_usage_counts_tokens(read):
    plain = diagnostics("RequestResponse", modelDeploymentName="mine", requestLength=9)
    usage = diagnostics("AzureOpenAIRequestUsage", modelDeploymentName="mine", promptTokens=100, completionTokens=20)
    found = read(lines(plain, usage))
    assert (found.row["input_uncached_tokens"], found.row["model"], found.ignored_count) == (100, "mine", 1)


def test_csv_says_the_same(read):
    stream = io.StringIO()
    row = {"TimeGenerated [UTC]" if name == "TimeGenerated" else name: value for name, value in entry().items()}
    writer = csv.DictWriter(stream, row)
    writer.writeheader()
    writer.writerow(row)
    from_json = read(lines(entry())).usage.drop("import_id", "source_line")
    assert read(stream.getvalue()).usage.drop("import_id", "source_line").equals(from_json)


def test_broken_rows_are_refused_with_their_rule(read):
    entries = {
        "no_identity": entry(CorrelationId=None),
        "no_model": entry(ModelName="", DeploymentName=""),
        "no_token_counts": entry(CompletionTokens=None),
        "total_does_not_add_up": entry(TotalTokens=119),
        "not_a_count": entry(PromptTokens=-1),
        "not_a_timestamp": entry(TimeGenerated="3/1/2026, 12:00:00.000 AM"),
    }
    found = read(lines(*entries.values()))
    assert found.rules == list(entries)
