"""Where the ledger is priced: in this process, or on a server of Spark Connect that COSTS_ENGINE names."""
