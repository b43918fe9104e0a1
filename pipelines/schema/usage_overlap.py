"""main.usage_overlap: usage that is in the ledger and not in any cost, because a larger report states it too."""

import dataframely as dy

from pipelines.schema.columns import account, count, day, text, usd


class UsageOverlap(dy.Schema):
    """Usage that is not counted because another report of it is: grain day, account, model, both reports."""

    usage_date = day("UTC day of the usage")
    account_id = account()
    provider = text("who bills it")
    channel = text("where the model is bought")
    model = text("model id without its snapshot date")
    report = text("what is not counted: 'requests', or format, bucket width and grouping of a report by buckets")
    usage_rows = count("its ledger rows", unit="rows")
    tokens = count("its tokens, all meters", unit="tokens")
    counted_report = text("what is counted instead; NULL: nothing, its buckets are wider than a day", nullable=True)
    counted_tokens = count("tokens of what is counted", unit="tokens")
    left_out_usd = usd("what it would cost at the prices of that day; NULL where some of it has no price")
    reason = text("why the one is counted and not the other")
