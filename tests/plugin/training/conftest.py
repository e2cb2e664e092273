"""A shop of forty things with a vocabulary of its own, models that are tiny, and the command as it is typed."""

import json
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ..conftest import Command

Run = Callable[..., subprocess.CompletedProcess[str]]

COLOURS = ("red", "blue", "green", "black", "white")
THINGS = ("chair", "lamp", "table", "kettle", "carpet", "mirror", "shelf", "clock")
OTHER_WORDS = {"crimson": "red", "navy": "blue", "olive": "green", "dark": "black", "pale": "white"}
DOCUMENTS = {
    f"{colour}-{thing}": {"title": f"{colour} {thing}", "text": f"a {thing} in {colour} for every room"}
    for colour in COLOURS
    for thing in THINGS
}


def queries() -> dict[str, str]:
    """Another word for the colour, then the thing: words alone do not find the colour."""
    return {f"q-{word}-{thing}": f"{word} {thing}" for word in OTHER_WORDS for thing in THINGS}


def answer(query: str) -> str:
    """The one relevant document."""
    word, thing = query.split()
    return f"{OTHER_WORDS[word]}-{thing}"


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents, queries to train on and others to evaluate on, judgements, BM25 rankings, models."""
    folder = tmp_path_factory.mktemp("shop")
    lines = (json.dumps({"_id": id, **fields}) + "\n" for id, fields in DOCUMENTS.items())
    (folder / "documents.jsonl").write_text("".join(lines))
    known = list(queries().items())
    random.Random(3).shuffle(known)
    for name, part in (("train", known[:30]), ("dev", known[30:])):
        (folder / f"{name}.jsonl").write_text(
            "".join(json.dumps({"_id": id, "text": text}) + "\n" for id, text in part)
        )
        (folder / f"{name}.tsv").write_text("".join(f"{id}\t{answer(text)}\t1\n" for id, text in part))
    with (folder / "words.jsonl").open("w") as stream:
        for text in queries().values():
            found = [[id, 2.0 - place / 100] for place, id in enumerate(DOCUMENTS) if id.endswith(text.split()[1])]
            stream.write(json.dumps({"query": text, "results": found}) + "\n")
    _models(folder)
    return folder


def _models(folder: Path) -> None:
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import (
        BertConfig,
        BertForMaskedLM,
        BertForSequenceClassification,
        BertModel,
        PreTrainedTokenizerFast,
    )

    words = [f"{text['title']} {text['text']}" for text in DOCUMENTS.values()] + list(queries().values())
    plain = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    plain.normalizer = normalizers.BertNormalizer(lowercase=True)
    plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    plain.train_from_iterator(words, trainers.WordPieceTrainer(vocab_size=200, special_tokens=special))
    plain.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=32,
    )
    sizes: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 32,
    }
    torch.manual_seed(4)
    for name, model in (
        ("dense", BertModel(BertConfig(**sizes))),
        ("sparse", BertForMaskedLM(BertConfig(**sizes))),
        ("reranker", BertForSequenceClassification(BertConfig(**sizes, num_labels=1))),
        ("teacher", BertForSequenceClassification(BertConfig(**sizes, num_labels=1, initializer_range=0.2))),
    ):
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)


@pytest.fixture
def spec(shop: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """A spec that trains one kind on the shop's judged queries; further entries change it."""

    def build(kind: str = "dense", **changes: Any) -> dict[str, Any]:
        base: dict[str, Any] = {
            "kind": kind,
            "base": str(shop / kind),
            "output": str(tmp_path / "run"),
            "data": {
                "source": "judged",
                "documents": {"file": str(shop / "documents.jsonl")},
                "queries": str(shop / "train.jsonl"),
                "judgements": str(shop / "train.tsv"),
            },
            "training": {"negatives": 2, "batch_size": 8, "learning_rate": 2e-3, "epochs": 20, "skip_nearest": 0},
            "evaluation": {
                "documents": {"file": str(shop / "documents.jsonl")},
                "queries": str(shop / "dev.jsonl"),
                "judgements": str(shop / "dev.tsv"),
                "words": str(shop / "words.jsonl"),
            },
        }
        for name, change in changes.items():
            base[name] = {**base[name], **change} if isinstance(base.get(name), dict) and change else change
        return base

    return build


@pytest.fixture
def outrider(shop: Path, tmp_path: Path) -> Run:
    """Runs the command; the spec is written to a file first where one is given."""

    command = Command(tmp_path, {"OMP_NUM_THREADS": "1", "OUTRIDER_CACHE": str(shop / "cache")})

    def run(*arguments: Any, check: bool = True) -> subprocess.CompletedProcess[str]:
        for argument in arguments:
            if isinstance(argument, dict):
                (tmp_path / "spec.yaml").write_text(yaml.safe_dump(argument))
        given = ["spec.yaml" if isinstance(argument, dict) else argument for argument in arguments]
        return command(*given, check=check)

    return run


def write_clicks(path: Path, trained: set[str]) -> None:
    """A log in which the relevant document moves from place to place, and is clicked less often the lower it stands.

    Queries that are `trained` are asked thirty times each, the others once.
    """
    random = np.random.default_rng(2)
    with path.open("w") as stream:
        for text in queries().values():
            thing = text.split()[1]
            for _ in range(30 if text in trained else 1):
                results = random.permutation([id for id in DOCUMENTS if id.endswith(thing)]).tolist()
                place = results.index(answer(text))
                clicks = [answer(text)] if random.random() < 1 / (place + 1) else []
                stream.write(json.dumps({"query": text, "results": results, "clicks": clicks}) + "\n")


def texts_of(path: Path) -> set[str]:
    """The texts of a file of queries."""
    return {json.loads(line)["text"] for line in path.read_text().splitlines()}


@contextmanager
def no_bars(what: str) -> Iterator[Callable[[int, int], None]]:
    """Progress that nobody sees."""
    assert what
    yield lambda _done, _total: None
