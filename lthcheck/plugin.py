"""pytest's view: options, parametrisation, training before the first test, the verdict at the end.

The main process trains all that the selected tests need, and writes what it found to a file; the tests, in this process
or in xdist's workers, only read and judge it. They never import torch.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from lthcheck.execute.progress import Progress
    from lthcheck.finding import Finding
    from lthcheck.options import Option
    from lthcheck.study import Study

MARK = "lthcheck"
PROGRESS_SECONDS = 10.0  # between lines of progress where the terminal cannot rewrite one


def add_options(parser: pytest.Parser, prefix: str) -> None:
    """Registers the options with a prefix: "lth-" in the plugin, none in a conftest that owns the command line."""
    from lthcheck.options import OPTIONS

    asked = parser.getgroup("lthcheck", "lthcheck: is there a winning ticket?")
    fields = parser.getgroup("lthcheck-recipe", "lthcheck: fields of the recipe")
    for option in OPTIONS:
        group = fields if option.apart else asked
        flag, dest = f"--{prefix}{option.name}", _dest(option.name)
        if option.parse is None:
            group.addoption(flag, dest=dest, action="store_true", default=None, help=option.help)
        else:
            group.addoption(flag, dest=dest, action="append", metavar=option.shown, help=option.help)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --lth-NAME for every option, and lth_NAME to the ini file."""
    from lthcheck.options import OPTIONS

    add_options(parser, "lth-")
    for option in OPTIONS:
        kind: Literal["bool", "string"] = "bool" if option.parse is None else "string"
        parser.addini(_dest(option.name), option.help, default=None, type=kind)


def pytest_configure(config: pytest.Config) -> None:
    """Refuses bad options before anything else happens."""
    config.addinivalue_line("markers", f"{MARK}(kind, condition): a question that lthcheck asks of every study")
    if any(text is not None for text in _texts(config).values()):
        inquiry_of(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each question of the kind that a test is marked with."""
    mark = metafunc.definition.get_closest_marker(MARK)
    if mark is None:
        return
    questions = [
        question
        for question in inquiry_of(metafunc.config).questions
        if question.kind == mark.kwargs["kind"] and question.condition == mark.kwargs.get("condition")
    ]
    metafunc.parametrize("question", questions, ids=[question.id for question in questions])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Trains what the selected tests need; under xdist the controller does (see below)."""
    config = session.config
    broken = session.testsfailed and not config.option.continue_on_collection_errors
    looks = config.option.collectonly or getattr(config.option, "setupplan", False)
    elsewhere = _is_worker(config) or config.pluginmanager.hasplugin("dsession")
    if _INQUIRY in config.stash and not (broken or looks or elsewhere):
        _train(config, [item.nodeid for item in session.items if item.get_closest_marker(MARK)])
    return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """The controller trains when the first worker tells its tests, before any is handed out."""
    if not _folder(node.config).exists():
        return
    try:
        _train(node.config, ids)
    except pytest.exit.Exception:
        for each in node.config.stash[_NODES]:
            each.shutdown()  # else xdist waits seconds for workers that wait for tests
        raise


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker where the findings will be, and bears that it dies while the controller trains."""
    node.sendcommand = partial(_send, node.sendcommand)
    node.config.stash.setdefault(_NODES, []).append(node)
    node.workerinput["lthcheck"] = str(_folder(node.config))


def _send(send: Callable[..., None], name: str, **content: Any) -> None:
    """Sends a command to a worker; one that is dead is replaced by xdist, which hears of its death after this."""
    with suppress(OSError):
        send(name, **content)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The verdict, last."""
    inquiry = config.stash.get(_INQUIRY, None)
    if inquiry is None or not inquiry.notes:  # nothing was asked, or no answer came
        return
    from lthcheck.report.headline import headline
    from lthcheck.report.sure import disagreement
    from lthcheck.report.tables import verdict_table

    terminalreporter.section("lthcheck")
    for line in verdict_table(inquiry.records).splitlines():
        terminalreporter.write_line(line)
    terminalreporter.write_line("")
    for record in inquiry.records:
        terminalreporter.write_line(headline(record), bold=True)
        for line in disagreement(record):
            terminalreporter.write_line(line)
    for line in inquiry.notes:
        terminalreporter.write_line(line)


class Inquiry:
    """What this session asks, and what it found."""

    def __init__(self, texts: dict[str, str | bool | None]) -> None:
        from lthcheck.expectation import expectations
        from lthcheck.options import parsed, studies

        self.chosen = parsed(texts)
        self.studies: list[Study] = studies(self.chosen)
        self.expected = expectations(self.chosen, self.studies)
        self.questions = [question for study in self.studies for question in study.questions()]
        self.findings: dict[str, Finding] = {}
        self.records: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.source: Path | None = None
        self.asked = False

    def finding(self, study: str) -> Finding:
        """What the main process found; read from its file where this is another process."""
        from lthcheck.finding import Finding

        if not self.findings:
            assert self.source is not None
            values = [Finding.from_json(value) for value in json.loads(self.source.read_text())]
            self.findings = {finding.name: finding for finding in values}
        return self.findings[study]


_INQUIRY = pytest.StashKey[Inquiry]()
_FOLDER = pytest.StashKey[Path]()
_NODES = pytest.StashKey[list[Any]]()  # xdist's workers, as the controller sees them


def inquiry_of(config: pytest.Config) -> Inquiry:
    """The session's inquiry, made from its options when it is first asked for."""
    if _INQUIRY not in config.stash:
        try:
            inquiry = Inquiry(_texts(config))
        except ValueError as error:
            raise _refusal(error) from None
        if _is_worker(config):
            folder = Path(config.workerinput["lthcheck"])  # type: ignore[attr-defined]
            folder.mkdir(mode=0o700, exist_ok=True)  # which tells the controller that something is asked
            inquiry.source = folder / "findings.json"
        config.stash[_INQUIRY] = inquiry
    return config.stash[_INQUIRY]


def _folder(config: pytest.Config) -> Path:
    """Where the controller leaves findings for its workers; it is there once one of them asks for any."""
    if _FOLDER not in config.stash:
        folder = Path(tempfile.gettempdir()) / f"lthcheck-{uuid.uuid4().hex}"
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        config.stash[_FOLDER] = folder
    return config.stash[_FOLDER]


def _train(config: pytest.Config, nodeids: Iterable[str]) -> None:
    """Trains and judges what the tests ask for, and writes findings and reports."""
    marked = {re.sub(r"^.*?\[|\]$", "", nodeid) for nodeid in nodeids if "[" in nodeid}
    if not marked or (inquiry := inquiry_of(config)).asked:
        return
    asked = {study: [question for question in study.questions() if question.id in marked] for study in inquiry.studies}
    asked = {study: questions for study, questions in asked.items() if questions}
    if not asked:
        return
    inquiry.asked = True
    from lthcheck.execute.error import Interrupted, TrainerError
    from lthcheck.inquire import inquire

    reporter = config.pluginmanager.getplugin("terminalreporter")
    show = _Shown(reporter)
    for study in asked:
        show.line(study.summary)
    try:
        found = inquire(asked, inquiry.chosen, command=_command(config), show=show)
        if config.pluginmanager.hasplugin("dsession"):
            findings = json.dumps([finding.as_json() for finding in found.findings])
            (_folder(config) / "findings.json").write_text(findings)
    except ValueError as error:
        raise _refusal(error) from None
    except (TrainerError, OSError) as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.INTERNAL_ERROR)
    except Interrupted as error:
        _ignore_interrupts(config)
        pytest.exit(str(error), returncode=pytest.ExitCode.INTERRUPTED)
    finally:
        show.end()
    inquiry.findings = {finding.name: finding for finding in found.findings}
    inquiry.records, inquiry.notes = found.records, found.notes


def _ignore_interrupts(config: pytest.Config) -> None:
    """The session ends by itself now; a second Ctrl-C would break into xdist's teardown with a traceback."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def restore() -> None:
        signal.signal(signal.SIGINT, before)

    config.add_cleanup(restore)


class _Shown:
    """Progress on the terminal: one line rewritten where that is possible, else a line now and then."""

    def __init__(self, reporter: pytest.TerminalReporter | None) -> None:
        self.reporter, self.last, self.open = reporter, 0.0, False

    def line(self, text: str) -> None:
        if self.reporter is not None:
            self.reporter.ensure_newline()
            self.reporter.write_line(f"lthcheck: {text}")

    def __call__(self, progress: Progress) -> None:
        live = self.reporter is not None and self.reporter.isatty
        if self.reporter is None or time.monotonic() - self.last < (0.5 if live else PROGRESS_SECONDS):
            return
        self.last = time.monotonic()
        if live:
            self.reporter.rewrite(f"lthcheck: {progress}", erase=True)
            self.open = True
        else:
            self.line(str(progress))

    def end(self) -> None:
        if self.open and self.reporter is not None:
            self.reporter.rewrite("", erase=True)


def _command(config: pytest.Config) -> str:
    return shlex.join(["pytest", *map(str, config.invocation_params.args)])


def _texts(config: pytest.Config) -> dict[str, str | bool | None]:
    from lthcheck.options import OPTIONS

    texts: dict[str, str | bool | None] = {}
    for option in OPTIONS:
        given = config.getoption(_dest(option.name), None)
        if isinstance(given, list):
            if len(given) > 1 and _typed(config, option.name) > 1:  # the command line may overrule addopts
                raise pytest.UsageError(f"{option.name}={given[-2]!r} and {given[-1]!r} must be one; give it once")
            given = given[-1]
        texts[option.name] = _ini(config, option) if given is None else given
    return texts


def _typed(config: pytest.Config, name: str) -> int:
    """How often an option stands on the command line, under either name."""
    flags = [str(argument).partition("=")[0] for argument in config.invocation_params.args]
    return flags.count(f"--lth-{name}") + flags.count(f"--{name}")


def _ini(config: pytest.Config, option: Option) -> str | bool | None:
    try:
        value: str | bool | None = config.getini(_dest(option.name))
    except (pytest.UsageError, TypeError, ValueError) as error:  # it need not name the key
        rule = "true or false" if option.parse is None else "text"
        raise pytest.UsageError(f"{_dest(option.name)} in the ini file must be {rule} ({error})") from None
    return value


def _refusal(error: ValueError) -> pytest.UsageError:
    from lthcheck.report.words import one_line

    return pytest.UsageError(one_line(str(error)))


def _dest(name: str) -> str:
    return "lth_" + name.replace("-", "_")


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
