"""The code blocks of a Markdown file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Block(NamedTuple):
    """One fenced block; `file` is what its first line, a comment, calls it."""

    language: str
    text: str
    file: str | None


def blocks(path: Path) -> list[Block]:
    """All fenced blocks, in order."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)
    named = [(language, text, re.match(r"# (\S+\.\w+)\n", text)) for language, text in found]
    return [Block(language, text, match and match.group(1)) for language, text, match in named]
