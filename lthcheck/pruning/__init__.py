"""Pruning: from scores to exact masks."""
