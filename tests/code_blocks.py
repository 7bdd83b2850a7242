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


def blocks(path: Path, section: str | None = None) -> list[Block]:
    """The fenced blocks of a file, or of one section of it, in order."""
    text = path.read_text()
    if section is not None:
        text = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    named = [(language, text, re.match(r"# (\S+\.\w+)\n", text)) for language, text in found]
    return [Block(language, text, match and match.group(1)) for language, text, match in named]
