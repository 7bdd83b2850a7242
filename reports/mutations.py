"""Which check catches which failure of public code: each is brought back in a tiny study, and the table is written.

    python reports/mutations.py

The failures and how each is injected are those of tests/mutations/, where every one is a test.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from pathlib import Path

from tabulate import tabulate

from lthcheck.report.environment import environment
from lthcheck.store import Store

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "mutations"))
from forked import parent
from mutation import failures
from studies import STUDIES, furnish, tell

TABLE = Path(__file__).parent / "examples" / "mutations.md"
HEADS = ["", "in public code", "injected here", "caught by", "what it says"]


def main() -> None:
    """Writes the table; fails if a mutation is not caught, or a sound study is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=TABLE)
    out = parser.parse_args().out.resolve()
    rows, diffs = [], []
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        os.environ["LTHCHECK_CACHE"] = folder
        furnish(Path(folder))
        with parent() as processes:
            for name in STUDIES:
                told = tell(name, Store(f"sound-{name}"), processes)
                assert not told.broken, (name, told.broken)
            for failure in failures():
                for mutation in failure.mutations:
                    told = tell(mutation.study, Store(mutation.name), processes, mutation)
                    assert {check for check, _ in told.broken} == {mutation.check}, (mutation.name, told.broken)
                    check, said = told.broken[0]
                    rows.append([f"F{failure.number}", failure.happened, mutation.how, f"`{check}`", said])
                    diffs.append(
                        f"**F{failure.number}, {mutation.how}** (`{mutation.at}`)\n\n```diff\n{mutation.diff()}\n```"
                    )
    where = environment()
    out.write_text(
        f"""# Which check catches which failure of public code

`python reports/mutations.py`; torch {where["torch"]}, {where["date"]}.

Each failure was found in public code on lottery tickets. Here it is brought back by changing the lines below in
lthcheck as it trains a tiny study; the {len(STUDIES)} studies as they stand break no check. What is caught leaves no
result behind, and there is no verdict. A check in words is a test of the command line, not a rule of the protocol.

{tabulate(rows, headers=HEADS, tablefmt="github")}

## The injections

{chr(10).join(f"{diff}{chr(10)}" for diff in diffs)}"""
    )
    print(f"{len(rows)} mutations, all caught: {out}")


if __name__ == "__main__":
    main()
