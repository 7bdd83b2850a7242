"""Bad input, through pytest and through the command line: one line with value, rule and remedy, and nothing trained."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch  # here, since a session inside this process forgets what it was the first to import
from click.testing import CliRunner
from refusal import refused

from lthcheck.cli import main
from lthcheck.data import mnist
from lthcheck.execute import pool
from lthcheck.plugin import inquiry_of
from lthcheck.store import Store

pytest_plugins = ["pytester"]

CHECKS = Path(__file__).parents[1] / "checks"
STUDY = {"model": "mlp-8", "dataset": "toy.npz", "lr": "0.1,0.2", "sparsity": "0.672", "method": "omp"}
STUDY |= {"seeds": "1", "epochs": "4", "store": "store", "report-dir": "reports"}
FASHION = {"dataset": "fashion_mnist", "model": "mlp-8"}
EXPECT = '[[expect]]\nstudy = "{}"\nverdict = "{}"\nreason = "seen"\n'

NAMES = {
    "a model": ({"model": "resnet21"}, "model='resnet21' is not known; did you mean resnet20? Known: "),
    "a model in capitals": ({"model": "MobileNetV2"}, "model='MobileNetV2' is not known; did you mean mobilenet-v2?"),
    "data in capitals": ({"dataset": "CIFAR10"}, "dataset='CIFAR10' is not known; did you mean cifar10? Known: "),
    "a data set": ({"dataset": "minst"}, "dataset='minst' is not known; did you mean mnist? Known: mnist1d, "),
    "a method": ({"method": "impp"}, "method='impp' is not known; did you mean imp? Known: imp, omp"),
    "a recipe": ({"recipe": "ma2012"}, "recipe='ma2012' is not known; did you mean ma2021? Known: "),
    "a preset": ({"preset": "defualt"}, "preset='defualt' is not known; did you mean default? Known: "),
    "a rule": ({"rule": "papers"}, "rule='papers' must be one of paper, confident; did you mean paper?"),
    "a reading": ({"reading": "literally"}, "reading='literally' must be one of joint, literal; did you mean literal?"),
    "a device": ({"device": "cude"}, "device='cude' must be one of cpu, cuda; did you mean cuda?"),
    "a prize": ({"require": "jackpott"}, "require='jackpott' must be one of secondary, jackpot; did you mean jackpot?"),
    "nothing like it": ({"method": "xyz"}, "method='xyz' is not known. Known: imp, omp"),
}
NUMBERS = {
    "percent": ({"sparsity": "90"}, "sparsity=90 must be in (0, 1); write 0.9 for 90 %"),
    "sparsity 0": ({"sparsity": "0"}, "sparsity=0 must be in (0, 1)"),
    "sparsity 1": ({"sparsity": "1"}, "sparsity=1 must be in (0, 1)"),
    "negative sparsity": ({"sparsity": "-0.5"}, "sparsity=-0.5 must be in (0, 1)"),
    "sparsity NaN": ({"sparsity": "nan"}, "sparsity=nan must be in (0, 1)"),
    "one sparsity twice": ({"sparsity": "0.5,.50"}, "sparsity=0.5 is given twice; name each value once"),
    "one rung twice": (
        {"sparsity": "0.8320,0.8322"},
        "sparsity=0.832,0.8322 must not name one rung of the ladder, 0.83223, twice; drop one",
    ),
    "no lr": ({"lr": ""}, "lr must name at least one value, e.g. 0.1"),
    "one lr twice": ({"lr": "0.1,1e-1"}, "lr=0.1 is given twice; name each value once"),
    "negative lr": ({"lr": "-0.1"}, "lr=-0.1 must be a finite number above 0"),
    "lr 0": ({"lr": "0"}, "lr=0 must be a finite number above 0"),
    "infinite lr": ({"lr": "inf"}, "lr=inf must be a finite number above 0"),
    "lr beyond floats": ({"lr": "1e400"}, "lr=inf must be a finite number above 0"),
    "lr in words": ({"lr": "0.1 0.2"}, "lr='0.1 0.2' must be numbers between commas, e.g. 0.1,0.2"),
    "lr of another script": ({"lr": "１"}, "lr='１' must be numbers between commas"),
    "lr with an underscore": ({"lr": "1_0"}, "lr='1_0' must be numbers between commas"),
    "no seeds": ({"seeds": "0"}, "seeds=0 must be at least 1"),
    "negative seeds": ({"seeds": "-1"}, "seeds=-1 must be at least 1"),
    "half a seed": ({"seeds": "1.5"}, "seeds='1.5' must be a whole number, e.g. 3"),
    "seeds without end": ({"seeds": str(10**30)}, f"seeds={10**30} must be at most 1000"),
    "seeds beyond ints": ({"seeds": "9" * 5000}, "must be a whole number, e.g. 3"),
    "no epochs": ({"epochs": "0"}, "epochs=0 must be at least 1"),
    "epochs without end": ({"epochs": str(10**30)}, f"epochs={10**30} must be at most 1000000"),
    "a margin in words": ({"delta": "half"}, "delta='half' must be a number of percentage points in [0, 50), e.g. 0.5"),
    "a margin NaN": ({"gamma": "nan"}, "gamma='nan' must be a number of percentage points in [0, 50), e.g. 0.5"),
    "units without end": (
        {"model": "mlp-99999999"},
        "model='mlp-99999999' must have at most 1,000,000,000 parameters, but has 2,",
    ),
    "units beyond ints": ({"model": "mlp-" + "9" * 5000}, "model='mlp-9999999999999999...' must be at most 100 chara"),
    "an empty network": ({"sparsity": "0.9999"}, "sparsity=0.9999 must keep at least one weight, but keeps 0 of 160"),
}
PLACES = {
    "store a file": ({"store": "taken"}, "store='taken' must be a folder that can be written"),
    "store below a file": ({"store": "taken/deep"}, "store='taken/deep' must be a folder that can be written"),
    "store of nobody": ({"store": "~nobody-here/x"}, "store='~nobody-here/x' must not begin with a user who is not"),
    "store empty": ({"store": ""}, "store='' must not be empty; name one, or leave the option out"),
    "store too long": ({"store": "x" * 300}, "must be a folder that can be written (File name too long); mend"),
    "reports a file": ({"report-dir": "taken"}, "report-dir='taken' must be a folder that can be written"),
    "reports empty": ({"report-dir": " "}, "report-dir=' ' must not be empty; name one, or leave the option out"),
    "no CUDA on its number": ({"device": "cuda:1"}, "device='cuda:1' must be there, and torch sees no CUDA; use cpu"),
    "tf32 without CUDA": (
        {"precision": "tf32"},
        "precision='tf32' must go with the device cuda, but it is cpu; add device cuda, or leave it out",
    ),
    "no CUDA": ({"device": "cuda"}, "device='cuda' must be there, and torch sees no CUDA; use cpu"),
}
DATA = {
    "no file": ({"dataset": "none.npz"}, "dataset='none.npz' must be a file; write it with numpy.savez, arrays x_tr"),
    "a folder": ({"dataset": "folder.npz"}, "dataset='folder.npz' must be a file; write it with numpy.savez"),
    "a name too long": ({"dataset": "x" * 300 + ".npz"}, "must be a file; write it with numpy.savez"),
    "truncated": ({"dataset": "truncated.npz"}, "must be a whole .npz file of numbers (File is not a zip file); write"),
    "other arrays": ({"dataset": "other.npz"}, "must be a whole .npz file of numbers ('x_train is not a file"),
    "pickles": ({"dataset": "pickles.npz"}, "must be a whole .npz file of numbers (Object arrays cannot be loaded"),
    "NaN": ({"dataset": "nan.npz"}, "x_train of float32 (400, 20) must be finite, 1 numbers are not; remove those"),
    "labels from 1": ({"dataset": "from1.npz"}, "y_train from 1 to 4 must begin at 0; number the classes from 0"),
    "labels as floats": ({"dataset": "floats.npz"}, "y_train of float64 (400,) must be int64 of shape (n,); use y.as"),
    "a constant channel": ({"dataset": "constant.npz"}, "std=(0.0,) must be 1 finite numbers each, std above 0; drop"),
    "empty": ({"dataset": "empty.npz"}, "x_train of 0 and y_train of 0 samples must be as many, and not empty"),
    "less than a batch": (
        {"dataset": "small.npz", "recipe": "ma2021"},
        "batch=64 must not exceed the 10 training samples of small.npz; give more data, or take smaller",
    ),
    "vectors for a network of images": (
        {"model": "lenet5"},
        "shape=(20,) must be (channels, height, width) with at least 12 pixels a side for lenet5; use an MLP",
    ),
    "truncated images": (
        FASHION | {"data-dir": "truncated"},
        "of 15 bytes must be a whole file of bytes in IDX format; delete it, to download it again",
    ),
    "images with another md5": (FASHION | {"data-dir": "altered"}, "must have 8d4fb7e6c68d591d4c3dfef9ec88bf0d; delet"),
    "no images and no network": (
        FASHION | {"data-dir": "nowhere"},
        "no network); put them there, or name another folder with the option data-dir",
    ),
}
CASES = NAMES | NUMBERS | PLACES | DATA

EXPECTATIONS = {
    "no file": (None, "expect='expect.toml' must be a TOML file that can be read (No such file or directory); name"),
    "no TOML": ("[[expect", "expect='expect.toml' must be a TOML file that can be read (Expected"),
    "too deep": ("a=" + "[" * 5000, "expect='expect.toml' must be a TOML file that can be read ("),
    "no table": ("", "expect='expect.toml': the file must hold at least one table [[expect]] with study, verdict and"),
    "another study": (
        EXPECT.format("mlp-9 on toy.npz", "none"),
        "expect='expect.toml': study='mlp-9 on toy.npz' is not known; did you mean mlp-8 on toy.npz? Known: mlp-8 on",
    ),
    "another verdict": (
        EXPECT.format("mlp-8 on toy.npz", "jackpots"),
        "expect='expect.toml': verdict='jackpots' is not known; did you mean jackpot? Known: none, secondary, jackpot",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A user's folder: the suite, a store, reports, and data in all states."""
    folder = tmp_path_factory.mktemp("user")
    shutil.copytree(CHECKS, folder / "checks", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider -p no:hypothesispytest\n")
    Store(folder / "store")
    (folder / "reports").mkdir()
    (folder / "reports" / "mlp-8-on-toy.npz.md").write_text("an old report")
    (folder / "taken").write_text("a file")
    (folder / "folder.npz").mkdir()
    write_arrays(folder)
    for name in ("truncated", "altered"):
        raw = folder / name / "FashionMNIST" / "raw"
        raw.mkdir(parents=True)
        for file in mnist.FILES:
            whole = b"\0\0\x08\x03" + bytes(11)
            content = (file, whole) if name == "truncated" else (f"{file}.gz", gzip.compress(whole))
            (raw / content[0]).write_bytes(content[1])
    return folder


def write_arrays(folder):
    """Sound arrays as toy.npz, and what is wrong with the others as they are called."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(400, 20)), np.arange(400) % 4
    toy = {"x_train": x, "y_train": y, "x_test": x[:100], "y_test": y[:100]}
    blank = np.zeros((400, 12, 12), dtype="uint8")
    wrong = {
        "toy": {},
        "pickles": {"x_train": np.array([{}, 1], dtype=object)},
        "nan": {"x_train": np.where(np.arange(8000).reshape(400, 20) == 7, np.nan, x)},
        "from1": {"y_train": y + 1, "y_test": y[:100] + 1},
        "floats": {"y_train": y.astype("float64")},
        "constant": {"x_train": blank, "x_test": blank[:100]},
        "empty": {"x_train": x[:0], "y_train": y[:0]},
        "small": {"x_train": x[:10], "y_train": y[:10]},
    }
    for name, changed in wrong.items():
        np.savez(folder / f"{name}.npz", **(toy | changed))
    np.savez(folder / "other.npz", x=x, y=y)
    (folder / "truncated.npz").write_bytes((folder / "toy.npz").read_bytes()[:999])


class TrainedError(Exception):
    """Something that must be refused was about to be trained."""


@pytest.fixture
def surroundings(folder, tmp_path, monkeypatch):
    """No trainer, no network, no CUDA, no cache of the user's; afterwards the folder is as it was."""

    def never(*_, **__):
        raise TrainedError

    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr("lthcheck.data.download.urlopen", no_network)
    monkeypatch.setattr(pool, "Pool", never)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LTHCHECK_DATA", raising=False)
    monkeypatch.chdir(folder)
    before = content(folder)
    yield
    assert content(folder) == before
    assert not list(Store("store").keys())


def content(folder):
    """What lies in the store and among the reports."""
    paths = [path for name in ("store", "reports") for path in (folder / name).rglob("*")]
    return {path: path.read_bytes() if path.is_file() else None for path in paths}


@pytest.fixture
def by_pytest(pytester, surroundings, folder, monkeypatch):
    """`pytest checks/` with options: its exit code, and all that it said."""
    monkeypatch.chdir(folder)

    def run(*arguments):
        done = pytester.runpytest_inprocess("checks", *arguments)
        return int(done.ret), f"{done.stdout}\n{done.stderr}"

    return run


@pytest.fixture
def by_cli(surroundings):
    """`lthcheck run` with options: its exit code, and all that it said."""

    def run(*arguments):
        done = CliRunner().invoke(main, ["run", *arguments])
        assert isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return run


def typed(prefix, options):
    return [f"--{prefix}{name}={text}" for name, text in (STUDY | options).items()]


@pytest.mark.parametrize("what", CASES)
def test_pytest_refuses(by_pytest, what):
    options, message = CASES[what]
    code, said = by_pytest(*typed("lth-", options))
    assert code == pytest.ExitCode.USAGE_ERROR
    assert refused(said, message)


@pytest.mark.parametrize("what", CASES)
def test_the_command_line_refuses(by_cli, what):
    options, message = CASES[what]
    code, said = by_cli(*typed("", options))
    assert code == 2
    assert refused(said, message)
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("what", EXPECTATIONS)
def test_an_expectation_is_refused(by_pytest, folder, what):
    text, message = EXPECTATIONS[what]
    (folder / "expect.toml").unlink(missing_ok=True)
    if text is not None:
        (folder / "expect.toml").write_text(text)
    code, said = by_pytest(*typed("lth-", {"expect": "expect.toml"}))
    assert code == pytest.ExitCode.USAGE_ERROR
    assert refused(said, message)


class TestHowOptionsAreGiven:
    """What the parsers of pytest and click see to, and what they would let pass."""

    @pytest.mark.parametrize("prefix", ["lth-", ""])
    def test_twice_to_pytest(self, by_pytest, folder, prefix):
        conftest = folder / "conftest.py"
        shutil.copy(CHECKS.parent / "conftest.py", conftest)
        try:
            code, said = by_pytest("--lth-lr=0.1", f"--{prefix}lr=0.2")
        finally:
            conftest.unlink()
        assert code == pytest.ExitCode.USAGE_ERROR
        assert refused(said, "lr='0.1' and '0.2' must be one; give it once")

    def test_twice_to_the_command_line(self, by_cli):
        code, said = by_cli("--lr=0.1", "--lr", "0.2")
        assert code == 2
        assert refused(said, "lr='0.1' and '0.2' must be one; give it once")

    @pytest.mark.parametrize(
        ("argument", "message"),
        [
            ("--lth-lr", "error: argument --lth-lr: expected one argument"),
            ("--lth-lrs=0.1", "error: unrecognized arguments: --lth-lrs=0.1"),
            ("--lth-assume-adequate=False", "error: argument --lth-assume-adequate: ignored explicit argument 'False'"),
        ],
    )
    def test_otherwise_wrong_to_pytest(self, by_pytest, argument, message):
        code, said = by_pytest(argument)
        assert code == pytest.ExitCode.USAGE_ERROR
        assert said.count("error: ") == 1
        assert message in said
        assert "Traceback" not in said

    @pytest.mark.parametrize(
        ("argument", "message"),
        [
            ("--lr", "Option '--lr' requires an argument (main run -h tells more)"),
            ("--lrs=0.1", "No such option '--lrs'"),
            ("--assume-adequate=False", "Option '--assume-adequate' does not take a value"),
            ("0.1", "Got unexpected extra argument (0.1)"),
        ],
    )
    def test_otherwise_wrong_to_the_command_line(self, by_cli, argument, message):
        code, said = by_cli(argument)
        assert code == 2
        assert refused(said, message)
        assert len(said.splitlines()) == 1


class TestIniFile:
    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("lth_lr=0.1,fast", "lr='0.1,fast' must be numbers between commas"),
            ("lth_lr=", "lr must name at least one value, e.g. 0.1"),
            ("lth_sparsity=90", "sparsity=90 must be in (0, 1); write 0.9 for 90 %"),
            ("lth_assume_adequate=maybe", "lth_assume_adequate in the ini file must be true or false (invalid truth"),
        ],
    )
    def test_is_refused(self, by_pytest, line, message):
        code, said = by_pytest("-o", line)
        assert code == pytest.ExitCode.USAGE_ERROR
        assert refused(said, message)

    @pytest.mark.parametrize(("text", "vouched"), [("false", False), ("true", True)])
    def test_a_flag_is_what_it_says(self, pytester, surroundings, text, vouched):
        ini = pytester.makeini(f"[pytest]\nlth_lr = 0.1,0.2\nlth_assume_adequate = {text}\n")
        chosen = inquiry_of(pytester.parseconfigure("-c", ini)).chosen
        assert chosen == {"lr": (0.1, 0.2)} | ({"assume-adequate": True} if vouched else {})

    def test_the_command_line_overrules_addopts(self, pytester, surroundings):
        ini = pytester.makeini("[pytest]\naddopts = --lth-lr=0.1\n")
        assert inquiry_of(pytester.parseconfigure("-c", ini, "--lth-lr=0.2")).chosen == {"lr": (0.2,)}
