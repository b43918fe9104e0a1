"""Aggregated price files, kept as a cross-check of the providers: one file per feed, `parse(body) -> Parsed`."""
