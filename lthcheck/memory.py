"""What the C library does with memory that is freed."""

from __future__ import annotations

# torch frees the activations of a step, and the C library gives their pages back to the system, which clears new ones
# for the next step: this keeps what is freed, up to 1 GiB a piece. See reports/examples/cpu.md.
KEPT_WHEN_FREED = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**33)}
"""Words for the environment of a process, which it reads as it starts."""
