"""What tells one offer of a model from another: names only, so that it costs nothing to import."""

CHANNELS = ("api", "azure", "bedrock", "vertex", "openrouter", "claude_platform_aws")
"""api: the provider's own; claude_platform_aws: Anthropic's own, billed by AWS; the others sell models of several
providers at their own prices."""
SERVICE_TIERS = ("standard", "batch", "flex", "priority", "fast", "ultrafast")
MODEL_KEY = ("provider", "channel", "region", "model")
OFFER = (*MODEL_KEY, "service_tier")
OFFER_SEPARATOR = "\x1f"
"""Between the parts of an offer: no text of a log may hold it."""
