"""The tiny models of the surface tests, loaded by both libraries, and evaluators run on both."""

import csv
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sentence_transformers as reference

from outrider.encoders import CrossEncoder, SentenceTransformer, SparseEncoder

from ..surface.conftest import (  # noqa: F401 -- fixtures
    backbones,
    reranker_folder,
    splade_folder,
    two_label_folder,
)


@dataclass(frozen=True)
class Both:
    """One model, loaded here and by the reference."""

    ours: Any
    theirs: Any


@pytest.fixture(scope="session")
def dense(backbones: dict[str, str]) -> Both:  # noqa: F811
    folder = backbones["bert"]
    return Both(SentenceTransformer(folder, device="cpu"), reference.SentenceTransformer(folder, device="cpu"))


@pytest.fixture(scope="session")
def sparse(splade_folder: str) -> Both:  # noqa: F811
    return Both(SparseEncoder(splade_folder, device="cpu"), reference.SparseEncoder(splade_folder, device="cpu"))


@pytest.fixture(scope="session")
def reranker(reranker_folder: str) -> Both:  # noqa: F811
    return Both(CrossEncoder(reranker_folder, device="cpu"), reference.CrossEncoder(reranker_folder, device="cpu"))


@pytest.fixture(scope="session")
def classifier(two_label_folder: str) -> Both:  # noqa: F811
    return Both(CrossEncoder(two_label_folder, device="cpu"), reference.CrossEncoder(two_label_folder, device="cpu"))


@dataclass(frozen=True)
class Outcome:
    """What an evaluator gave: metrics, main metric, and the csv files by name, as (header, rows)."""

    metrics: dict[str, float]
    primary: str | None
    files: dict[str, list[list[str]]]


def outcome(evaluator: Any, model: Any, folder: Path) -> Outcome:
    with warnings.catch_warnings():
        # Torch tells every process once that its sparse tensors are not checked, and young.
        warnings.filterwarnings("ignore", message="Sparse invariant checks")
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        # The reference makes tensors of lists of arrays.
        warnings.filterwarnings("ignore", message="Creating a tensor from a list of numpy")
        metrics = evaluator(model, output_path=str(folder), epoch=2, steps=30)
    files = {}
    for path in folder.rglob("*.csv"):
        with path.open(newline="") as file:
            files[path.name] = list(csv.reader(file))
    return Outcome(metrics, evaluator.primary_metric, files)


Compare = Callable[..., tuple[Outcome, Outcome]]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Runs both evaluators on their models and checks metrics, their order, and the main one."""

    def run(models: Both, ours: Any, theirs: Any) -> tuple[Outcome, Outcome]:
        for who in ("ours", "theirs"):
            (tmp_path / who).mkdir()
        left = outcome(ours, models.ours, tmp_path / "ours")
        right = outcome(theirs, models.theirs, tmp_path / "theirs")
        assert list(left.metrics) == list(right.metrics)
        assert left.metrics == pytest.approx(right.metrics, abs=2e-5, rel=2e-5, nan_ok=True)
        assert all(type(value) is float for value in left.metrics.values())
        assert left.primary == right.primary
        assert set(left.files) == set(right.files)
        assert ours.description == theirs.description
        return left, right

    return run


def assert_same_files(left: Outcome, right: Outcome) -> None:
    """The same header, and the same numbers in it."""
    for name, theirs in right.files.items():
        ours = left.files[name]
        assert ours[0] == theirs[0]
        assert len(ours[1]) == len(ours[0])
        for value, wanted in zip(ours[1], theirs[1], strict=True):
            number = wanted.removeprefix("tensor(").removesuffix(")")
            assert float(value) == pytest.approx(float(number), abs=1e-4, rel=1e-4)
