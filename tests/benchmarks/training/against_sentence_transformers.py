"""Training and mining beside Sentence Transformers, in one interleaved run on the same model, rows and arguments.

    python tests/benchmarks/training/against_sentence_transformers.py [dense] [rerank] [mine] [--rows 96] [--slices 3]

A ratio above 1 is how many times faster a way is. Needs the development environment; the models are the ready ones.
The rows are pairs of texts whose lengths are spread evenly over the logarithm from 4 to 220 words.
"""

import argparse
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import sentence_transformers
from datasets import Dataset
from sentence_transformers import cross_encoder as their_cross

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "encoders"))
from interleaved import cpu, interleave, table

from outrider import encoders
from outrider.encoders import DEFAULT_DENSE, DEFAULT_RERANKER, cross_encoder, mine_hard_negatives, open_model, resolve

WORDS = (argparse.__doc__ or "").split()
Ways = dict[str, Callable[[], Any]]


def texts(count: int, seed: int, longest: int = 220) -> list[str]:
    draw = np.random.default_rng(seed)
    lengths = np.exp(draw.uniform(np.log(4), np.log(longest), count)).astype(int)
    return [" ".join(draw.choice(WORDS, length)) for length in lengths]


def train(library: Any, kind: str, model: Any, loss: Any, data: Dataset, sampler: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        args = getattr(library, f"{kind}TrainingArguments")(
            output_dir=scratch,
            num_train_epochs=1,
            per_device_train_batch_size=16,
            learning_rate=2e-5,
            batch_sampler=sampler,
            report_to="none",
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
        )
        getattr(library, f"{kind}Trainer")(model=model, args=args, train_dataset=data, loss=loss).train()


def training(kind: str, folder: Path, rows: int, losses: tuple[Any, Any], data: Dataset) -> Ways:
    theirs = getattr(sentence_transformers, kind)(str(folder), device="cpu")
    ours = getattr(encoders, kind)(str(folder), device="cpu")
    # The card's examples are worked out before the training there, which is no training.
    theirs.model_card_data.generate_widget_examples = ours.model_card_data.generate_widget_examples = False
    there, here = losses
    return {
        "sentence-transformers": lambda: train(
            sentence_transformers, kind, theirs, there(theirs), data, "batch_sampler"
        ),
        "outrider": lambda: train(encoders, kind, ours, here(ours), data, "batch_sampler"),
        "outrider, token_length": lambda: train(encoders, kind, ours, here(ours), data, "token_length"),
    }


def dense(rows: int) -> Ways:
    data = Dataset.from_dict({"anchor": texts(rows, 1, 40), "positive": texts(rows, 2)})
    losses = (sentence_transformers.losses.MultipleNegativesRankingLoss, encoders.losses.MultipleNegativesRankingLoss)
    return training("SentenceTransformer", resolve(DEFAULT_DENSE), rows, losses, data)


def rerank(rows: int) -> Ways:
    labels = [float(row % 2) for row in range(rows)]
    data = Dataset.from_dict({"query": texts(rows, 1, 12), "document": texts(rows, 2), "label": labels})
    losses = (their_cross.losses.BinaryCrossEntropyLoss, cross_encoder.losses.BinaryCrossEntropyLoss)
    return training("CrossEncoder", resolve(DEFAULT_RERANKER), rows, losses, data)


def mine(rows: int) -> Ways:
    folder = resolve(DEFAULT_DENSE)
    pairs = Dataset.from_dict({"anchor": texts(rows, 3, 12), "positive": texts(rows, 4)})
    corpus = texts(rows * 4, 5)
    theirs = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    ours = encoders.SentenceTransformer(str(folder), device="cpu")
    served = open_model(folder)
    options: dict[str, Any] = {"corpus": corpus, "verbose": False}
    return {
        "sentence-transformers": lambda: sentence_transformers.util.mine_hard_negatives(pairs, theirs, **options),
        "outrider, SentenceTransformer": lambda: mine_hard_negatives(pairs, ours, **options),
        "outrider, open_model": lambda: mine_hard_negatives(pairs, served, **options),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["dense", "rerank", "mine"])
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--slices", type=int, default=3)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print(cpu(), "load", os.getloadavg())
    for name in given.what:
        ways = {"dense": dense, "rerank": rerank, "mine": mine}[name](given.rows)
        print(table(f"{name}, {given.rows} rows", interleave(ways, given.slices), {}), flush=True)
    print("load", os.getloadavg())


if __name__ == "__main__":
    main()
