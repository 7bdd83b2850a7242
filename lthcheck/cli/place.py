"""The store that a command works on, and how times and numbers are shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lthcheck.cli.choice import folder_option

if TYPE_CHECKING:
    from lthcheck.store.ledger import Entry

store_option = folder_option("--store", help="The store; without, the one in the user's cache.")


def root_of(store: str | None) -> Path:
    """The folder of a store that is there; the default one need not be there yet."""
    from lthcheck.store import default_root

    if store is None:
        return default_root()
    root = Path(store)
    if not (root / "runs").is_dir():
        raise ValueError(f"store={store!r} must be a folder that lthcheck has kept runs in; name another")
    return root


def studies_named(root: Path, texts: Any) -> list[Entry]:
    """The studies on record that a user means, one for each text.

    Raises:
        ValueError: if a text means none, or several.
    """
    from lthcheck.names import nearest
    from lthcheck.store.ledger import entries, matching

    known, _ = entries(root)
    chosen = []
    for text in texts:
        found = matching(known, text)
        if len(found) != 1:
            near = [f"{each.id[:8]} ({each.name}, asked {when(each.asked)})" for each in (found or known)[:5]]
            listed = ", ".join(near) or "none; `lthcheck run` asks one"
            rule = "means several studies; give the beginning of an id: "
            if not found:
                names = dict.fromkeys(
                    str(name) for each in known for name in (each.name, each.study.get("preset"), each.id)
                )
                rule = f"is no study on record; {nearest(text, names)}there are: "
            raise ValueError(f"study={text!r} {rule}{listed}")
        chosen += found
    return chosen


def when(asked: str) -> str:
    """A time of the ledger for people, in UTC.

    >>> when("2026-01-02T03:04:05+00:00")
    '2026-01-02 03:04'
    """
    return asked[:16].replace("T", " ")
