"""Claude Code session logs (~/.claude/projects/**/*.jsonl) -> one row per response.

A response is written as one to three lines, one per content block, with the output counted so far; the key is
message.id and requestId, and `settle` keeps the largest. Logs hold prompts, code and secrets: only the
fields named here are ever read, and a reject keeps a short list of fields that cannot hold text of a message.
"""


