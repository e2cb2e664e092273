"""Tiny models of the surface tests, and training data for them."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset

from ..surface.conftest import (  # noqa: F401 -- fixtures
    CORPUS,
    backbones,
    reranker_folder,
    splade_folder,
    two_label_folder,
)


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Models this small gain nothing from threads, which lose much time waiting for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


WORDS = [word for text in CORPUS for word in text.split()]


def sentences(count: int, seed: int) -> list[str]:
    """Texts of one to twelve words, no two alike."""
    pick = random.Random(seed)
    return [f"{' '.join(pick.choices(WORDS, k=pick.randint(1, 12)))} {index}" for index in range(count)]


@pytest.fixture(scope="session")
def pairs() -> Dataset:
    """Question and answer columns."""
    return Dataset.from_dict({"anchor": sentences(64, 1), "positive": sentences(64, 2)})


@pytest.fixture(scope="session")
def scored() -> Dataset:
    """Two texts and a score."""
    scores = [index % 5 / 4 for index in range(64)]
    return Dataset.from_dict({"one": sentences(64, 3), "two": sentences(64, 4), "score": scores})


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    """Arguments of a short run that writes nothing but what it must."""
    return {
        "output_dir": str(tmp_path / "run"),
        "max_steps": 50,
        "per_device_train_batch_size": 8,
        "learning_rate": 1e-3,
        "seed": 12,
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
        "logging_steps": 10,
        "use_cpu": True,
    }
