"""Deprecation pages: one file per provider, `parse(body) -> Parsed`."""
