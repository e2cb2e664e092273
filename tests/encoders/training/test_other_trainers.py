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


def trained(library: Any, kind: str, folder: str, options: dict[str, Any], data: Dataset, build: Any) -> Any:
    model = getattr(library, kind)(folder, device="cpu")
    args = getattr(library, f"{kind}TrainingArguments")(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        getattr(library, f"{kind}Trainer")(model=model, args=args, train_dataset=data, loss=build(model)).train()
    return model


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
