"""Dense, sparse and reranking beside Sentence Transformers (torch, float32, its defaults), in one interleaved run.

    python tests/benchmarks/encoders/against_sentence_transformers.py [dense] [sparse] [rerank] [--json FILE]

A ratio above 1 is how many times faster a way is. Needs the development environment; the models are the ready ones.
"""

import argparse
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sentence_transformers
import torch
from interleaved import Timing, cpu, interleave, table, write_json
from tokenizers import Tokenizer
from workloads import mixed_texts, passages

from outrider.encoders import open_model
from outrider.encoders.backends.dequantise import write_float_folder
from outrider.encoders.sources import DEFAULT_DENSE, DEFAULT_RERANKER, DEFAULT_SPARSE, resolve

WAYS: dict[str, dict[str, str]] = {
    "exact": {"precision": "exact"},
    "fast": {"precision": "fast"},
    "int8": {"precision": "int8"},
    "packed exact": {"precision": "exact", "backend": "torch", "device": "cpu"},
    "packed fast": {"precision": "fast", "backend": "torch", "device": "cpu"},
}
Ways = dict[str, Callable[[], Any]]
RERANKER = {
    "architectures": ["BertForSequenceClassification"],
    "model_type": "bert",
    "hidden_size": 384,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "vocab_size": 30522,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
    "id2label": {"0": "LABEL_0"},
    "label2id": {"LABEL_0": 0},
    "sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity", "version": "5.0.0"},
}


@dataclass(frozen=True)
class How:
    """How a way is timed."""

    slices: int
    texts: int
    cpu_time: bool

    @property
    def clock(self) -> Callable[[], float]:
        return time.process_time if self.cpu_time else time.perf_counter

    def open(self, folder: Path, options: dict[str, str]) -> Any:
        return open_model(folder, threads=1 if self.cpu_time else None, **options)  # type: ignore[arg-type]


def tokenizer_of(folder: Path) -> Any:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def dense(how: How) -> tuple[list[Timing], dict[str, str]]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(shutil.copytree(resolve(DEFAULT_DENSE), Path(scratch) / "model"))
        (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 512, "do_lower_case": false}')
        return _dense(folder, how)


def _dense(folder: Path, how: How) -> tuple[list[Timing], dict[str, str]]:
    texts = mixed_texts(how.texts, tokenizer_of(folder))
    reference = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    ways: Ways = {"sentence-transformers": lambda: reference.encode(texts)}
    for name, options in WAYS.items():
        model = how.open(folder, options)
        ways[f"{name}: {model.executor}"] = lambda model=model: model.encode_document(texts)
    expected = reference.encode(texts, normalize_embeddings=True)
    remarks = {}
    for name, way in list(ways.items())[1:]:
        cosines = (way() * expected).sum(axis=1)
        remarks[name] = f"cosine mean {cosines.mean():.5f}, least {cosines.min():.5f}"
    return interleave(ways, how.slices, how.clock), remarks


def sparse(how: How) -> tuple[list[Timing], dict[str, str]]:
    folder = resolve(DEFAULT_SPARSE)
    texts = mixed_texts(how.texts // 2, tokenizer_of(folder))
    reference = sentence_transformers.SparseEncoder(str(folder), device="cpu")
    ways: Ways = {"sentence-transformers": lambda: reference.encode(texts)}
    for name, options in WAYS.items():
        model = how.open(folder, options)
        ways[f"{name}: {model.executor}"] = lambda model=model: model.encode_document(texts)
    expected = [dict(pairs) for pairs in reference.decode(reference.encode(texts))]
    remarks = {}
    for name, way in list(ways.items())[1:]:
        cosines = [_cosine(own.to_dict(), other) for own, other in zip(way(), expected, strict=True)]
        remarks[name] = f"cosine mean {np.mean(cosines):.5f}, least {np.min(cosines):.5f}"
    return interleave(ways, how.slices, how.clock), remarks


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    lengths = np.linalg.norm(list(one.values())) * np.linalg.norm(list(other.values()))
    return float(sum(weight * other.get(term, 0.0) for term, weight in one.items()) / lengths)


def rerank(how: How) -> tuple[list[Timing], dict[str, str]]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_float_folder(resolve(DEFAULT_RERANKER), Path(scratch), RERANKER)
        candidates = passages(100, tokenizer_of(folder))
        query = "how is a file read line by line"
        reference = sentence_transformers.CrossEncoder(str(folder), device="cpu")
        pairs = [(query, passage) for passage in candidates]
        ways: Ways = {"sentence-transformers": lambda: reference.predict(pairs)}
        for name, options in WAYS.items():
            model = how.open(folder, options)
            ways[f"{name}: {model.executor}"] = lambda model=model: model.rank(query, candidates)
        expected = np.argsort(-reference.predict(pairs))[:10].tolist()
        remarks = {}
        for name, way in list(ways.items())[1:]:
            got = np.argsort(-way())[:10].tolist()
            remarks[name] = f"top 10 {'the same' if got == expected else f'share {len({*got} & {*expected})}'}"
        return interleave(ways, how.slices, how.clock), remarks


WORK = {"dense": dense, "sparse": sparse, "rerank": rerank}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", nargs="*", help="dense, sparse, rerank; all unless given")
    parser.add_argument("--slices", type=int, default=7)
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--cpu-time", action="store_true", help="CPU time on one thread: for a machine that is shared")
    parser.add_argument("--json", help="write every slice to this file")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    how = How(arguments.slices, arguments.texts, arguments.cpu_time)
    if how.cpu_time:
        torch.set_num_threads(1)
    print(f"CPU: {cpu()}, load average {os.getloadavg()[0]:.1f}")
    results, remarks = {}, {}
    for name in arguments.work or WORK:
        results[name], remarks[name] = WORK[name](how)
        print(table(name, results[name], remarks[name]), flush=True)
    if arguments.json:
        write_json(arguments.json, results, remarks)


if __name__ == "__main__":
    main()
