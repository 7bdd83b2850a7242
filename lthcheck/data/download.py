"""Downloads that go on where they broke off, are checked by md5, and appear whole or not at all.

torchvision's own tools and pooch check sums and show a bar, but begin anew after every break, and huggingface_hub goes
on only with what its own hub keeps; so what remains to be written here is a part file and one HTTP header.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from filelock import FileLock

from lthcheck.data.bar import bar

if TYPE_CHECKING:
    from http.client import HTTPResponse

SILENCE = 30.0  # seconds without a byte, after which a connection is given up
CHUNK = 2**18  # bytes
NO_SUCH_RANGE = 416  # status: the part file is at least as long as the file


@contextmanager
def or_told(place: Path, names: Iterable[str]) -> Iterator[None]:
    """Around a download: what keeps it from succeeding is told in one line, with the files that must be there.

    Raises:
        ValueError: for a failed download.
    """
    try:
        yield
    except OSError as error:
        rule = f"must hold {', '.join(names)}; they are not there and could not be downloaded"
        remedy = "put them there, or name another folder with the option data-dir"
        raise ValueError(f"{place} {rule} ({error}); {remedy}") from error


def fetch(path: Path, urls: Iterable[str], md5: str) -> None:
    """Makes a file be there, from the first address that gives it whole.

    What was received stays in `<path>.part`, and the next call goes on with it, from whichever address. Of several
    processes one downloads, and the others wait for it.

    Args:
        md5: 32 hex digits; a file that is there already is not looked at.

    Raises:
        OSError: where no address gives it, with the reason of each.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with FileLock(path.with_name(f"{path.name}.lock")):
        if path.exists():
            return
        reasons = []
        for url in urls:
            try:
                _complete(part, url, md5)
            except (OSError, HTTPException) as error:
                reasons.append(f"{url}: {error}")
            else:
                os.replace(part, path)
                return
    raise OSError("; ".join(reasons))


def content(path: Path) -> bytes:
    """The content of a file.

    Raises:
        ValueError: if it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} must be a file that can be read ({error.strerror})") from error


def refuse_other(what: object, content: bytes, md5: str) -> None:
    """Refuses content with another md5.

    Raises:
        ValueError: with both sums.
    """
    got = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if got != md5:
        raise ValueError(f"{what} has the md5 {got}, must have {md5}; delete it, to download it again")


def _complete(part: Path, url: str, md5: str) -> None:
    """Asks an address for what is missing, again after every break, as long as each time brings more."""
    while True:
        had = _size(part)
        ended = _append(part, url, had)
        size = _size(part)
        if not ended:
            if size > had:
                continue
            raise OSError(f"broke off after {size} bytes")
        got = _md5(part)
        if got == md5:
            return
        part.unlink()
        if not had:
            raise OSError(f"{size} bytes with the md5 {got}, must be {md5}")
        # The beginning may have come from elsewhere: once more, whole.


def _append(part: Path, url: str, had: int) -> bool:
    """Whether the answer came to its end; a break inside it is no error, since what came before it is kept."""
    headers = {"User-Agent": "lthcheck"} | ({"Range": f"bytes={had}-"} if had else {})
    try:
        response = urlopen(Request(url, headers=headers), timeout=SILENCE)
    except HTTPError as error:
        error.close()
        if had and error.code == NO_SUCH_RANGE:
            return True
        raise
    with response, part.open("ab") as file:
        start = _start(response)
        if start > had:
            raise OSError(f"sent the bytes from {start}, asked for those from {had}")
        file.truncate(start)  # to 0 where the server does not know ranges
        total = None if response.length is None else start + response.length
        at = start
        with bar(f"downloading {part.stem}", total, done=start) as shown:
            while chunk := _received(response):
                at += file.write(chunk)
                shown.update(len(chunk))
        return chunk is not None and total in (None, at)


def _received(response: HTTPResponse) -> bytes | None:
    """The next bytes, none at the end, None where the connection breaks or is silent."""
    try:
        return response.read1(CHUNK)  # not `read`, which loses what it has where it runs into a silence
    except (OSError, HTTPException):
        return None


def _start(response: HTTPResponse) -> int:
    """The first byte that an answer brings."""
    if response.status != 206:
        return 0
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if not found:
        raise OSError("sent a part without saying which")
    return int(found[1])


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file, bar(f"checking {path.stem}", _size(path)) as shown:
        for chunk in iter(partial(file.read, CHUNK), b""):
            digest.update(chunk)
            shown.update(len(chunk))
    return digest.hexdigest()
