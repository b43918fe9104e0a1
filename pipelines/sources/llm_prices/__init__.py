"""Provider pages of token prices: one file per provider, `parse(body) -> Parsed`."""
