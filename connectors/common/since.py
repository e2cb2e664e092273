"""Which release was the first to understand what: read from a table, never from a branch."""

from ..capabilities import Version

Firsts = tuple[Version, ...]


def understood(version: Version, firsts: Firsts) -> bool:
    """Whether a version understands what came with `firsts`; several where an older line got it later too."""
    return any(version >= first and (version[0] == first[0] or first == firsts[-1]) for first in firsts)
