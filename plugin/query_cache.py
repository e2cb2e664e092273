"""Answers to queries that were asked before: bounded, the least recently asked goes first."""

from collections import OrderedDict

from .work import Encoded

Key = tuple[str, str, str]


class QueryCache:
    """Encoded queries by the model's fingerprint, what runs it (int8 is not exact), and the text.

    A reloaded model with other weights finds nothing.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[Key, Encoded] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Key) -> Encoded | None:
        """What was kept, which counts as asked now."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, encoded: Encoded) -> None:
        """Keep it, and let the least recently asked go if that is one too many."""
        self._kept[key] = encoded
        self._kept.move_to_end(key)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)
