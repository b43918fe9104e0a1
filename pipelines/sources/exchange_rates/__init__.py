"""Reference rates of exchange: one file per source. Rates of GPUs are next door."""
