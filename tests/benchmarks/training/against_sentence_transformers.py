"""Training and mining beside Sentence Transformers, in one interleaved run on the same model, rows and arguments.

    python tests/benchmarks/training/against_sentence_transformers.py [dense] [rerank] [mine] [--rows 96] [--slices 3]

A ratio above 1 is how many times faster a way is. Needs the development environment; the models are the ready ones.
A training slice is one epoch, from building the trainer to its last step. The documents' lengths are spread evenly over
the logarithm from 4 to 220 words. `--cpu-time` counts CPU time on one thread: for a machine that is shared.
"""

import argparse
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import sentence_transformers
import torch
import transformers
from datasets import Dataset, disable_progress_bars
from sentence_transformers import cross_encoder as their_cross

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "encoders"))
from interleaved import cpu, interleave, table

from outrider import encoders
from outrider.encoders import (
    DEFAULT_DENSE,
    DEFAULT_RERANKER,
    cross_encoder,
    mine_hard_negatives,
    open_model,
    resolve,
    trainable_folder,
)

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
        trainer = getattr(library, f"{kind}Trainer")(model=model, args=args, train_dataset=data, loss=loss)
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.train()


def training(kind: str, name: str, losses: tuple[Any, Any], data: Dataset) -> Ways:
    with tempfile.TemporaryDirectory() as scratch:
        folder = str(trainable_folder(resolve(name), Path(scratch)))
        theirs = getattr(sentence_transformers, kind)(folder, device="cpu")
        ours = getattr(encoders, kind)(folder, device="cpu")
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
    return training("SentenceTransformer", DEFAULT_DENSE, losses, data)


def rerank(rows: int) -> Ways:
    labels = [float(row % 2) for row in range(rows)]
    data = Dataset.from_dict({"query": texts(rows, 1, 12), "document": texts(rows, 2), "label": labels})
    losses = (their_cross.losses.BinaryCrossEntropyLoss, cross_encoder.losses.BinaryCrossEntropyLoss)
    return training("CrossEncoder", DEFAULT_RERANKER, losses, data)


def mine(rows: int, threads: int | None) -> Ways:
    folder = resolve(DEFAULT_DENSE)
    pairs = Dataset.from_dict({"anchor": texts(rows, 3, 12), "positive": texts(rows, 4)})
    corpus = texts(rows * 4, 5)
    theirs = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    ours = encoders.SentenceTransformer(str(folder), device="cpu")
    served = open_model(folder, threads=threads)
    options: dict[str, Any] = {"corpus": corpus, "verbose": False}
    return {
        "sentence-transformers": lambda: sentence_transformers.util.mine_hard_negatives(pairs, theirs, **options),
        "outrider, SentenceTransformer": lambda: mine_hard_negatives(pairs, ours, **options),
        "outrider, open_model": lambda: mine_hard_negatives(pairs, served, **options),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help="dense, rerank, mine; all unless given")
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--slices", type=int, default=3)
    parser.add_argument("--cpu-time", action="store_true")
    given = parser.parse_args()
    quiet()
    clock, threads = (time.process_time, 1) if given.cpu_time else (time.perf_counter, None)
    if threads:
        torch.set_num_threads(threads)
    work: dict[str, Callable[[], Ways]] = {
        "dense": lambda: dense(given.rows),
        "rerank": lambda: rerank(given.rows),
        "mine": lambda: mine(given.rows, threads),
    }
    print(f"CPU: {cpu()}, load average {os.getloadavg()[0]:.1f}")
    for name in given.what or work:
        print(table(f"{name}, {given.rows} rows", interleave(work[name](), given.slices, clock), {}), flush=True)
    print(f"load average {os.getloadavg()[0]:.1f} at the end")


def quiet() -> None:
    warnings.simplefilter("ignore")
    disable_progress_bars()
    transformers.utils.logging.disable_progress_bar()


if __name__ == "__main__":
    main()
