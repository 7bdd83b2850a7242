"""How far a checkpoint is, read from its file without torch."""

from __future__ import annotations

import json

STEP = "order/step"


def step_of(content: bytes) -> int:
    """The step of a sealed checkpoint; -1 where it does not say.

    Args:
        content: the line of its seal, then safetensors: 8 bytes with the length of a header, the header, the numbers.
    """
    body = content[content.index(b"\n") + 1 :]
    length = int.from_bytes(body[:8], "little")
    place = json.loads(body[8 : 8 + length]).get(STEP)
    if place is None:
        return -1
    begin, end = (8 + length + offset for offset in place["data_offsets"])
    return int.from_bytes(body[begin:end], "little", signed=True)
