"""A model whose rows you can work out in your head, and that can be held still."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FakeTokens:
    text: str
    length: int
    truncated: bool = False


@dataclass(frozen=True)
class FakeRefusal:
    reason: str


@dataclass
class LengthModel:
    """Gives each text its number of characters; fails on texts with `sink`; waits while `gate` is closed."""

    name: str = "lengths"
    max_tokens: int = 512
    batches: list[list[str]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    is_running: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def tokenize(self, inputs: Sequence[str], task: str) -> list[FakeTokens | FakeRefusal]:
        return [FakeRefusal("no text") if "refuse" in text else FakeTokens(text, len(text)) for text in inputs]

    def run(self, batch: Sequence[FakeTokens]) -> list[int]:
        self.is_running.set()
        self.gate.wait(10)
        self.batches.append([tokens.text for tokens in batch])
        if any("sink" in tokens.text for tokens in batch):
            raise ValueError("this batch sinks")
        return [tokens.length for tokens in batch]


def choose_all(lengths: Sequence[int]) -> range:
    """One batch of everything that waits."""
    return range(len(lengths))


def choose_first(lengths: Sequence[int]) -> range:
    """One text at a time."""
    return range(1)
