"""Sparse and reranker training: fifty steps end in the weights of Sentence Transformers."""

import warnings
from typing import Any

import pytest
import sentence_transformers as reference
import torch
from datasets import Dataset
from sentence_transformers.cross_encoder import losses as reference_cross
from sentence_transformers.sparse_encoder import losses as reference_sparse

from outrider import encoders
from outrider.encoders.cross_encoder import losses as cross
from outrider.encoders.sparse_encoder import losses as sparse

from .conftest import sentences


def trained(library: Any, kind: str, folder: str, options: dict[str, Any], data: Dataset, build: Any) -> Any:
    return trainer_after(library, kind, folder, options, data, build).model


def trainer_after(
    library: Any, kind: str, folder: str, options: dict[str, Any], data: Dataset, build: Any, **more: Any
) -> Any:
    """The trainer after its run."""
    model = getattr(library, kind)(folder, device="cpu")
    args = getattr(library, f"{kind}TrainingArguments")(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = getattr(library, f"{kind}Trainer")(
            model=model, args=args, train_dataset=data, loss=build(model), **more
        )
        trainer.train()
    return trainer


def lists(rows: int) -> Dataset:
    """Queries with one to four documents each, and a label for every document."""
    texts = sentences(4 * rows, 5)
    documents = [texts[4 * row : 4 * row + 1 + row % 4] for row in range(rows)]
    labels = [[float((row + place) % 3) for place in range(len(own))] for row, own in enumerate(documents)]
    return Dataset.from_dict({"query": sentences(rows, 6), "documents": documents, "labels": labels})


def assert_same_weights(ours: Any, theirs: Any) -> None:
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.detach(), other.detach(), atol=1e-4, rtol=1e-4)


def splade(library: Any) -> Any:
    return lambda model: library.SpladeLoss(model, library.SparseMultipleNegativesRankingLoss(model), 0.03, 0.05)


def test_fifty_sparse_steps_with_growing_regularisers(
    splade_folder: str, pairs: Dataset, options: dict[str, Any]
) -> None:
    ours = trained(encoders, "SparseEncoder", splade_folder, options, pairs, splade(sparse))
    assert_same_weights(
        ours, trained(reference, "SparseEncoder", splade_folder, options, pairs, splade(reference_sparse))
    )


@pytest.mark.parametrize("loss", ["MSELoss", "BinaryCrossEntropyLoss"])
def test_fifty_reranker_steps(loss: str, reranker_folder: str, scored: Dataset, options: dict[str, Any]) -> None:
    ours = trained(encoders, "CrossEncoder", reranker_folder, options, scored, getattr(cross, loss))
    assert_same_weights(
        ours, trained(reference, "CrossEncoder", reranker_folder, options, scored, getattr(reference_cross, loss))
    )


@pytest.mark.parametrize("loss", ["ListNetLoss", "ListMLELoss", "PListMLELoss", "LambdaLoss", "RankNetLoss"])
def test_lists_of_different_length(loss: str, reranker_folder: str, options: dict[str, Any]) -> None:
    # Every length leads a batch once. Not Adam: it makes whole steps of the rounding in a key's bias, whose true
    # gradient is 0.
    more = {**options, "max_steps": 8, "per_device_train_batch_size": 3, "eval_strategy": "steps", "eval_steps": 8}
    more |= {"optim": "sgd", "learning_rate": 0.1}
    ours, theirs = (
        trainer_after(
            library,
            "CrossEncoder",
            reranker_folder,
            more,
            lists(24),
            getattr(own, loss),
            eval_dataset=lists(9),
        )
        for library, own in ((encoders, cross), (reference, reference_cross))
    )
    assert_same_weights(ours.model, theirs.model)
    told = [
        next(entry["eval_loss"] for entry in one.state.log_history if "eval_loss" in entry) for one in (ours, theirs)
    ]
    assert told[0] == pytest.approx(told[1], abs=1e-5)
    start = dict(encoders.CrossEncoder(reranker_folder, device="cpu").named_parameters())
    assert any((value - start[name]).abs().max() > 1e-3 for name, value in ours.model.named_parameters())
