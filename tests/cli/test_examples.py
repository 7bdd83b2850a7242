"""The examples in help texts are commands that exist, with options that they have."""

from __future__ import annotations

import shlex

import pytest

from lthcheck.cli import main


def examples():
    """(command, arguments) of each line of help that is a command."""
    for command in main.commands.values():
        for line in (command.help or "").splitlines():
            words = shlex.split(line, comments=True) if line.strip().startswith("lthcheck ") else []
            if words:
                yield words[1], words[2:]


@pytest.mark.parametrize(
    ("command", "arguments"), list(examples()), ids=lambda part: part if isinstance(part, str) else ""
)
def test_an_example_can_be_typed(command, arguments):
    words = arguments[: arguments.index(">")] if ">" in arguments else arguments
    assert main.commands[command].make_context(command, list(words)).command is main.commands[command]


@pytest.mark.parametrize("command", ["ls", "gc", "export", "completion"])
def test_a_command_has_examples(command):
    assert f"lthcheck {command}" in (main.commands[command].help or "")
