"""The environment: what a reader needs to tell whether two records came from the same software and machine."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import lthcheck
from lthcheck.cores import cores

PACKAGES = ("torch", "torchvision", "numpy", "pytest")


def environment() -> dict[str, object]:
    """Versions, machine and date as plain values, with nothing that identifies a person, a host or a folder.

    Returns:
        lthcheck, python, platform, cpu, cores (those this process may use), the version of each of `PACKAGES` that is
        installed, date (UTC, ISO 8601), and, where the current folder is in a git repository, commit and dirty (a
        tracked file differs from the commit; untracked files, such as the reports themselves, do not count).
    """
    values: dict[str, object] = {
        "lthcheck": lthcheck.__version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}".strip(),
        "cpu": _cpu(),
        "cores": cores(),
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    for package in PACKAGES:
        try:
            values[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return values | _git()


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip().lower() == "model name" and value.strip():
            return value.strip()
    return platform.processor() or platform.machine()


def _git() -> dict[str, object]:
    commit = _run_git("rev-parse", "--verify", "HEAD")
    if commit is None:
        return {}
    changes = _run_git("status", "--porcelain", "--untracked-files=no")
    return {"commit": commit} if changes is None else {"commit": commit, "dirty": bool(changes)}


def _run_git(*arguments: str) -> str | None:
    """What git says; None where there is no git, no repository, or no answer in time."""
    # Without --no-optional-locks a status refreshes the index and can collide with the user's own git.
    command = ["git", "--no-optional-locks", *arguments]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
