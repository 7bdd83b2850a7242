"""The store gives back what was written, or says that it cannot."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from filelock import Timeout
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from lthcheck.store import CorruptFileWarning, OtherVersion, Store, default_root

KEY, OTHER = "ab" * 32, "cd" * 32
RESULT = {"accuracy": 1 / 3, "diverged": False, "layers": {"layers.0.weight": [3, 20]}}
TENSORS = {
    "weights/w": torch.tensor([[0.1, -0.0], [float("inf"), 1e-45]]),
    "mask": torch.tensor([True, False]),
    "order/step": torch.tensor(7),
}
FILES = ("result.json", "mask.safetensors")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A store with a result and tensors of one run, and the list of what it told."""
    told = []
    store = Store(tmp_path_factory.mktemp("store"), told.append)
    store.write_result(KEY, RESULT)
    store.write_tensors(KEY, "mask", TENSORS)
    return store, told


def folder(store, key=KEY):
    return store.root / "runs" / key[:2] / key


def read(store, file, key=KEY):
    return store.result(key) if file == "result.json" else store.tensors(key, "mask")


def holds_absent(store, told, file, content):
    """Whether a file of that content is told, set aside and absent, and leaves the store as it was."""
    path = folder(store) / file
    sound = path.read_bytes()
    told.clear()
    try:
        path.write_bytes(content)
        absent = read(store, file) is None and not path.exists()
        aside = path.with_name(f"{file}.corrupt")
        return absent and aside.read_bytes() == content and len(told) == 1 and f"{path} is not what" in told[0]
    finally:
        path.write_bytes(sound)


def flipped(content, bit):
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_what_is_written_is_read(written):
    store, told = written
    assert store.result(KEY) == RESULT
    back = store.tensors(KEY, "mask")
    assert back.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert back[name].dtype == tensor.dtype
        assert back[name].numpy().tobytes() == tensor.numpy().tobytes()
    assert list(store.keys()) == [KEY]
    assert not told


def test_correct_samples_are_read_as_they_were_written(tmp_path):
    told = []
    store = Store(tmp_path, told.append)
    correct = torch.tensor([True, False, True])
    store.write_tensors(KEY, "correct-7", {"correct": correct, "loss": torch.tensor(0.5)})
    assert store.correct(KEY, 7).tolist() == correct.tolist()
    assert store.correct(KEY, 7).dtype == bool
    assert store.correct(KEY, 8) is None
    assert not told
    (folder(store) / "correct-7.safetensors").write_bytes(b"")
    assert store.correct(KEY, 7) is None
    assert told[0].endswith("correct-7.safetensors.corrupt, the run counts without the test samples that it got right")


def test_what_was_never_written_is_absent(written):
    store, told = written
    assert store.result(OTHER) is None
    assert store.tensors(OTHER, "mask") is None
    assert not store.has(OTHER, "mask")
    assert not told


def test_steps_are_counted_as_numbers(tmp_path):
    store = Store(tmp_path)
    for step in (100, 20, 3):
        store.write_tensors(KEY, f"step-{step}", TENSORS)
    assert store.steps(KEY) == [3, 20, 100]
    store.drop(KEY, "step-20")
    store.drop(KEY, "step-20")
    assert store.steps(KEY) == [3, 100]
    assert store.has(KEY, "step-3")


def test_a_result_that_is_no_number_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        Store(tmp_path).write_result(KEY, {"loss": float("nan")})
    assert not list(tmp_path.rglob("result.json"))


@pytest.mark.parametrize("file", FILES)
def test_a_write_that_fails_leaves_the_former_file_and_no_other(tmp_path, monkeypatch, file):
    store = Store(tmp_path)
    store.write_result(KEY, RESULT)
    store.write_tensors(KEY, "mask", TENSORS)
    before = {path: path.read_bytes() for path in folder(store).iterdir()}

    def broken(*_):
        assert len(list(folder(store).iterdir())) == 3  # the new content is whole in a file of another name
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="No space left"):
        store.write_result(KEY, {}) if file == "result.json" else store.write_tensors(KEY, "mask", {})
    assert {path: path.read_bytes() for path in folder(store).iterdir()} == before


@pytest.mark.parametrize("file", FILES)
@settings(deadline=None)
@given(data=st.data())
def test_a_flipped_bit_is_told(written, file, data):
    store, told = written
    content = (folder(store) / file).read_bytes()
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    assume(bit // 8 != content.index(b"/1") + 1)  # that may name another version: refused, see below
    assert holds_absent(store, told, file, flipped(content, bit))


@pytest.mark.parametrize("file", FILES)
@settings(deadline=None, max_examples=30)
@given(part=st.floats(0, 1, exclude_max=True))
@example(part=0.0)
def test_a_truncated_file_is_told(written, file, part):
    store, told = written
    content = (folder(store) / file).read_bytes()
    assert holds_absent(store, told, file, content[: int(part * len(content))])


@pytest.mark.parametrize("file", FILES)
def test_a_file_with_something_behind_it_is_told(written, file):
    store, told = written
    assert holds_absent(store, told, file, (folder(store) / file).read_bytes() + b"\n")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n{}", b"[]\n", b"null\n", b"\xff\xfe\n\x00", b"no JSON"])
def test_a_file_without_a_header_is_told(written, file, content):
    assert holds_absent(*written, file, content)


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_another_version_is_refused_and_left_as_it_is(tmp_path, file):
    store = Store(tmp_path)
    store.write_result(KEY, RESULT)
    store.write_tensors(KEY, "mask", TENSORS)
    path = folder(store) / file
    path.write_bytes(path.read_bytes().replace(b"lthcheck.store/1", b"lthcheck.store/2", 1))
    before = path.read_bytes()
    with pytest.raises(
        OtherVersion, match=r"is of format 'lthcheck\.store/2'; another version.*upgrade lthcheck or name"
    ):
        read(store, file)
    assert path.read_bytes() == before


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_another_run_is_told(tmp_path, file):
    told = []
    store = Store(tmp_path, told.append)
    for key in (KEY, OTHER):
        store.write_result(key, RESULT)
        store.write_tensors(key, "mask", TENSORS)
    shutil.copy(folder(store, OTHER) / file, folder(store) / file)
    assert read(store, file) is None
    assert read(store, file, OTHER) is not None
    assert len(told) == 1


def test_tensors_of_the_same_run_under_another_name_are_told(tmp_path):
    told = []
    store = Store(tmp_path, told.append)
    store.write_tensors(KEY, "step-3", TENSORS)
    (folder(store) / "step-3.safetensors").rename(folder(store) / "step-4.safetensors")
    assert store.tensors(KEY, "step-4") is None
    assert len(told) == 1


def test_who_gives_no_ear_is_warned(tmp_path):
    store = Store(tmp_path)
    store.write_result(KEY, RESULT)
    (folder(store) / "result.json").write_bytes(b"")
    with pytest.warns(CorruptFileWarning, match=r"set aside as result\.json\.corrupt, the run counts as not trained"):
        assert store.result(KEY) is None
    assert store.result(KEY) is None


def test_what_was_set_aside_can_be_written_again(tmp_path):
    store = Store(tmp_path, lambda text: None)
    for _ in range(2):
        store.write_result(KEY, RESULT)
        (folder(store) / "result.json").write_bytes(b"")
        assert store.result(KEY) is None
    store.write_result(KEY, RESULT)
    assert store.result(KEY) == RESULT


def test_two_may_find_the_same_corrupt_file(tmp_path, monkeypatch):
    one, two = (Store(tmp_path, lambda text: None) for _ in range(2))
    one.write_result(KEY, RESULT)
    (folder(one) / "result.json").write_bytes(b"")
    read_bytes = Path.read_bytes

    def read_while_the_other_does(path):
        content = read_bytes(path)
        monkeypatch.setattr(Path, "read_bytes", read_bytes)
        assert two.result(KEY) is None
        return content

    monkeypatch.setattr(Path, "read_bytes", read_while_the_other_does)
    assert one.result(KEY) is None


class Trap:
    """Unpickling it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("dump", [lambda trap, path: path.write_bytes(pickle.dumps(trap)), torch.save])
def test_nothing_is_unpickled(tmp_path, file, dump):
    told = []
    store = Store(tmp_path / "store", told.append)
    folder(store).mkdir(parents=True)
    dump(Trap(tmp_path / "sprung"), folder(store) / file)
    assert read(store, file) is None
    assert len(told) == 1
    assert not (tmp_path / "sprung").exists()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(ValueError, match=r"store='.*file' must be a folder that can be written \(.+\); .* another"):
        Store(path)
    with pytest.raises(ValueError, match="must be a folder that can be written"):
        Store(path / "below")


def test_the_default_place_can_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path))
    assert default_root() == tmp_path / "store"
    monkeypatch.delenv("LTHCHECK_CACHE")
    assert default_root().parts[-2:] == ("lthcheck", "store")


def test_a_lock_held_elsewhere_is_refused_at_once_and_free_when_its_holder_is_killed(tmp_path):
    code = (
        "import sys; from lthcheck.store import Store; lock = Store(sys.argv[1]).lock(sys.argv[2]); lock.acquire(); "
        "print('held', flush=True); sys.stdin.read()"
    )
    store = Store(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), KEY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Timeout):
            store.lock(KEY).acquire(timeout=0)
        with store.lock(OTHER).acquire(timeout=0):
            pass
        holder.kill()
        holder.wait()
        with store.lock(KEY).acquire(timeout=0):
            pass
