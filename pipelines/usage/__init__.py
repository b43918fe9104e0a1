"""Usage logs -> disjoint meters -> cost: importers, the ledger and the pricing function."""
