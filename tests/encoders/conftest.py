"""Real models for the encoders' tests, and texts of every length and script."""

from pathlib import Path

import pytest

from outrider.encoders import DEFAULT_DENSE, DEFAULT_RERANKER, DEFAULT_SPARSE, resolve


@pytest.fixture(scope="session")
def dense_folder() -> Path:
    return resolve(DEFAULT_DENSE)


@pytest.fixture(scope="session")
def sparse_folder() -> Path:
    return resolve(DEFAULT_SPARSE)


@pytest.fixture(scope="session")
def reranker_folder() -> Path:
    return resolve(DEFAULT_RERANKER)


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Short, long, blank, in several scripts, with what tokenizers stumble over."""
    return [
        "A heron stands in the reeds.",
        "",
        "   ",
        "the train leaves at nine " * 80,
        "Größe, naïveté, São Paulo",
        "東京は日本の首都です",
        "emoji 🦩 and a zero\u200bwidth space",
        "one\ttab\nand a line",
        "C++ and .NET: a.b.c != a_b_c",
    ]
