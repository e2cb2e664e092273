"""The tiny models of the surface tests, with the columns that losses read, and one comparison for all losses."""

import copy
import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from ..evaluation.conftest import (  # noqa: F401 -- fixtures
    Both,
    backbones,
    classifier,
    dense,
    reranker,
    reranker_folder,
    sparse,
    splade_folder,
    two_label_folder,
)

ANCHORS = [
    "weather today", "sunny outside", "who drove the car", "ranking documents", "sparse weights", "dry road",
]  # fmt: skip
POSITIVES = [
    "The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium in an old red car.",
    "search engines rank documents", "term weights are sparse", "the road is dry and the weather lovely",
]  # fmt: skip
NEGATIVES = [
    "a query asks", "vectors are dense", "users want documents", "an old stadium", "red car outside", "what users want",
]  # fmt: skip
OTHERS = [
    "emoji survive", "lovely search engines", "the stadium is sunny", "weights rank", "a document", "he drove",
]  # fmt: skip
COLUMNS = [ANCHORS, POSITIVES, NEGATIVES, OTHERS]

Build = Callable[[Any, Any], Any]


def fresh(both: Both) -> Both:
    """Copies whose dropout is off, so that two passes see the same network."""
    pair = Both(copy.deepcopy(both.ours), copy.deepcopy(both.theirs))
    for model in (pair.ours, pair.theirs):
        model.train()
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
    return pair


def tokens(model: Any, columns: int) -> list[dict[str, Tensor]]:
    """The first columns, tokenised."""
    return [
        {name: value for name, value in model.tokenize(column).items() if isinstance(value, Tensor)}
        for column in COLUMNS[:columns]
    ]


def run(loss: Any, features: Any, labels: Any) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Every part of the value, and the gradient of every parameter under the name that the model gives it."""
    torch.manual_seed(7)
    random.seed(7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = loss(features, labels)
    parts = value if isinstance(value, dict) else {"loss": value}
    total = sum(parts.values())
    assert isinstance(total, Tensor)
    total.backward()  # type: ignore[no-untyped-call]
    model = next(
        getattr(loss, name) for name in ("model", "sentence_embedder", "encoder", "model2") if hasattr(loss, name)
    )
    gradients = {
        _plain(name): parameter.grad.clone()
        for name, parameter in model.named_parameters()
        if parameter.grad is not None and parameter.grad.abs().max() > 0
    }
    return {name: part.detach() for name, part in parts.items()}, gradients


def _plain(name: str) -> str:
    # The reranker is one module there, and the first of a pipeline here.
    return name.removeprefix("0.").removeprefix("auto_model.").removeprefix("model.")


def assert_equal(ours: Any, theirs: Any, tolerance: float = 1e-5) -> None:
    """Values and gradients to `tolerance`, relative to the greatest of a tensor where that is above 1."""
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.keys() == other.keys()
        for name, tensor in other.items():
            # A small gradient that is the sum of large terms is as exact as they are.
            off = tolerance * max(1.0, tensor.abs().max().item())
            torch.testing.assert_close(mine[name], tensor, rtol=0, atol=off, msg=lambda m, n=name: f"{n}: {m}")


def losses_of(library: Any) -> set[str]:
    """The names of all losses, and of the parts of losses, that a package of Sentence Transformers has."""
    return {name for name in library.__all__ if issubclass(getattr(library, name), torch.nn.Module)}


@pytest.fixture(scope="session")
def same() -> Callable[..., None]:
    """Checks a loss of ours against that of Sentence Transformers on the same model and batch."""

    def check(both: Both, ours: Build, theirs: Build, columns: int, labels: Any = None) -> None:
        pair = fresh(both)
        mine = run(ours(pair.ours, pair.ours), tokens(pair.ours, columns), labels)
        other = run(theirs(pair.theirs, pair.theirs), tokens(pair.theirs, columns), labels)
        assert mine[1], "no parameter has a gradient"
        assert_equal(mine, other)

    return check
