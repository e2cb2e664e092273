"""Dense embeddings equal those of the reference, call by call."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sentence_transformers as reference
import torch

from outrider.encoders import SentenceTransformer

from .conftest import FAMILIES, TEXTS
from .oracle import assert_same


@pytest.fixture(scope="module")
def both(dense_folder: str) -> tuple[SentenceTransformer, Any]:
    return (
        SentenceTransformer(dense_folder, device="cpu"),
        reference.SentenceTransformer(dense_folder, device="cpu"),
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_bare_transformer_of_any_family_gets_mean_pooling(family: str, backbones: dict[str, str]) -> None:
    ours = SentenceTransformer(backbones[family], device="cpu")
    theirs = reference.SentenceTransformer(backbones[family], device="cpu")
    # One text at a time: the reference pads, and its left-padded batches differ from its own single texts.
    assert_same(ours.encode(TEXTS), np.stack([theirs.encode(text) for text in TEXTS]))
    assert ours.max_seq_length == theirs.max_seq_length
    assert ours.get_sentence_embedding_dimension() == theirs.get_sentence_embedding_dimension()


OPTIONS: list[dict[str, Any]] = [
    {},
    {"convert_to_tensor": True},
    {"convert_to_numpy": False},
    {"batch_size": 2},
    {"normalize_embeddings": True, "truncate_dim": 5},
    {"output_value": "token_embeddings"},
    {"precision": "int8"},
    {"precision": "uint8", "convert_to_tensor": True},
    {"precision": "binary"},
    {"precision": "ubinary", "convert_to_numpy": False},
    {"precision": None},
    {"prompt": "say: "},
    {"prompt_name": "topic"},
    {"prompt_name": "topic", "output_value": "token_embeddings"},
    {"show_progress_bar": False, "convert_to_numpy": False, "convert_to_tensor": True},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("method", ["encode", "encode_query", "encode_document"])
def test_every_option_gives_the_same(both: tuple[Any, Any], method: str, options: dict[str, Any]) -> None:
    tolerance = 1.0 if "int8" in str(options.get("precision")) else 1e-5
    ours, theirs = (getattr(model, method) for model in both)
    assert_same(ours(TEXTS, **options), theirs(TEXTS, **options), tolerance)


@pytest.mark.parametrize("options", [o for o in OPTIONS if "int8" not in str(o.get("precision"))], ids=str)
def test_a_single_text_gives_a_single_result(both: tuple[Any, Any], options: dict[str, Any]) -> None:
    ours, theirs = (model.encode(TEXTS[0], **options) for model in both)
    assert_same(ours, theirs)


@pytest.mark.parametrize("options", [o for o in OPTIONS if "prompt_name" not in o], ids=str)
def test_no_text_gives_an_empty_container(both: tuple[Any, Any], options: dict[str, Any]) -> None:
    assert_same(both[0].encode([], **options), both[1].encode([], **options))


@pytest.mark.parametrize("inputs", [np.array(TEXTS), tuple(TEXTS), [["a", "b"], ["the car", "is red"]]], ids=type)
def test_arrays_tuples_and_pairs_are_taken(both: tuple[Any, Any], inputs: Any) -> None:
    assert_same(both[0].encode(inputs), both[1].encode(inputs))


def test_all_features_come_out_on_request(both: tuple[Any, Any]) -> None:
    assert_same(
        both[0].encode("a car", output_value=None, prompt="say: "),
        both[1].encode("a car", output_value=None, prompt="say: "),
    )
    rows = both[0].encode(TEXTS, output_value=None)
    assert_same(torch.stack([row["sentence_embedding"] for row in rows]).numpy(), both[1].encode(TEXTS))


def test_positional_arguments_have_their_old_places(both: tuple[Any, Any]) -> None:
    assert_same(both[0].encode(TEXTS, "topic", None, 3), both[1].encode(TEXTS, "topic", None, 3))
    assert_same(both[0].encode_query(TEXTS, "topic"), both[1].encode_query(TEXTS, "topic"))


@pytest.mark.parametrize("name", ["cosine", "dot", "euclidean", "manhattan"])
def test_similarities_by_name(both: tuple[Any, Any], name: str) -> None:
    vectors = both[1].encode(TEXTS)
    for model in both:
        model.similarity_fn_name = name
    assert both[0].similarity_fn_name == name
    assert_same(both[0].similarity(vectors[:2], vectors), both[1].similarity(vectors[:2], vectors))
    pairwise = [model.similarity_pairwise(vectors[:3], vectors[2:5]) for model in both]
    assert_same(*pairwise)
    for model in both:
        model.similarity_fn_name = "cosine"


@pytest.mark.parametrize(
    "call",
    [
        lambda model: model.encode("a", unknown=1),
        lambda model: model.encode("a", prompt_name="nobody"),
        lambda model: model.encode("a", precision="float3"),
        lambda model: model.encode([1, 2]),
        lambda model: model.encode([None]),
        lambda model: setattr(model, "similarity_fn_name", "angle"),
    ],
)
def test_refusals_have_the_same_type(both: tuple[Any, Any], call: Callable[[Any], Any]) -> None:
    with pytest.raises((ValueError, TypeError)) as theirs:
        call(both[1])
    with pytest.raises(theirs.type):
        call(both[0])


def test_properties_agree(both: tuple[Any, Any]) -> None:
    for name in ("device", "dtype", "max_seq_length", "prompts", "default_prompt_name"):
        assert getattr(both[0], name) == getattr(both[1], name)
    assert both[0].get_max_seq_length() == both[1].get_max_seq_length()
    assert both[0].get_backend() == "torch"
    assert type(both[0].transformers_model) is type(both[1].transformers_model)
    assert both[0].tokenize(["a car"]).keys() == both[1].tokenize(["a car"]).keys()


def test_a_shorter_limit_cuts_texts(both: tuple[Any, Any]) -> None:
    before = both[0].max_seq_length
    for model in both:
        model.max_seq_length = 5
    assert_same(both[0].encode(TEXTS), both[1].encode(TEXTS))
    for model in both:
        model.max_seq_length = before


def test_truncation_within_a_block(both: tuple[Any, Any]) -> None:
    for model in both:
        with model.truncate_sentence_embeddings(3):
            assert model.encode("a").shape == (3,)
            assert model.get_sentence_embedding_dimension() == 3
        assert model.get_sentence_embedding_dimension() == 24


def test_prompt_tokens_can_be_left_out_of_pooling(dense_folder: str) -> None:
    ours = SentenceTransformer(dense_folder, device="cpu")
    theirs = reference.SentenceTransformer(dense_folder, device="cpu")
    for model in (ours, theirs):
        model[1].pooling_mode_cls_token = False
        model[1].pooling_mode_lasttoken = True
        model.set_pooling_include_prompt(False)
    assert_same(ours.encode(TEXTS, prompt_name="topic"), theirs.encode(TEXTS, prompt_name="topic"))


def test_bfloat16_leaves_as_float32_arrays(dense_folder: str) -> None:
    model = SentenceTransformer(dense_folder, device="cpu", model_kwargs={"torch_dtype": torch.bfloat16}).bfloat16()
    assert model.encode("a").dtype == np.float32
    assert model.encode("a", convert_to_tensor=True).dtype == torch.bfloat16


def test_evaluate_hands_the_model_to_the_evaluator(both: tuple[Any, Any]) -> None:
    assert both[0].evaluate(lambda model, path: (model is both[0], path)) == (True, None)


def test_other_outputs_are_refused_and_no_limit_is_no_limit(dense_folder: str) -> None:
    model = SentenceTransformer(dense_folder, device="cpu")
    with pytest.raises(ValueError, match="'token_embeddings', None"):
        model.encode("a", output_value="nonsense")
    assert_same(model.encode(TEXTS, truncate_dim=0), model.encode(TEXTS))
    model.similarity_fn_name = "dot"
    model.similarity_fn_name = None
    assert model.similarity_fn_name == "cosine"
