"""The DuckDB file and the ledger: open, publish, marts, rows. Knows tables and files, nothing of what rows mean."""
