"""Names of models in Amazon Bedrock's price list -> Bedrock's ids. By exact name or exact rule; nothing is likened.

The ids are those of requests, without region; of Claude and GPT the list names no snapshot, so the id holds no date.
"""

import re

from pipelines.models.model_ids import PlatformId, platform_id
from pipelines.sources.llm_prices.anthropic_names import model_id as claude_id

IDS = {
    "Claude Instant": "anthropic.claude-instant-v1",
    "Claude 2.0": "anthropic.claude-v2",
    "Claude 2.1": "anthropic.claude-v2:1",
    "Claude 3.5 Sonnet v2": "anthropic.claude-3-5-sonnet-20241022-v2:0",
    "Claude Mythos Preview": "anthropic.claude-mythos-preview",
    "DeepSeek V3.1": "deepseek.v3-v1:0",
    "DeepSeek v3.2": "deepseek.v3.2",
    "GLM 4.7": "zai.glm-4.7",
    "GLM 4.7 Flash": "zai.glm-4.7-flash",
    "GLM 5": "zai.glm-5",
    "GPT OSS Safeguard 120B": "openai.gpt-oss-safeguard-120b",
    "GPT OSS Safeguard 20B": "openai.gpt-oss-safeguard-20b",
    "Jamba 1.5 Large": "ai21.jamba-1-5-large-v1:0",
    "Jamba 1.5 Mini": "ai21.jamba-1-5-mini-v1:0",
    "Kimi K2 Thinking": "moonshot.kimi-k2-thinking",
    "Kimi K2.5": "moonshotai.kimi-k2.5",
    "Kimi K3": "moonshotai.kimi-k3",
    "Magistral Small 1.2": "mistral.magistral-small-2509",
    "Minimax M2": "minimax.minimax-m2",
    "Minimax M2.1": "minimax.minimax-m2.1",
    "MiniMax M2.5": "minimax.minimax-m2.5",
    "Ministral 3B 3.0": "mistral.ministral-3-3b-instruct",
    "Ministral 8B 3.0": "mistral.ministral-3-8b-instruct",
    "Ministral 14B 3.0": "mistral.ministral-3-14b-instruct",
    "Mistral 7B": "mistral.mistral-7b-instruct-v0:2",
    "Mistral Large": "mistral.mistral-large-2402-v1:0",
    "Mistral Large 2407": "mistral.mistral-large-2407-v1:0",
    "Mistral Large 3": "mistral.mistral-large-3-675b-instruct",
    "Mistral Small": "mistral.mistral-small-2402-v1:0",
    "Mixtral 8x7B": "mistral.mixtral-8x7b-instruct-v0:1",
    "NVIDIA Nemotron 3 Super 120B A12B": "nvidia.nemotron-super-3-120b",
    "NVIDIA Nemotron Nano 2": "nvidia.nemotron-nano-9b-v2",
    "NVIDIA Nemotron Nano 2 VL": "nvidia.nemotron-nano-12b-v2",
    "Nemotron Nano 3 30B": "nvidia.nemotron-nano-3-30b",
    "Palmyra X4": "writer.palmyra-x4-v1:0",
    "Palmyra X5": "writer.palmyra-x5-v1:0",
    "Pixtral Large 25.02": "mistral.pixtral-large-2502-v1:0",
    "Qwen3 235B A22B 2507": "qwen.qwen3-235b-a22b-2507-v1:0",
    "Qwen3 32B": "qwen.qwen3-32b-v1:0",
    "Qwen3 Coder 30B A3B": "qwen.qwen3-coder-30b-a3b-v1:0",
    "Qwen3 Coder 480B A35B": "qwen.qwen3-coder-480b-a35b-v1:0",
    "Qwen3 Coder Next": "qwen.qwen3-coder-next",
    "Qwen3 Next 80B A3B": "qwen.qwen3-next-80b-a3b",
    "Qwen3 VL 235B A22B": "qwen.qwen3-vl-235b-a22b",
    "R1": "deepseek.r1-v1:0",
    "gpt-oss-120b": "openai.gpt-oss-120b-1:0",
    "gpt-oss-20b": "openai.gpt-oss-20b-1:0",
}
MARKETPLACE_EDITION = " (Amazon Bedrock Edition)"

_NOVA = re.compile(r"Nova (?:(?P<generation>[2-9])\.0 )?(?P<size>Micro|Lite|Pro|Premier|Omni|Sonic)", re.ASCII)
_LLAMA = re.compile(r"Llama (?P<version>\d(?:\.\d)?) (?P<size>\d{1,3}B|Maverick 17B|Scout 17B)(?: Instruct)?", re.ASCII)
_OLD_CLAUDE = re.compile(r"Claude (?P<version>[34](?:\.\d)?) (?P<family>Haiku|Sonnet|Opus)", re.ASCII)
_GPT = re.compile(r"OpenAI GPT-(?P<version>\d{1,2}(?:\.\d)?)(?: (?P<name>[A-Z][a-z]+))?", re.ASCII)


def model_of(name: str) -> PlatformId | None:
    """Maker and model of a name in the list, or None: "Llama 3.1 70B" is llama3-1-70b-instruct of meta."""
    bare = name.removesuffix(MARKETPLACE_EDITION)
    return platform_id(IDS.get(bare) or _by_rule(bare) or bare)


def _by_rule(name: str) -> str | None:
    nova, llama, gpt = _NOVA.fullmatch(name), _LLAMA.fullmatch(name), _GPT.fullmatch(name)
    if nova:
        return "-".join(["amazon.nova", *([nova["generation"]] if nova["generation"] else []), nova["size"].lower()])
    if llama:
        version, size = llama["version"].replace(".", "-"), llama["size"].lower().replace(" ", "-")
        return f"meta.llama{version}-{size}-instruct"
    if gpt:
        return "-".join([f"openai.gpt-{gpt['version']}", *([gpt["name"].lower()] if gpt["name"] else [])])
    old = _OLD_CLAUDE.fullmatch(name)
    claude = claude_id(f"Claude {old['family']} {old['version']}" if old else name)
    return f"anthropic.{claude}" if claude else None
