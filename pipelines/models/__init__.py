"""What an id of a model means: variants, aliases, providers, the user's own map. Pure functions; no prices."""
