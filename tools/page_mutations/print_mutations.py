"""Mutations of how prices, units and labels are printed: words beside them, odd digits, another unit in one place."""

import re

from tools.page_mutations.text_mutations import TextMutation

_USD = re.compile(r"\$(\d[\d,]*(?:\.\d+)?)(?![\d.])", re.ASCII)
_FULL_WIDTH = str.maketrans("0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")


def _as(template: str) -> TextMutation:
    """Each price as a template says; {} is its figure."""
    return lambda text: _USD.sub(lambda m: template.replace("{}", m.group(1)), text)


def _figure(change: re.Pattern[str], into: str) -> TextMutation:
    """The figures of prices changed where a pattern holds."""
    return lambda text: _USD.sub(lambda m: "$" + change.sub(into, m.group(1)), text)


def _text(pattern: str, into: str, count: int = 0) -> TextMutation:
    return lambda text: re.sub(pattern, into, text, count=count)


WORDS: dict[str, TextMutation] = {
    name: _as(template)
    for name, template in {
        "from": "from ${}",
        "starting at": "Starting at ${}",
        "up to": "up to ${}",
        "as low as": "as low as ${}",
        "range": "${}-$99",
        "range of bare figures": "${}-99",
        "range with dash and blanks": "${} \N{EN DASH} $99",
        "two prices": "$99 ${}",
        "two prices, other order": "${} $99",
        "two prices by a slash": "${} / $99",
        "two prices by a comma": "${}, $99",
        "two prices on two lines": "${}<br>$99",
        "or": "${} or $99",
        "was, now": "was $99, now ${}",
        "now, was": "${} (was $99)",
        "arrow": "$99 \N{RIGHTWARDS ARROW} ${}",
        "until a day": "${} until December 31, 2025",
        "from a day": "${} from January 1, 2027",
        "about": "~${}",
        "less than": "<${}",
        "at least": "${}+",
        "asterisk": "${}*",
        "minus": "-${}",
        "thousand": "${}K",
        "million": "${} million",
        "cent sign": "{}\N{CENT SIGN}",
        "percent": "${}%",
        "half off": "${} (50% off)",
        "times": "2 x ${}",
        "another unit in the cell": "${} / 1K tokens",
        "characters in the cell": "${} / 1M characters",
        "day in the cell": "${} / day",
        "month in the cell": "${}/month",
        "aria-hidden": '<span aria-hidden="true">$99</span> ${}',
        "transparent": '<span style="color:transparent">$99</span> ${}',
        "off screen": '<span style="position:absolute; left:-9999px">$99</span> ${}',
        "decoration line": '<span style="text-decoration-line: line-through">$99</span> ${}',
        "class d-none": '<span class="d-none">$99</span> ${}',
        "class old-price": '<span class="old-price">$99</span> ${}',
        "one tilde": "~$99~ ${}",
        "details": "<details><summary>${}</summary>$99</details>",
        "title": '<abbr title="$99">${}</abbr>',
        "hidden input": '<input type="hidden" value="$99">${}',
        "option": "<select><option>${}</option><option>$99</option></select>",
        "ins": "<ins>${}</ins>",
    }.items()
}
DIGITS: dict[str, TextMutation] = {
    "comma for the point": _figure(re.compile(r"\."), ","),
    "point lost": _figure(re.compile(r"\."), ""),
    "blank for the point": _figure(re.compile(r"\."), " "),
    "middle dot for the point": _figure(re.compile(r"\."), "\N{MIDDLE DOT}"),
    "two points": _figure(re.compile(r"\."), ".."),
    "zero width space inside": _figure(re.compile(r"(?<=\d)(?=\d)"), "\N{ZERO WIDTH SPACE}"),
    "soft hyphen for the point": _figure(re.compile(r"\."), "\N{SOFT HYPHEN}"),
    "full width digits": lambda text: _USD.sub(lambda m: f"${m.group(1).translate(_FULL_WIDTH)}", text),
    "full width dollar": _as("\N{FULLWIDTH DOLLAR SIGN}{}"),
    "right to left": _as("$\N{RIGHT-TO-LEFT OVERRIDE}{}\N{POP DIRECTIONAL FORMATTING}"),
    "leading zeros": _as("$00{}"),
    "exponent": _as("${}e1"),
    "letter O": _figure(re.compile("0"), "O"),
    "entity": _as("&#36;{}"),
    "yen": _as("\N{YEN SIGN}{}"),
    "pound": _as("\N{POUND SIGN}{}"),
    "no sign": _as("{}"),
    "euros by word": _as("{} EUR"),
}
UNITS: dict[str, TextMutation] = {
    "one heading per 1K": _text(r"(?i)(per|/) ?(1M|1 million|million)\b", r"\1 1K", 1),
    "per 1K": _text(r"(?i)(per|/) ?(1M|1 million|million)\b", r"\1 1K"),
    "per 1B": _text(r"(?i)(per|/) ?(1M|1 million|million)\b", r"\1 1B"),
    "per 100K": _text(r"(?i)(per|/) ?(1M|1 million|million)\b", r"\1 100K"),
    "per 10M": _text(r"(?i)(per|/) ?(1M|1 million|million)\b", r"\1 10M"),
    "per token": _text(r"(?i)(per|/) ?(1M|1 million|million) tokens?", r"\1 token"),
    "per 1M characters": _text(r"(?i)(1M|1 million|million) tokens?", r"\1 characters"),
    "one heading per 1M characters": _text(r"(?i)(1M|1 million|million) tokens?", r"\1 characters", 1),
    "MTok as KTok": _text(r"MTok", "KTok"),
    "per second": _text(r"(?i)\b(per|/) ?(hour|hr|h)\b", r"\1 sec"),
    "per minute": _text(r"(?i)\b(per|/) ?(hour|hr|h)\b", r"\1 min"),
    "second as hour": _text(r"(?i)(per|/) ?(second|sec|s)\b", r"\1 hr"),
    "USD as CNY": _text(r"\bUSD\b", "CNY"),
    "USD as cents": _text(r"\bUSD\b", "US cents"),
}
KEYS: dict[str, TextMutation] = {
    "200K as 20K": _text(r"(?i)(?<![\d,.])200(k|,000)", r"20\1"),
    "200K as 2M": _text(r"(?i)(?<![\d,.])200(k|,000)", r"2000\1"),
    "272K as 27K": _text(r"(?i)(?<![\d,.])272(k|,000)", r"27\1"),
    "80 GB as 40 GB": _text(r"(?i)\b80( ?GB)", r"40\1"),
    "one 80 GB as 40 GB": _text(r"(?i)\b80( ?GB)", r"40\1", 1),
    "8x as 1x": _text(r"\b8 ?[xX]\b|\b[xX] ?8\b", "1x"),
    "years one later": _text(r"\b2026\b", "2027"),
    "years one earlier": _text(r"\b2026\b", "2025"),
    "months moved": _text(r"\b(August|September|October|November)\b", "March"),
    "standard as batch": _text(r"\b([Ss])tandard\b", "Batch"),
    "one standard as batch": _text(r"\b([Ss])tandard\b", "Batch", 1),
    "batch as standard": _text(r"\b[Bb]atch\b", "Standard"),
    "one batch as standard": _text(r"\b[Bb]atch\b", "Standard", 1),
    "spot as on-demand": _text(r"(?i)\bspot\b|\bpreemptible\b", "On-demand"),
    "H100 as H200": _text(r"\bH100\b", "H200"),
    "cached as input": _text(r"(?i)\bcached input\b", "Input"),
    "output as input": _text(r"\bOutput\b", "Input"),
    "one output as input": _text(r"\bOutput\b", "Input", 1),
    "writes as reads": _text(r"(?i)\bwrites?\b", "reads"),
    "5m as 1h": _text(r"\b5(?:m|-minute| minutes?)\b", "1h"),
    "global as regional": _text(r"\b[Gg]lobal\b", "US"),
}
TRUNCATED: dict[str, TextMutation] = {
    f"cut at {percent} %": lambda text, percent=percent: text[: len(text) * percent // 100]
    for percent in (30, 50, 70, 80, 90)
} | {"first half lost": lambda text: text[len(text) // 2 :]}
PRINT_MUTATIONS: dict[str, dict[str, TextMutation]] = {
    "words beside prices": WORDS,
    "digits and signs": DIGITS,
    "units in one place": UNITS,
    "labels in text": KEYS,
    "cut pages": TRUNCATED,
}
