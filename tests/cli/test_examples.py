"""The examples in help texts are commands that exist, with options that they have."""

from __future__ import annotations

import re
import shlex
from itertools import takewhile

import pytest
from click.testing import CliRunner

from lthcheck.cli import main
from lthcheck.cli.outcome import BAD_INPUT, FAILED, INTERRUPTED, MET, NOT_MET


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
    words = list(takewhile(lambda word: word not in "<>", arguments))
    assert main.commands[command].make_context(command, list(words)).command is main.commands[command]


@pytest.mark.parametrize("command", main.commands)
def test_a_command_has_examples(command):
    assert f"lthcheck {command}" in (main.commands[command].help or "")


@pytest.mark.parametrize("command", main.commands)
def test_the_summary_of_a_command_is_whole(command):
    summary = main.commands[command].short_help
    assert any(line.endswith(f"  {summary}") for line in CliRunner().invoke(main, ["-h"]).stdout.splitlines())


@pytest.mark.parametrize("command", ["run", "judge"])
def test_the_help_states_the_exit_codes(command):
    said = main.commands[command].help or ""
    (line,) = [line for line in said.splitlines() if line.strip().startswith("Exit code: ")]
    stated = {int(code) for code in re.findall(r"\d+", line)}
    assert stated == {MET, NOT_MET, BAD_INPUT, FAILED, INTERRUPTED}
