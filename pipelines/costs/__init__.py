"""Ledger x prices -> cost: which days are stale, what counts once, cost beside the bill, quotes, FOCUS."""
