"""Names in Bedrock's tables of ending models -> ids of the platform, and what an id says. No table is read here.

Exact names only, from AWS's list of base models. Those in the table of active versions stand beside their ids on the
page and need no entry.
"""

from pipelines.models.model_ids import platform_id

ENDING_MODELS = {
    "AI21 Jamba-Instruct": "ai21.jamba-instruct-v1:0",
    "Ai21 J2 Jumbo-Instruct": "ai21.j2-jumbo-instruct",
    "Ai21 J2 Mid-v1": "ai21.j2-mid-v1",
    "Ai21 J2 Ultra-v1": "ai21.j2-ultra-v1",
    "Ai21 J2-Grande-Instruct": "ai21.j2-grande-instruct",
    "Amazon Titan Image Generator G1 V1": "amazon.titan-image-generator-v1",
    "Amazon Titan Text G1 - Express": "amazon.titan-text-express-v1",
    "Amazon Titan Text G1 - Lite": "amazon.titan-text-lite-v1",
    "Amazon Titan Text G1 - Premier": "amazon.titan-text-premier-v1:0",
    "Claude 3 Haiku": "anthropic.claude-3-haiku-20240307-v1:0",
    "Claude 3 Opus": "anthropic.claude-3-opus-20240229-v1:0",
    "Claude 3 Sonnet": "anthropic.claude-3-sonnet-20240229-v1:0",
    "Claude 3.5 Haiku": "anthropic.claude-3-5-haiku-20241022-v1:0",
    "Claude 3.5 Sonnet v1": "anthropic.claude-3-5-sonnet-20240620-v1:0",
    "Claude 3.5 Sonnet v2": "anthropic.claude-3-5-sonnet-20241022-v2:0",
    "Claude 3.7 Sonnet": "anthropic.claude-3-7-sonnet-20250219-v1:0",
    "Claude Instant": "anthropic.claude-instant-v1",
    "Claude Opus 4": "anthropic.claude-opus-4-20250514-v1:0",
    "Claude Opus 4.1": "anthropic.claude-opus-4-1-20250805-v1:0",
    "Claude Sonnet 4": "anthropic.claude-sonnet-4-20250514-v1:0",
    "Claude v1.3": "anthropic.claude-v1",
    "Claude v2": "anthropic.claude-v2",
    "Claude v2.1": "anthropic.claude-v2:1",
    "Cohere Command": "cohere.command-text-v14",
    "Cohere Command Light": "cohere.command-light-text-v14",
    "Meta Llama 2 13b-chat-v1": "meta.llama2-13b-chat-v1",
    "Meta Llama 2 70b-chat-v1": "meta.llama2-70b-chat-v1",
    "Meta Llama 2-13b": "meta.llama2-13b-v1",
    "Meta Llama 2-70b": "meta.llama2-70b-v1",
    "Stability 3 Large": "stability.sd3-large-v1:0",
    "Stability Image Core v1": "stability.stable-image-core-v1:0",
    "Stability Image Ultra v1": "stability.stable-image-ultra-v1:0",
    "Stable Diffusion XL 0.8": "stability.stable-diffusion-xl-v0",
    "Stable Diffusion XL 1.0": "stability.stable-diffusion-xl-v1",
}


def identity(text: str) -> dict[str, str]:
    """Maker, model and revision of an id: "stability.stable-image-core-v1:1" is stable-image-core, "v1:1".

    Raises ValueError for an id of another form.
    """
    parts = platform_id(text)
    if parts is None or parts.channel != "bedrock":
        raise ValueError("not a model id of the platform")
    own_name = text.rpartition("/")[2].partition(".")[2]
    has_revision = own_name.startswith(f"{parts.model}-")
    return {
        "provider": parts.provider,
        "channel": parts.channel,
        "model": parts.model,
        "version": own_name.removeprefix(f"{parts.model}-") if has_revision else "",
    }
