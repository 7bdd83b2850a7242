"""The store: results by key. Written atomically, verified when read, never unpickled.

    <root>/runs/<2 digits>/<key>/
        result.json              what a run gave
        step-<k>.safetensors     what its training goes on from at step k
        correct-<k>.safetensors  which test samples it got right at step k
        mask.safetensors         its mask
        checkpoint.safetensors   while it trains
    <root>/given/<sha256>.safetensors   weights and masks of the user's own, by content
    <root>/locks/<key>.lock      held, through filelock, by the process that trains the run
    <root>/studies/<id>.json     a study on record and the runs that it needs (`lthcheck.ledger`)

Every file begins with a line of JSON: the run's key, the file's name, and the sha256 of both and of what follows. What
was truncated, altered or put in another's place is told, set aside as *.corrupt, and counts as absent.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from filelock import FileLock

from lthcheck.given import digest

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor

FORMAT = "lthcheck.store/1"


class CorruptFileWarning(UserWarning):
    """A file in the store is not what was written; it was set aside."""


def default_root() -> Path:
    """The user's cache folder, or `LTHCHECK_CACHE`; shared by all studies."""
    chosen = os.environ.get("LTHCHECK_CACHE")
    return (Path(chosen) if chosen else platformdirs.user_cache_path("lthcheck")) / "store"


class Store:
    """Results and weights of runs under one folder.

    Args:
        tell: called with a line for people when a file turns out not to be what was written.

    Raises:
        ValueError: if the folder cannot be made or written.
    """

    def __init__(self, root: Path | str, tell: Callable[[str], None] | None = None) -> None:
        self.root = Path(root).expanduser()
        self.tell = tell or _warn
        try:
            (self.root / "runs").mkdir(parents=True, exist_ok=True)
            (self.root / "locks").mkdir(exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise ValueError(
                f"store={str(root)!r} must be a folder that can be written ({error.strerror}); give another"
            ) from error

    def result(self, key: str) -> dict[str, Any] | None:
        """What the run gave, or None."""
        payload = self._read(key, "result.json")
        return None if payload is None else dict(json.loads(payload))

    def write_result(self, key: str, result: dict[str, Any]) -> None:
        """Keeps a run's result."""
        self._write(key, "result.json", json.dumps(result, allow_nan=False).encode())

    def has(self, key: str, name: str) -> bool:
        """Whether the run has tensors of that name, sound or not."""
        return self._path(key, f"{name}.safetensors").exists()

    def sound(self, key: str, name: str) -> bool:
        """Whether the run has tensors of that name that are what was written."""
        return self._read(key, f"{name}.safetensors") is not None

    def tensors(self, key: str, name: str) -> dict[str, Tensor] | None:
        """Tensors by name, on the CPU, or None."""
        from safetensors.torch import load

        payload = self._read(key, f"{name}.safetensors")
        return None if payload is None else load(payload)

    def write_tensors(self, key: str, name: str, tensors: dict[str, Tensor]) -> None:
        """Keeps tensors; names are "step-<k>", "correct-<k>", "mask" or "checkpoint"."""
        from safetensors.torch import save

        self._write(key, f"{name}.safetensors", save(tensors))

    def forget(self, key: str) -> None:
        """Removes a run: its result, then all its tensors."""
        for path in [self._path(key, "result.json"), *self._folder(key).glob("*.safetensors")]:
            path.unlink(missing_ok=True)

    def drop(self, key: str, name: str) -> None:
        """Removes tensors that are no longer needed."""
        self._path(key, f"{name}.safetensors").unlink(missing_ok=True)

    def steps(self, key: str) -> list[int]:
        """The steps whose state is kept, in order."""
        names = [path.stem for path in self._folder(key).glob("step-*.safetensors")]
        return sorted(int(name.removeprefix("step-")) for name in names)

    def keep_given(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keeps the user's own weights or mask, under the sha256 of their content."""
        from safetensors.numpy import save

        if self.given(sha256 := digest(arrays)) is None:
            path = self._given_path(sha256)
            path.parent.mkdir(exist_ok=True)
            write_sealed(path, sha256, save(dict(arrays)))

    def given(self, sha256: str) -> dict[str, npt.NDArray[Any]] | None:
        """The user's own weights or mask with that content, or None."""
        from safetensors.numpy import load

        payload = self._sound(self._given_path(sha256), sha256, "it is taken anew from the file that it came from")
        return None if payload is None else dict(load(payload))

    def lock(self, key: str) -> FileLock:
        """The right to train a run; it is released when its process dies."""
        return FileLock(self.root / "locks" / f"{key}.lock", thread_local=False)

    def keys(self) -> Iterator[str]:
        """The keys of all runs that have a result."""
        yield from sorted(path.parent.name for path in self.root.glob("runs/*/*/result.json"))

    def _folder(self, key: str) -> Path:
        return self.root / "runs" / key[:2] / key

    def _path(self, key: str, file: str) -> Path:
        return self._folder(key) / file

    def _given_path(self, sha256: str) -> Path:
        return self.root / "given" / f"{sha256}.safetensors"

    def _write(self, key: str, file: str, payload: bytes) -> None:
        folder = self._folder(key)
        folder.mkdir(parents=True, exist_ok=True)
        write_sealed(folder / file, key, payload)

    def _read(self, key: str, file: str) -> bytes | None:
        return self._sound(self._path(key, file), key, "the run counts as not trained")

    def _sound(self, path: Path, key: str, then: str) -> bytes | None:
        """What was written there; what is not is set aside, and told together with what follows."""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        payload = unsealed(content, key, path.name)
        if payload is not None:
            return payload
        with contextlib.suppress(FileNotFoundError):  # another reader was first
            path.replace(path.with_name(f"{path.name}.corrupt"))
        self.tell(f"{path} is not what was written there; set aside as {path.name}.corrupt, {then}")
        return None


def write_sealed(path: Path, key: str, payload: bytes) -> None:
    """Writes a file with its header at once: a reader sees all of it, or what was there before."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(json.dumps(_header(key, path.name, payload)).encode() + b"\n")
            stream.write(payload)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def unsealed(content: bytes, key: str, file: str) -> bytes | None:
    """What stands below the header; None if it is not what was written there."""
    head, _, payload = content.partition(b"\n")
    try:
        return payload if json.loads(head) == _header(key, file, payload) else None
    except ValueError:
        return None


def _warn(text: str) -> None:
    warnings.warn(text, CorruptFileWarning, stacklevel=2)


def _header(key: str, file: str, payload: bytes) -> dict[str, str]:
    digest = hashlib.sha256(f"{key}\n{file}\n".encode() + payload).hexdigest()
    return {"format": FORMAT, "key": key, "file": file, "sha256": digest}
