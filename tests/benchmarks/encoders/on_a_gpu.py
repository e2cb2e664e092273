"""Packed batches on a GPU beside Sentence Transformers there: speed, share of the matrix ceiling, peak memory.

    python tests/benchmarks/encoders/on_a_gpu.py [--texts 4000] [--slices 5] [--json FILE]

The model has BERT-base's shape (110 million parameters) and random weights: speed does not depend on them. The ceiling
is what torch's own product of large bfloat16 matrices reaches in the same run. Needs a GPU.
"""

import argparse
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
from against_sentence_transformers import tokenizer_of
from interleaved import interleave, table, write_json
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
from workloads import mixed_texts

from outrider.encoders import open_model
from outrider.encoders.sources import DEFAULT_DENSE, resolve

WIDTH, LAYERS = 768, 12


def base_model(folder: Path, device: str) -> Path:
    """A folder of Sentence Transformers with BERT-base's shape and the ready model's tokeniser."""
    from sentence_transformers import models as parts

    backbone = folder / "backbone"
    torch.manual_seed(0)
    BertModel(BertConfig()).save_pretrained(backbone)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(resolve(DEFAULT_DENSE), model_max_length=512)
    tokenizer.save_pretrained(backbone)
    body = parts.Transformer(str(backbone), max_seq_length=512)
    model = sentence_transformers.SentenceTransformer(modules=[body, parts.Pooling(WIDTH, "mean")], device=device)
    model.save(str(folder / "model"), create_model_card=False)
    return folder / "model"


def flops(lengths: list[int]) -> float:
    """Of the matrix products over these texts, padding not counted: 24 h^2 a token and layer, 4 L h for attention."""
    return float(sum(LAYERS * (24 * WIDTH**2 + 4 * length * WIDTH) * length for length in lengths))


def ceiling_flops(dtype: torch.dtype, size: int = 8192) -> float:
    """Operations a second of a large square product on this GPU."""
    one, other = (torch.randn(size, size, device="cuda", dtype=dtype) for _ in range(2))
    return 2 * size**3 / _seconds(lambda: one @ other)


def _seconds(work: Callable[[], Any], times: int = 20) -> float:
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(times):
        work()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / times


def peak_mb(work: Callable[[], Any]) -> float:
    torch.cuda.reset_peak_memory_stats()
    work()
    return torch.cuda.max_memory_allocated() / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=4000)
    parser.add_argument("--slices", type=int, default=5)
    parser.add_argument("--json", help="write every slice to this file")
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("torch sees no CUDA device here; this benchmark measures one")
    warnings.simplefilter("ignore")
    print(f"GPU: {torch.cuda.get_device_name()}, torch {torch.__version__}")
    with tempfile.TemporaryDirectory() as scratch:
        measure(base_model(Path(scratch), "cuda"), arguments)


def measure(folder: Path, arguments: argparse.Namespace) -> None:
    tokenizer = tokenizer_of(folder)
    texts = mixed_texts(arguments.texts, tokenizer)
    texts = (texts * (arguments.texts // len(texts) + 1))[: arguments.texts]
    reference = sentence_transformers.SentenceTransformer(str(folder), device="cuda")
    half = sentence_transformers.SentenceTransformer(str(folder), device="cuda").bfloat16()
    exact, fast = (open_model(folder, backend="torch", device="cuda", precision=each) for each in ("exact", "fast"))
    ways: dict[str, Callable[[], Any]] = {
        "sentence-transformers": lambda: reference.encode(texts),
        "sentence-transformers, bf16": lambda: half.encode(texts),
        exact.executor: lambda: exact.encode_document(texts),
        fast.executor: lambda: fast.encode_document(texts),
    }
    expected = ways["sentence-transformers"]()
    remarks = {}
    for name, way in ways.items():
        rows = way()
        cosines = (rows * expected).sum(1) / np.linalg.norm(rows, axis=1) / np.linalg.norm(expected, axis=1)
        remarks[name] = f"peak {peak_mb(way):.0f} MB, least cosine {cosines.min():.5f}"
    timings = interleave(ways, arguments.slices)
    print(table(f"dense, {len(texts)} texts, BERT-base", timings, remarks))
    lengths = [min(len(each.ids), 512) for each in tokenizer.encode_batch(texts)]
    ceiling = ceiling_flops(torch.bfloat16)
    reached = flops(lengths) / timings[-1].median_s
    body = flops([256] * 128) / _seconds(_one_batch(fast, 256, 128))
    print(
        f"\nbf16 ceiling {ceiling / 1e12:.0f} TFLOP/s; fast reaches {reached / ceiling:.0%} of it with tokenising, "
        f"{body / ceiling:.0%} in a batch of 128 texts of 256 tokens"
    )
    if arguments.json:
        write_json(arguments.json, {"cuda dense": timings}, {**remarks, "ceiling": ceiling, "share": body / ceiling})


def _one_batch(model: Any, length: int, count: int) -> Callable[[], Any]:
    """The executor's forward alone, over texts of one length."""
    texts = [model.tokenize(["word " * (length - 2)], "document")[0]] * count
    return lambda: model.run(texts)


if __name__ == "__main__":
    main()
