"""main.usage_overlap: usage that is in the ledger and not in any cost, because a larger report states it too."""

import dataframely as dy

from pipelines.schema.columns import count, day, text


class UsageOverlap(dy.Schema):
    """Usage that is not counted, because another report of the same usage is: grain day, model, report."""

    usage_date = day("UTC day of the usage")
    provider = text("who bills it")
    channel = text("where the model is bought")
    model = text("model id without its snapshot date")
    report = text("what is not counted: 'requests', or format, bucket width and grouping of a report by buckets")
    usage_rows = count("its ledger rows", unit="rows")
    tokens = count("its tokens, all meters", unit="tokens")
    counted_report = text("what is counted instead")
    counted_tokens = count("tokens of what is counted", unit="tokens")
    reason = text("why the one is counted and not the other")
