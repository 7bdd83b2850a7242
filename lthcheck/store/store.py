"""The store: results by key. Written atomically, verified when read, never unpickled.

    <root>/runs/<2 digits>/<key>/
        result.json              what a run gave
        step-<k>.safetensors     what its training goes on from at step k
        correct-<k>.safetensors  which test samples it got right at step k
        mask.safetensors         its mask
        checkpoint.safetensors   while it trains
    <root>/given/<sha256>.safetensors   weights and masks of the user's own, by content
    <root>/studies/<id>.json     a study on record and the runs that it needs (`lthcheck.store.ledger`)
    <root>/locks/<key>.lock      held, through filelock, by the process that trains the run
    <root>/format                which version of this layout it is
    <root>/trainer-error.txt     the traceback of the last trainer that failed

Every file begins with a line of JSON: the run's key, the file's name, and the sha256 of both and of what follows. What
was truncated, altered or put in another's place is told, set aside as *.corrupt, and counts as absent. What another
version of lthcheck wrote is refused and left as it is. A file is written beside its place first, under a hidden name;
one that a killed process left there is never read.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from filelock import FileLock, Timeout

from lthcheck.store.layout import folder_of
from lthcheck.store.sealed import (
    FORMAT,
    OTHER,
    OtherVersion,
    StoreError,
    put,
    put_all,
    unsealed,
    unwritten,
    write_sealed,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

UNTRAINED = "the run counts as not trained"
CORRECT = "the test samples that it got right"


class CorruptFileWarning(UserWarning):
    """A file in the store is not what was written; it was set aside."""


def default_root() -> Path:
    """The user's cache folder, or `LTHCHECK_CACHE`; shared by all studies."""
    chosen = os.environ.get("LTHCHECK_CACHE")
    return (Path(chosen) if chosen else platformdirs.user_cache_path("lthcheck")) / "store"


class Store:
    """Results and weights of runs under one folder.

    A folder that cannot be written can still be read.

    Args:
        tell: called with a line for people when a file turns out not to be what was written.

    Raises:
        ValueError: if the folder is not there and cannot be made, or another version of lthcheck wrote to it.
    """

    def __init__(self, root: Path | str, tell: Callable[[str], None] | None = None) -> None:
        self.root = Path(root).expanduser()
        self.tell = tell or _warn
        self._refusal: ValueError | None = None
        try:
            self._check_format()
            (self.root / "runs").mkdir(parents=True, exist_ok=True)
            (self.root / "locks").mkdir(exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.root):
                pass
            if not (self.root / "format").exists():
                put(self.root / "format", f"{FORMAT}\n".encode())
        except OSError as error:
            rule = f"must be a folder that can be written ({error.strerror})"
            self._refusal = ValueError(f"store={str(root)!r} {rule}; mend that or give another")
            if not os.path.isdir(self.root / "runs"):  # which a name that is too long does not stop
                raise self._refusal from error

    def check_writable(self) -> None:
        """Refuses, with a ValueError, a store that can only be read."""
        if self._refusal:
            raise self._refusal

    @property
    def writable(self) -> bool:
        """Whether results can be kept here."""
        return self._refusal is None

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

    def correct(self, key: str, step: int) -> npt.NDArray[np.bool_] | None:
        """Which test samples the run got right at that step, shape `(test samples,)`, or None; without torch."""
        from safetensors.numpy import load

        path = self._path(key, f"correct-{step}.safetensors")
        payload = self._sound(path, key, f"the run counts without {CORRECT}")
        return None if payload is None else load(payload)["correct"]

    def write_tensors(self, key: str, name: str, tensors: dict[str, Tensor]) -> None:
        """Keeps tensors; names are "step-<k>", "correct-<k>", "mask" or "checkpoint"."""
        from safetensors.torch import save

        self._write(key, f"{name}.safetensors", save(tensors))

    def take_in(self, key: str, file: str, parts: Iterable[bytes], size: int) -> None:
        """Keeps a file of `size` bytes as another store has sealed it, in one step.

        Raises:
            StoreError: if it cannot be written.
        """
        path = self._path(key, file)
        try:
            self._make_way(path)
            put_all(path, parts)
        except OSError as error:
            raise unwritten(path, error, size) from error

    def forget(self, key: str) -> None:
        """Removes all that is kept of a run, its result first: without it, nothing else counts."""
        for path in [self._path(key, "result.json"), *folder_of(self.root, key).glob("*.safetensors")]:
            path.unlink(missing_ok=True)

    def drop(self, key: str, name: str) -> None:
        """Removes tensors that are no longer needed."""
        self._path(key, f"{name}.safetensors").unlink(missing_ok=True)

    def steps(self, key: str) -> list[int]:
        """The steps whose state is kept, in order."""
        names = [path.stem.removeprefix("step-") for path in folder_of(self.root, key).glob("step-*.safetensors")]
        return sorted(int(name) for name in names if name.isdecimal())

    def keep_given(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keeps the user's own weights or mask, under the sha256 of their content."""
        from safetensors.numpy import save

        from lthcheck.given import digest

        if self.given(sha256 := digest(arrays)) is None:
            self.check_writable()
            path = self._given_path(sha256)
            self._make_way(path)
            write_sealed(path, sha256, save(dict(arrays)))

    def given(self, sha256: str) -> dict[str, npt.NDArray[Any]] | None:
        """The user's own weights or mask with that content, or None."""
        from safetensors.numpy import load

        payload = self._sound(self._given_path(sha256), sha256, "it is taken anew from the file that it came from")
        return None if payload is None else dict(load(payload))

    def lock(self, key: str) -> FileLock:
        """The right to train a run; it is released when its process dies."""
        return FileLock(self.root / "locks" / f"{key}.lock", thread_local=False)

    def hold(self, key: str) -> FileLock | None:
        """The lock of a run, acquired; None while another process holds it."""
        lock = self.lock(key)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        except (OSError, NotImplementedError) as error:
            raise StoreError(
                f"{lock.lock_file} must be a file that can be locked ({error}); remove what is there or name another "
                "store; what was finished is kept"
            ) from error
        return lock

    def keys(self) -> Iterator[str]:
        """The keys of all runs that have a result."""
        names = (path.parent.name for path in self.root.glob("runs/*/*/result.json"))
        yield from sorted(name for name in names if re.fullmatch("[0-9a-f]{64}", name))  # not what was set aside

    def _path(self, key: str, file: str) -> Path:
        return folder_of(self.root, key) / file

    def _check_format(self) -> None:
        path = self.root / "format"
        if path.is_file() and (found := path.read_bytes().strip()) != FORMAT.encode():
            raise OtherVersion(f"{path} names {found[:80].decode(errors='replace')!r}; {OTHER}")

    def _given_path(self, sha256: str) -> Path:
        return self.root / "given" / f"{sha256}.safetensors"

    def _write(self, key: str, file: str, payload: bytes) -> None:
        path = self._path(key, file)
        try:
            self._make_way(path)
        except OSError as error:
            raise unwritten(path, error, len(payload)) from error
        write_sealed(path, key, payload)

    def _make_way(self, path: Path) -> None:
        """Makes the folder of a file, and sets aside what is in the way."""
        for folder in (path.parent.parent, path.parent):
            if os.path.lexists(folder) and not folder.is_dir():
                self._set_aside(folder, "is not a folder", UNTRAINED)
        if path.is_dir():
            self._set_aside(path, "is not a file", UNTRAINED)
        path.parent.mkdir(parents=True, exist_ok=True)

    def _read(self, key: str, file: str) -> bytes | None:
        return self._sound(self._path(key, file), key, UNTRAINED)

    def _sound(self, path: Path, key: str, then: str) -> bytes | None:
        """What was written there; what is not is set aside, and told together with what follows."""
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno not in (errno.EISDIR, errno.ELOOP):
                raise
            content = b""
        payload = unsealed(content, key, path)
        if payload is None:
            self._set_aside(path, "is not what was written there", then)
        return payload

    def _set_aside(self, path: Path, what: str, then: str) -> None:
        outcome = f"could not be set aside as {path.name}.corrupt"
        for name in (f"{path.name}.corrupt", f"{path.name}.{secrets.token_hex(4)}.corrupt"):
            with contextlib.suppress(OSError):  # the name is taken by a folder, or nothing can be written
                with contextlib.suppress(FileNotFoundError):  # another reader was first
                    path.replace(path.with_name(name))
                outcome = f"set aside as {name}"
                break
        self.tell(f"{path} {what}; {outcome}, {then}")


def _warn(text: str) -> None:
    warnings.warn(text, CorruptFileWarning, stacklevel=2)
