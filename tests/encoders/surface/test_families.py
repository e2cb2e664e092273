"""Tiny models of every family: saved here they open there, saved there they open here, with the same numbers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentence_transformers as reference
import torch
from sentence_transformers.sparse_encoder import models as their_sparse_parts
from tokenizers import Tokenizer

import outrider.encoders as ours
from outrider.encoders.sparse_encoder import models as our_sparse_parts

from .conftest import FAMILIES, PAIRS, TEXTS, wordpiece
from .oracle import assert_same

Read = Callable[[Any], Any]


def go_both_ways(kind: str, built: dict[str, Any], read: Read, folder: Path, tolerance: float = 1e-5) -> None:
    """Each library's model is saved, opened by both, and read alike."""
    for who, model in built.items():
        path = str(folder / who)
        model.save_pretrained(path)
        wanted = read(model)
        for library in (ours, reference):
            opened = getattr(library, kind)(path, device="cpu")
            assert_same(read(opened), wanted, tolerance)


def _parts(library: Any) -> Any:
    return library.models if library is reference else __import__("outrider.encoders.models", fromlist=["models"])


@pytest.mark.parametrize("family", FAMILIES)
def test_dense_families(family: str, backbones: dict[str, str], tmp_path: Path) -> None:
    built = {}
    for who, library in (("ours", ours), ("theirs", reference)):
        parts = _parts(library)
        pooling = parts.Pooling(32, pooling_mode="lasttoken" if family == "decoder" else "mean")
        modules = [parts.Transformer(backbones[family]), pooling]
        built[who] = library.SentenceTransformer(modules=modules, device="cpu")

    def read(model: Any) -> Any:
        return model.encode(TEXTS)

    assert_same(read(built["ours"]), read(built["theirs"]))
    go_both_ways("SentenceTransformer", built, read, tmp_path)


def test_splade(splade_folder: str, tmp_path: Path) -> None:
    built = {}
    for who, library, parts in (("ours", ours, our_sparse_parts), ("theirs", reference, their_sparse_parts)):
        modules = [parts.MLMTransformer(splade_folder), parts.SpladePooling("sum", chunk_size=4)]
        built[who] = library.SparseEncoder(modules=modules, device="cpu")
    go_both_ways("SparseEncoder", built, lambda model: model.encode(TEXTS).to_dense(), tmp_path)
    assert_same(built["ours"].encode(TEXTS).to_dense(), built["theirs"].encode(TEXTS).to_dense())


def test_a_sparse_auto_encoder(backbones: dict[str, str], tmp_path: Path) -> None:
    built = {}
    for who, library, parts in (("ours", ours, our_sparse_parts), ("theirs", reference, their_sparse_parts)):
        torch.manual_seed(3)
        dense = _parts(library)
        body = [dense.Transformer(backbones["bert"]), dense.Pooling(32)]
        built[who] = library.SparseEncoder(modules=[*body, parts.SparseAutoEncoder(32, 96, k=6)], device="cpu")
    go_both_ways("SparseEncoder", built, lambda model: model.encode(TEXTS).to_dense(), tmp_path)


def test_a_router_with_two_towers(backbones: dict[str, str], tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_str(wordpiece().backend_tokenizer.to_str())
    built = {}
    for who, library in (("ours", ours), ("theirs", reference)):
        torch.manual_seed(4)
        parts = _parts(library)
        router = parts.Router.for_query_document(
            query_modules=[parts.StaticEmbedding(tokenizer, embedding_dim=32)],
            document_modules=[parts.Transformer(backbones["roberta"]), parts.Pooling(32)],
        )
        built[who] = library.SentenceTransformer(modules=[router, parts.Normalize()], device="cpu")
    go_both_ways(
        "SentenceTransformer",
        built,
        lambda model: [model.encode_query(TEXTS), model.encode_document(TEXTS)],
        tmp_path,
    )


def test_a_sparse_router_that_needs_no_inference_for_queries(splade_folder: str, tmp_path: Path) -> None:
    built = {}
    for who, library, parts in (("ours", ours, our_sparse_parts), ("theirs", reference, their_sparse_parts)):
        torch.manual_seed(5)
        body = parts.MLMTransformer(splade_folder)
        weight = torch.rand(len(body.tokenizer))
        router = _parts(library).Router.for_query_document(
            query_modules=[parts.SparseStaticEmbedding(body.tokenizer, weight=weight)],
            document_modules=[body, parts.SpladePooling("max")],
        )
        built[who] = library.SparseEncoder(modules=[router], device="cpu", similarity_fn_name="dot")
    go_both_ways(
        "SparseEncoder",
        built,
        lambda model: [model.encode_query(TEXTS).to_dense(), model.encode_document(TEXTS).to_dense()],
        tmp_path,
    )


def test_a_cross_encoder_with_two_labels(two_label_folder: str, tmp_path: Path) -> None:
    built = {
        "ours": ours.CrossEncoder(two_label_folder, device="cpu"),
        "theirs": reference.CrossEncoder(two_label_folder, device="cpu"),
    }
    go_both_ways("CrossEncoder", built, lambda model: model.predict(PAIRS, apply_softmax=True), tmp_path)


@pytest.mark.parametrize("family", ["roberta", "distilbert", "mpnet", "modernbert"])
def test_cross_encoders_from_bare_families(family: str, backbones: dict[str, str], tmp_path: Path) -> None:
    torch.manual_seed(6)
    theirs = reference.CrossEncoder(backbones[family], num_labels=1, device="cpu")
    go_both_ways("CrossEncoder", {"theirs": theirs}, lambda model: model.predict(PAIRS), tmp_path)
    opened = ours.CrossEncoder(str(tmp_path / "theirs"), device="cpu")
    go_both_ways("CrossEncoder", {"ours": opened}, lambda model: model.predict(PAIRS), tmp_path)
