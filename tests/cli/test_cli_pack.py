"""`lthcheck pack` and `unpack`: what was trained on one machine is not trained on another."""

from __future__ import annotations

import json
import shutil

import pytest

from lthcheck.store import Store, ledger

STUDY = "mlp-16-8 on toy.npz"
RUNS = 2 * 2 * (1 + 3 + 2 + 2) + 2  # as in test_cli_ls.py


@pytest.fixture
def move(store, tmp_path, command):
    """Packs the store's study up and unpacks it into an empty store, which it gives."""

    def run(*options):
        assert command("pack", STUDY, tmp_path / "p", *options).exit_code == 0
        files = sorted(tmp_path.glob("p*"))
        done = command("unpack", *files, "--store", tmp_path / "there")
        assert (done.exit_code, done.stderr) == (0, "")
        return tmp_path / "there"

    return run


def interrupt(store, arms):
    """Takes away what a killed command would not have got to."""
    (entry,), _ = ledger.entries(store)
    ledger.forget(store, entry.id)
    ledger.keep(store, ledger.replace(entry, judged=None))
    gone = [run.key for run in entry.runs if run.arm in arms]
    for key in gone:
        shutil.rmtree(store / "runs" / key[:2] / key)
    return len(gone)


def trained(done):
    return int(done.stderr.splitlines()[-1].split()[0])


def test_a_study_that_is_done_is_judged_there_without_training(asked, again, move, command, listed):
    there = move()
    (here,), (study,) = listed()["studies"], listed("--store", there)["studies"]
    assert study | {"bytes": 0} == here | {"bytes": 0}
    done = command("run", *again(store=there), "--json")
    assert trained(done) == 0
    assert json.loads(done.stdout)[0]["evidence"] == asked.record["evidence"]


@pytest.mark.parametrize(("options", "more"), [(["--weights"], 0), ([], 1)])
def test_a_study_that_was_interrupted_goes_on_there(asked, again, store, move, command, options, more):
    lost = interrupt(store, {"rr"})
    there = move(*options)
    done = command("run", *again(store=there), "--json")
    assert (trained(done) > lost) is bool(more)  # without weights, those that masks are taken from are trained again
    assert json.loads(done.stdout)[0]["evidence"] == asked.record["evidence"]


def test_it_tells_what_travels_and_what_does_not(store, tmp_path, command):
    lost = interrupt(store, {"rr"})
    done = command("pack", STUDY, tmp_path / "p")
    one, two, three, four = done.stdout.splitlines()
    assert one.endswith(f"({STUDY}): {RUNS - lost} results")
    assert two == f"{lost} runs without a result yet; --weights takes along what they go on from"
    assert three == str(tmp_path / "p")
    assert four.endswith(" in 1 file; not in it: lthcheck 0.1.0, the data set toy.npz")


def test_parts_are_told_in_json(store, tmp_path, command, listed):
    done = command("pack", STUDY, tmp_path / "p", "--tickets", "--part-size", "20 kB", "--json")
    value = json.loads(done.stdout)
    (study,) = listed()["studies"]
    assert value["studies"] == [study["id"]]
    assert (value["runs"], value["unfinished"], value["left_out"]) == (RUNS, 0, [])
    assert value["files"] == sorted(map(str, tmp_path.glob("p.*")))
    assert value["bytes"] == sum(path.stat().st_size for path in tmp_path.glob("p.*"))
    assert len(value["files"]) > 1
    done = command("unpack", *value["files"], "--store", tmp_path / "there", "--json")
    value = json.loads(done.stdout)
    assert value["packs"][0]["studies"] == [study["id"]]
    assert (value["packs"][0]["replaced"], value["packs"][0]["there"]) == (0, 0)
    assert value["packs"][0]["new"] > 2 * RUNS


def test_a_ticket_is_exported_there(move, command, tmp_path):
    there = move("--tickets")
    assert command("export", STUDY, "--store", there, "--out", tmp_path / "out").exit_code == 0


def test_several_studies_are_one_pack(store, again, tmp_path, command, listed):
    command("run", *again(seeds=1))
    ids = [study["id"] for study in listed()["studies"]]
    command("pack", *ids, tmp_path / "p")
    command("unpack", tmp_path / "p", "--store", tmp_path / "there")
    assert sorted(study["id"] for study in listed("--store", tmp_path / "there")["studies"]) == sorted(ids)


def test_a_second_time_nothing_is_new(store, tmp_path, command):
    command("pack", STUDY, tmp_path / "p", "--weights")
    done = command("unpack", tmp_path / "p")  # into the store that it came from
    assert ": 0 new files, " in done.stdout
    assert done.stdout.splitlines()[-1].startswith("in the store ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mlp-16-8 on toy.np", "p"], f"is no study on record; did you mean {STUDY}? there are: "),
        ([STUDY, "none/p"], "FILE='none/p' must be in a folder that is there; make none, or name another"),
        ([STUDY, ""], "FILE='' must not be empty"),
        ([STUDY, "p", "--part-size", "50"], "part-size=50 must be at least 10,000 bytes; write 50MB"),
        ([STUDY, "p", "--part-size", "much"], "part-size='much' must be a number of bytes and a unit, e.g. 50MB"),
        ([STUDY, "taken"], "taken is there already, and a pack overwrites nothing; remove it or name another file"),
        ([STUDY, "parts"], "parts.1of2 is there already, and a pack overwrites nothing"),
        ([STUDY], "Missing argument"),
    ],
)
def test_bad_input_is_told_in_one_line(store, tmp_path, monkeypatch, command, arguments, message):
    monkeypatch.chdir(tmp_path)
    for name in ("taken", "parts.1of2"):
        (tmp_path / name).write_text("mine")
    before = set(tmp_path.iterdir())
    done = command("pack", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert message in line
    assert set(tmp_path.iterdir()) == before


def test_a_damaged_pack_leaves_no_store(store, tmp_path, command):
    command("pack", STUDY, tmp_path / "p")
    content = (tmp_path / "p").read_bytes()
    (tmp_path / "p").write_bytes(content[:-1])
    done = command("unpack", tmp_path / "p", "--store", tmp_path / "there")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "p is cut short" in done.stderr
    assert not (tmp_path / "there").exists()


def test_an_interrupted_unpacking_leaves_whole_files_and_goes_on(store, tmp_path, command, monkeypatch):
    command("pack", STUDY, tmp_path / "p")
    taken = Store.take_in
    left = [5]

    def stop(self, *arguments):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        taken(self, *arguments)

    monkeypatch.setattr(Store, "take_in", stop)
    done = command("unpack", tmp_path / "p", "--store", tmp_path / "there")
    assert done.exit_code == 130
    assert "is whole: run the same command again" in done.stderr
    assert len([path for path in (tmp_path / "there" / "runs").rglob("*") if path.is_file()]) == 4
    done = command("unpack", tmp_path / "p", "--store", tmp_path / "there")
    assert ", 4 there already" in done.stdout


def test_nothing_heavy_is_imported(store, tmp_path):
    import subprocess
    import sys

    program = (
        "import sys; from lthcheck.cli import main\n"
        f"main(['pack', {STUDY!r}, {str(tmp_path / 'p')!r}], standalone_mode=False)\n"
        f"main(['unpack', {str(tmp_path / 'p')!r}], standalone_mode=False)\n"
        "sys.exit(' '.join({'torch', 'torchvision', 'matplotlib'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
