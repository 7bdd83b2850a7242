"""Execution: what must be trained, in which order and together, and who trains it."""
