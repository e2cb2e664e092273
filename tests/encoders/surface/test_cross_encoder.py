"""Pair scores equal those of the reference, call by call."""

from typing import Any

import pytest
import sentence_transformers as reference
import torch

from outrider.encoders import CrossEncoder

from .conftest import PAIRS, TEXTS
from .oracle import assert_same


@pytest.fixture(scope="module", params=["reranker_folder", "two_label_folder"])
def both(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    folder = request.getfixturevalue(request.param)
    return CrossEncoder(folder, device="cpu"), reference.CrossEncoder(folder, device="cpu")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"convert_to_tensor": True},
        {"convert_to_numpy": False},
        {"apply_softmax": True},
        {"batch_size": 1},
        {"activation_fn": torch.nn.Tanh()},
        {"show_progress_bar": False},
    ],
    ids=str,
)
def test_every_option_gives_the_same(both: tuple[Any, Any], options: dict[str, Any]) -> None:
    assert_same(both[0].predict(PAIRS, **options), both[1].predict(PAIRS, **options))
    assert_same(both[0].predict(PAIRS[0], **options), both[1].predict(PAIRS[0], **options))
    assert_same(both[0].predict([], **options), both[1].predict([], **options))
    assert_same(both[0].predict(list(PAIRS[0])), both[1].predict(list(PAIRS[0])))


def test_properties_agree(both: tuple[Any, Any]) -> None:
    for name in ("num_labels", "max_length", "device"):
        assert getattr(both[0], name) == getattr(both[1], name)
    assert type(both[0].get_default_activation_fn()) is type(both[1].get_default_activation_fn())
    assert type(both[0].transformers_model) is type(both[1].transformers_model)
    features = both[0].tokenizer(["a"], ["b"], return_tensors="pt")
    assert_same(both[0](**features)["logits"], both[1](**features)["logits"])


def test_rank_sorts_documents_for_a_query(reranker_folder: str) -> None:
    ours, theirs = CrossEncoder(reranker_folder), reference.CrossEncoder(reranker_folder)
    for options in ({}, {"top_k": 2, "return_documents": True}, {"convert_to_tensor": True}, {"batch_size": 2}):
        assert_same(ours.rank("a car", TEXTS, **options), theirs.rank("a car", TEXTS, **options))
    assert ours.rank("a car", []) == []


def test_rank_needs_one_label(two_label_folder: str) -> None:
    with pytest.raises(ValueError, match="one label"):
        CrossEncoder(two_label_folder).rank("a", ["b"])


def test_the_activation_is_remembered_by_instance_and_by_folder(reranker_folder: str, tmp_path: Any) -> None:
    model = CrossEncoder(reranker_folder)
    model.predict(PAIRS, activation_fn=torch.nn.Tanh())
    assert isinstance(model.activation_fn, torch.nn.Tanh)
    assert isinstance(model.get_default_activation_fn(), torch.nn.Sigmoid)
    model.set_activation_fn(torch.nn.Identity())
    model.save_pretrained(str(tmp_path))
    for opened in (CrossEncoder(str(tmp_path)), reference.CrossEncoder(str(tmp_path))):
        assert isinstance(opened.activation_fn, torch.nn.Identity)


def test_a_headless_transformer_gets_one_label(backbones: dict[str, str]) -> None:
    assert CrossEncoder(backbones["bert"]).num_labels == 1
    assert CrossEncoder(backbones["bert"], num_labels=3).num_labels == 3


def test_longer_pairs_are_cut(reranker_folder: str) -> None:
    pairs = [(TEXTS[5], TEXTS[5] * 3)]
    ours, theirs = CrossEncoder(reranker_folder, max_length=9), reference.CrossEncoder(reranker_folder, max_length=9)
    assert ours.max_length == theirs.max_length == 9
    assert_same(ours.predict(pairs), theirs.predict(pairs))


def test_what_is_no_pair_is_refused(reranker_folder: str) -> None:
    model = CrossEncoder(reranker_folder)
    with pytest.raises(TypeError, match="this is one text: 'ab'"):
        model.predict("ab")
    with pytest.raises(ValueError, match="pair 0 has 1 texts"):
        model.predict(("a",))
    with pytest.raises(ValueError, match="pair 1 has 3 texts"):
        model.predict([("a", "b"), ("a", "b", "c")])
