"""A server of files on this machine, with the faults that servers have."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler


@dataclass(kw_only=True)
class Mirror:
    """A server of files.

    Attributes:
        ranges: whether it sends from the byte that is asked for.
        cut: of each file, the byte before which it stops in every answer.
        limit: bytes that one answer has at most.
        earlier: bytes before the one that is asked for, from which it sends.
        silent: it keeps the connection open after what it sends, until this is set.
        asked: the name of each file that was asked for, with the first byte where one was named.
    """

    files: dict[str, bytes]
    ranges: bool = True
    cut: dict[str, int] = field(default_factory=dict)
    limit: int | None = None
    earlier: int = 0
    silent: threading.Event | None = None
    asked: list[object] = field(default_factory=list)
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    """Says how long a file is, and sends it from the byte that is asked for, or less: see `Mirror`."""

    def do_GET(self):
        """One file."""
        mirror, name = self.server.mirror, self.path.rpartition("/")[2]
        content, wanted = mirror.files.get(name), self.headers["Range"]
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        mirror.asked.append((name, start) if wanted else name)
        start = max(0, start - mirror.earlier) if mirror.ranges else 0
        if content is None or start >= len(content):
            self.send_error(404 if content is None else 416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : mirror.cut.get(name)][: mirror.limit])
        if mirror.silent:
            mirror.silent.wait()

    def log_message(self, *_):
        """Nothing."""
