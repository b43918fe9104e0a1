"""GPU rental rates: one file per provider, `parse(body) -> Parsed`."""
