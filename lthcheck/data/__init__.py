"""Data sets by name. Importing it imports neither torch nor torchvision nor mnist1d."""

from lthcheck.data.arrays import Arrays
from lthcheck.data.info import Info
from lthcheck.data.registry import check, describe, load, names, register_dataset

__all__ = ["Arrays", "Info", "check", "describe", "load", "names", "register_dataset"]
