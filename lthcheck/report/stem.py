"""The stem: the file name that the reports of a study share."""

from __future__ import annotations

import re
import unicodedata


def stem(study_name: str) -> str:
    """A file name without ending: lower case, letters, digits, dots and dashes.

    >>> stem("MLP 64/32 on mnist1d, omp at .832")
    'mlp-64-32-on-mnist1d-omp-at-.832'
    """
    ascii_name = unicodedata.normalize("NFKD", study_name).encode("ascii", "ignore").decode("ascii")
    slug = re.sub(r"[^a-z0-9.]+", "-", ascii_name.lower())
    # 120 leaves room for "-lr-2.png" and a temporary name below the 255 bytes of common file systems.
    return slug.strip("-.")[:120].rstrip("-.") or "study"
