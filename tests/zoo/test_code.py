"""The fingerprint of a user's code changes with whatever decides what it does, and with nothing else."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lthcheck
from lthcheck.zoo.code import code_of

NET = """
import torch
from torch import nn

HIDDEN = 16
SIZES = (8, 4)
OPTIONS = {"first": 1, "second": 2}


def hidden(factor):
    return HIDDEN * factor


class Base(nn.Module):
    slope = 0.5

    def act(self, x):
        return torch.relu(x) * self.slope


class Net(Base):
    depth = SIZES[0]

    def __init__(self, shape, classes, bias=True):
        super().__init__()
        self.first = nn.Linear(shape[0], hidden(2), bias)
        self.last = nn.Linear(hidden(2), classes)

    @property
    def scale(self):
        return 1.0

    @staticmethod
    def squash(x):
        return x.tanh()

    @classmethod
    def small(cls, shape, classes):
        return cls(shape, classes, False)

    def forward(self, x):
        return self.last(self.squash(self.act(self.first(x)))) * self.scale


def net(shape, classes, sizes=SIZES, *, options=OPTIONS):
    return Net(shape, classes)


# a remark on what follows
def unrelated():
    return 1
"""

_counter = itertools.count()


@pytest.fixture
def made(tmp_path):
    """Imports texts as modules; every one is a file of its own."""

    def imported(text):
        path = tmp_path / f"made{next(_counter)}.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        names.append(path.stem)
        return module

    names = []
    yield imported
    for name in names:
        del sys.modules[name]


def told(value):
    return "\0".join(code_of(value))


CHANGES = {
    "the factory's source": ("return Net(shape, classes)", "return Net(shape, classes, True)"),
    "a helper": ("HIDDEN * factor", "HIDDEN + factor"),
    "a constant of the module": ("HIDDEN = 16", "HIDDEN = 32"),
    "the order of a constant": ("SIZES = (8, 4)", "SIZES = (4, 8)"),
    "a constant's values by key": ('{"first": 1, "second": 2}', '{"first": 2, "second": 1}'),
    "a base class": ("torch.relu", "torch.sigmoid"),
    "a class attribute": ("slope = 0.5", "slope = 0.25"),
    "a default": ("bias=True", "bias=False"),
    "a method": ("self.squash(self.act", "self.squash(self.first"),
    "a property": ("return 1.0", "return 2.0"),
    "a static method": ("x.tanh()", "x.sin()"),
    "a class method": ("cls(shape, classes, False)", "cls(shape, classes, bias=False)"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_it_changes_with(what, made):
    old, new = CHANGES[what]
    assert NET.count(old) == 1
    assert told(made(NET).net) != told(made(NET.replace(old, new)).net)


@pytest.mark.parametrize("what", ["unrelated", "a remark", "# further up"])
def test_it_does_not_change_with_what_lies_beside(what, made):
    texts = {
        "unrelated": NET.replace("return 1\n", "return 2\n"),
        "a remark": NET.replace("a remark", "another remark"),
        "# further up": "# further up\n\n" + NET,
    }
    assert told(made(NET).net) == told(made(texts[what]).net)


def test_it_changes_with_a_class_attribute_that_is_computed(made):
    a, b = (made(NET.replace("SIZES = (8, 4)", f"SIZES = ({n}, 4)")) for n in (8, 6))
    assert told(a.Net) != told(b.Net)


def test_it_changes_with_a_method_set_from_outside(made):
    module = made(NET)
    before = told(module.Net)
    module.Net.forward = module.hidden
    assert told(module.Net) != before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("functools.partial(net, sizes=5)", "functools.partial(net, sizes=6)"),
        ("functools.partial(net, 5, 6)", "functools.partial(net, 6, 5)"),
        ("functools.partial(net, a=5, b=6)", "functools.partial(net, a=6, b=5)"),
        ("closed(5)", "closed(6)"),
        ("Callable(5)", "Callable(6)"),
        ("Callable(5).build", "Callable(6).build"),
        ("Slotted(5)", "Slotted(6)"),
        ("Plain(5)", "Plain(6)"),
        ("Plain.five", "Plain.six"),
        ("cached", "plain"),
        ("scaled", "shifted"),
        ("lambda: CONSTANTS.a", "lambda: CONSTANTS.b"),
        ("lambda: numpy.zeros(3)", "lambda: numpy.ones(3)"),
        ("functools.partial(net, numpy.zeros(5000))", "functools.partial(net, numpy.eye(1, 5000, 2500))"),
        ("functools.partial(net, torch.zeros(5000))", "functools.partial(net, torch.arange(5000.0))"),
        ("functools.partial(net, torch.nn.Dropout(0.1))", "functools.partial(net, torch.nn.Dropout(0.2))"),
        ("functools.partial(net, torch.float32)", "functools.partial(net, torch.float64)"),
        ("functools.partial(net, Kind.A)", "functools.partial(net, Kind.B)"),
        ("functools.partial(net, {1, 2})", "functools.partial(net, {1, 3})"),
    ],
)
def test_it_tells_apart(one, other, made):
    text = """
import dataclasses, enum, functools, types
import numpy, torch
CONSTANTS = types.SimpleNamespace(a=1, b=2)
class Kind(enum.Enum):
    A = 1
    B = 2
def net(*values, **named): return values
def closed(n):
    def inner(shape): return n
    return inner
class Callable:
    def __init__(self, n): self.n = n
    def __call__(self, shape): return self.n
    def build(self, shape): return self.n
class Slotted:
    __slots__ = ("n",)
    def __init__(self, n): self.n = n
    def __call__(self, shape): return self.n
@dataclasses.dataclass
class Plain:
    n: int
    m: list = dataclasses.field(default_factory=list)
    def __call__(self, shape): return self.n
    @classmethod
    def five(cls): return cls(5)
    @classmethod
    def six(cls): return cls(6)
def scale(f):
    @functools.wraps(f)
    def wrapper(x): return 2 * f(x)
    return wrapper
def shift(f):
    @functools.wraps(f)
    def wrapper(x): return 2 + f(x)
    return wrapper
def plain(x): return x
def same(x): return x
cached = functools.lru_cache(same)
scaled, shifted = scale(plain), shift(plain)
"""
    module = made(text + f"one, two, other = {one}, {one}, {other}\n")
    assert told(module.one) == told(module.two)
    assert told(module.one) != told(module.other)


LAMBDAS = {
    "a constant": ("one = lambda shape: shape * 5", "one = lambda shape: shape * 6"),
    "a default": ("one = lambda shape, n=5: n", "one = lambda shape, n=6: n"),
    "what lies beside it": ("f(1, lambda shape: 5)", "f(2, lambda shape: 5)"),
    "its second line": ("f(1, lambda shape:\n  5)", "f(1, lambda shape:\n  6)"),
    "its name for it": ("f(1, lambda größe: größe)", "f(1, lambda größe: -größe)"),
}


@pytest.mark.parametrize("what", LAMBDAS)
def test_of_a_lambda_it_changes_with_its_own_part_of_a_line(what, made):
    before, after = (
        told(made(f"f = lambda n, one: one\n{text if text.startswith('one') else 'one = ' + text}\n").one)
        for text in LAMBDAS[what]
    )
    assert (before == after) == (what == "what lies beside it")


PACKAGE = {
    "__init__.py": "",
    "net.py": "from .layers import width\nfrom . import parts\ndef net(shape): return width(), parts.SIZE\n",
    "layers.py": "from .deep import WIDTH\ndef width(): return WIDTH\n",
    "deep.py": "WIDTH = 5\n",
    "parts.py": "from .more import SIZE\n",
    "more.py": "SIZE = 5\n",
    "late.py": "def net(shape):\n    from .layers import width\n    return width()\n",
    "late_module.py": "def net(shape):\n    import {name}.parts\n    return {name}.parts.SIZE\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes a package with relative imports, with some text replaced, and tells a module's `net`."""
    monkeypatch.syspath_prepend(tmp_path)
    made = []

    def written(module, old="", new=""):
        name = f"package{next(_counter)}"
        made.append(name)
        (tmp_path / name).mkdir()
        for file, text in PACKAGE.items():
            changed = text.replace(old, new) if old else text
            (tmp_path / name / file).write_text(changed.replace("{name}", name))
        importlib.invalidate_caches()
        return told(importlib.import_module(f"{name}.{module}").net).replace(name, "package")

    yield written
    for name in [name for name in sys.modules if name.partition(".")[0] in made]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("net", "WIDTH = 5", "WIDTH = 6"),
        ("late", "WIDTH = 5", "WIDTH = 6"),
        ("late_module", "from .more import SIZE", "from .more import SIZE as SIZE"),
    ],
)
def test_it_follows_imports_within_a_package(package, module, old, new):
    assert package(module) == package(module)
    assert package(module) != package(module, old, new)


def test_it_follows_a_module_into_the_functions_that_it_imports(package):
    assert package("net") != package("net", "from .more import SIZE", "from .layers import width as SIZE")


@pytest.mark.parametrize("source", ["exec", "eval"])
def test_code_without_source_is_refused_in_one_line(source):
    scope = {"__name__": "nowhere"}
    if source == "exec":
        exec("class Net:\n def forward(self, x): return x", scope)
    net = scope["Net"] if source == "exec" else eval("lambda shape: shape", scope)
    with pytest.raises(ValueError, match=r"source can be read, .*; write it with def or class in a file") as refusal:
        told(net)
    assert "\n" not in str(refusal.value)


def test_code_of_a_prompt_is_refused():
    text = "from lthcheck.zoo.code import code_of\ndef net(): pass\nlist(code_of(net))\n"
    assert "source can be read" in ran([sys.executable, "-c", text]).stderr


def test_a_class_of_a_notebook_is_read_method_by_method(monkeypatch):
    import linecache

    def cell(text):
        name = f"<cell {next(_counter)}>"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        exec(compile(text, name, "exec"), scope := {"__name__": "__main__"})
        return scope["Net"]

    monkeypatch.setattr(linecache, "cache", {})
    a, b, c = (told(cell(f"class Net:\n    def forward(self, x):\n        return {n}\n")) for n in (1, 1, 2))
    assert a == b != c


def test_it_ends_where_code_runs_in_circles(made):
    module = made("ring = []\nring.append(ring)\ndef a(x): return b(x), ring\ndef b(x): return a(x)\n")
    assert told(module.a)


def test_it_reads_what_cannot_be_compared_by_type(made):
    text = "import threading, sys\nlock, out = threading.Lock(), sys.stdout\ndef a(x): return lock, out\n"
    assert told(made(text).a) == told(made(text).a)


def test_it_reads_large_constants(made):
    text = "table = {n: [n] for n in range(100_000)}\ndef a(x): return table\n"
    assert told(made(text).a) != told(made(text + "table[5] = [6]\n").a)


def test_a_library_stands_by_name_and_version(monkeypatch):
    import torchvision

    def net(classes):
        return torchvision.models.resnet18(num_classes=classes)

    before = told(net)
    assert len(before) < 1000
    monkeypatch.setattr(torchvision, "__version__", "99")
    assert told(net) != before


def test_a_library_may_be_the_factory():
    import torchvision

    assert "torchvision" in told(functools.partial(torchvision.models.resnet18, num_classes=10))


def test_a_file_with_the_name_of_a_module_of_python_is_no_library(tmp_path):
    for n in (5, 6):
        (tmp_path / f"f{n}").mkdir()
        (tmp_path / f"f{n}" / "colorsys.py").write_text(f"def net(): return {n}\n")
    text = "from lthcheck.zoo.code import code_of; import colorsys; print(*code_of(colorsys.net))"
    first, second = (ran([sys.executable, "-c", text], cwd=tmp_path / f"f{n}").stdout.strip() for n in (5, 6))
    assert first
    assert first != second


def test_it_is_equal_in_every_process(tmp_path):
    text = NET + "\nfrom functools import partial\nKINDS = {'a', 'b', 'c', 1.5}\n"
    text += "def factory(shape, kinds=frozenset(KINDS)): return Net, KINDS, partial(net, sizes=KINDS)\n"
    (tmp_path / "mine.py").write_text(text)
    tell = "import hashlib; from lthcheck.zoo.code import code_of\n"
    tell += "print(hashlib.sha256(chr(0).join(code_of(factory)).encode()).hexdigest())\n"
    (tmp_path / "script.py").write_text(text + tell)
    commands = [[sys.executable, "-c", "from mine import factory\n" + tell]] * 2 + [[sys.executable, "script.py"]]
    found = {ran(command, cwd=tmp_path, PYTHONHASHSEED=str(seed)).stdout for seed, command in enumerate(commands)}
    assert len(found) == 1
    assert len(found.pop().strip()) == 64


def ran(command, cwd=None, **environment):
    environment = os.environ | {"PYTHONPATH": str(Path(lthcheck.__file__).parents[1])} | environment
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120)
