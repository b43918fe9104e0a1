"""Whose model, and which request id, a display name of Google Cloud's price page stands for. Exact tables and rules."""

import re

from pipelines.sources.llm_prices.anthropic_names import model_id

PARTNERS = {
    "Gemini 2.5 Pro Computer Use-Preview": ("google", "gemini-2.5-computer-use-preview-10-2025"),
    "Gemma 4 26B": ("google", "gemma-4-26b-a4b-it-maas"),
    "DeepSeek-R1 (0528)": ("deepseek", "deepseek-r1-0528-maas"),
    "Qwen3-Next-80B-Thinking": ("qwen", "qwen3-next-80b-a3b-thinking-maas"),
    "Qwen3-Next-80B-Instruct": ("qwen", "qwen3-next-80b-a3b-instruct-maas"),
    "Llama 3.1 405B": ("meta", "llama-3.1-405b-instruct-maas"),
    "Llama 3.3 70B": ("meta", "llama-3.3-70b-instruct-maas"),
    "Llama 4 Scout": ("meta", "llama-4-scout-17b-16e-instruct-maas"),
    "Llama 4 Maverick": ("meta", "llama-4-maverick-17b-128e-instruct-maas"),
    "Mistral Medium 3": ("mistral", "mistral-medium-3"),
    "Mistral Small 3.1 (25.03)": ("mistral", "mistral-small-2503"),
    "Codestral 2": ("mistral", "codestral-2"),
}
"""Names from which the id does not follow."""

_GEMINI = re.compile(r"Gemini \d{1,2}(?:\.\d{1,2})? (?:Pro|Flash|Flash[- ]Lite)(?: Image)?(?: Preview)?", re.ASCII)
_CLAUDE = re.compile(r"(?:Claude )?(?:Opus|Sonnet|Haiku|Fable|Mythos) \d{1,2}(?:\.\d{1,2})?", re.ASCII)
_EARLY_CLAUDE = re.compile(r"Claude (\d(?:\.\d)?) (Opus|Sonnet|Haiku)", re.ASCII)
_STATUS = re.compile(r" \((?:Deprecated|deprecated)\)$")
_GROK = re.compile(r"Grok \d{1,2}(?:\.\d{1,2})?(?: Fast)?(?: (?:Non-)?Reasoning)?", re.ASCII)
_MANAGED = {
    "deepseek": re.compile(r"DeepSeek-V\d(?:\.\d)?|DeepSeek-OCR", re.ASCII),
    "minimax": re.compile(r"MiniMax-M\d(?:\.\d)?", re.ASCII),
    "moonshot": re.compile(r"Kimi-K\d(?:\.\d)?(?:-Thinking)?", re.ASCII),
    "qwen": re.compile(r"Qwen3-(?:Coder-)?\d{2,3}B-A\d{1,2}B-(?:Instruct|Thinking)(?:-\d{4})?", re.ASCII),
    "zai": re.compile(r"GLM-\d(?:\.\d)?", re.ASCII),
    "openai": re.compile(r"gpt-oss-\d{2,3}b", re.ASCII),
}
"""Open models whose id is the name in small letters with the platform's ending for models that it runs itself."""


def model_of(name: str) -> tuple[str, str] | None:
    """Provider and request id of a display name, or None.

    "Gemini 3.1 Pro Preview" -> gemini-3.1-pro-preview; "Opus 4.5" or "Claude Opus 4.5" -> claude-opus-4-5;
    "DeepSeek-V3.2" -> deepseek-v3.2-maas.
    """
    if name in PARTNERS:
        return PARTNERS[name]
    if _GEMINI.fullmatch(name):
        return "google", name.lower().replace(" ", "-")
    if _GROK.fullmatch(name):
        return "xai", name.lower().replace(" ", "-")
    for provider, pattern in _MANAGED.items():
        if pattern.fullmatch(name):
            return provider, f"{name.lower()}-maas"
    early = _EARLY_CLAUDE.fullmatch(_STATUS.sub("", name))
    if early:
        return "anthropic", f"claude-{early[1].replace('.', '-')}-{early[2].lower()}"
    model = model_id(name) if _CLAUDE.fullmatch(name) else None
    return ("anthropic", model) if model else None
