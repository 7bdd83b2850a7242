"""The store: results by key, the studies that need them, and what may go."""

from lthcheck.store.sealed import FORMAT, OtherVersion, StoreError
from lthcheck.store.store import CorruptFileWarning, Store, default_root

__all__ = ["FORMAT", "CorruptFileWarning", "OtherVersion", "Store", "StoreError", "default_root"]
