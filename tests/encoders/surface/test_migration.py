"""Every pair of the migration guide that is about inference: the old form and the new one, with the same result."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import sentence_transformers as reference
import torch
from tokenizers import Tokenizer

from outrider.encoders import CrossEncoder, SentenceTransformer, SparseEncoder, evaluation, models, util
from outrider.encoders.models import InputModule, Module, Normalize, Router
from outrider.encoders.sparse_encoder import models as sparse_models

from .conftest import PAIRS, TEXTS, wordpiece
from .oracle import assert_same

QUERY, DOCUMENT = "What is the capital of France?", "Paris is the capital of France."


def test_prompt_name_and_encode_query(dense_folder: str) -> None:
    model = SentenceTransformer(dense_folder, device="cpu")
    assert_same(model.encode_query(QUERY), model.encode(QUERY, prompt_name="query"))
    assert_same(model.encode_document(DOCUMENT), model.encode(DOCUMENT, prompt_name="document"))


def test_truncation_at_load_and_at_encode(dense_folder: str) -> None:
    model = SentenceTransformer(dense_folder, device="cpu", truncate_dim=12)
    assert model.encode(TEXTS).shape == (len(TEXTS), 12)
    assert model.encode(TEXTS, truncate_dim=8).shape == (len(TEXTS), 8)
    assert model.encode(TEXTS).shape == (len(TEXTS), 12)


def _heads(dimension: int) -> dict[str, list[Any]]:
    torch.manual_seed(0)
    return {"query": [models.Dense(dimension, 8)], "document": [models.Dense(dimension, 8)]}


def test_asym_and_router_behind_a_model(dense_folder: str) -> None:
    with pytest.warns(DeprecationWarning, match="Router") as caught:
        asym = models.Asym(_heads(24))
    assert caught[0].filename == __file__
    old = SentenceTransformer(dense_folder, device="cpu")
    old.add_module("asym", asym)
    new = SentenceTransformer(dense_folder, device="cpu")
    new.add_module("router", Router(_heads(24)))
    assert_same(old.encode([{"query": QUERY}], prompt=""), new.encode_query([QUERY], prompt=""))
    documents = [{"document": DOCUMENT}, {"document": "Berlin is the capital of Germany."}]
    assert_same(old.encode(documents), new.encode_document([text["document"] for text in documents]))


def test_asym_and_router_for_queries_and_documents(dense_folder: str) -> None:
    torch.manual_seed(0)
    document = SentenceTransformer(dense_folder, device="cpu")
    tokenizer = Tokenizer.from_str(wordpiece().backend_tokenizer.to_str())
    query = SentenceTransformer(modules=[models.StaticEmbedding(tokenizer, embedding_dim=24)], device="cpu")
    with pytest.warns(DeprecationWarning, match="Router"):
        asym = models.Asym({"query": list(query), "document": list(document)})
    old = SentenceTransformer(modules=[asym, Normalize()], device="cpu")
    router = Router.for_query_document(query_modules=list(query), document_modules=list(document))
    new = SentenceTransformer(modules=[router, Normalize()], device="cpu")
    assert_same(old.encode({"query": QUERY}), new.encode_query(QUERY))
    assert_same(old.encode({"document": DOCUMENT}), new.encode_document(DOCUMENT))
    assert_same(old.encode([{"query": QUERY}]), new.encode_query([QUERY]))


def test_other_routes_by_task(backbones: dict[str, str]) -> None:
    text = ["S&P500 is down 2.1% today."]
    body = [models.Transformer(backbones["bert"]), models.Pooling(32)]
    heads = {"query": [models.Dense(32, 8)], "classification": [models.Dense(32, 8)]}
    model = SentenceTransformer(modules=[*body, Router(heads)], device="cpu")
    assert_same(model.encode(text, task="classification"), model.encode([{"classification": text[0]}]))
    assert not (model.encode(text, task="classification") == model.encode(text, task="query")).any()


def test_own_modules_with_and_without_the_superclass(dense_folder: str) -> None:
    class Plain(torch.nn.Module):
        def forward(self, features: dict[str, Any]) -> dict[str, Any]:
            return {**features, "sentence_embedding": -features["sentence_embedding"]}

    class Convenient(Module):  # type: ignore[misc]
        def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
            return {**features, "sentence_embedding": -features["sentence_embedding"]}

        def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
            self.save_config(output_path)

    model = SentenceTransformer(dense_folder, device="cpu")
    for own in (Plain(), Convenient()):
        assert_same(SentenceTransformer(modules=[*model, own], device="cpu").encode(TEXTS), -model.encode(TEXTS))
    for name in ("load", "load_file_path", "load_dir_path", "load_torch_weights", "save_config", "get_config_dict"):
        assert callable(getattr(Module, name))
    assert InputModule.tokenize.__isabstractmethod__


def test_the_underlying_transformer_both_ways(dense_folder: str, splade_folder: str, reranker_folder: str) -> None:
    dense = SentenceTransformer(dense_folder, device="cpu")
    assert dense.transformers_model is dense[0].auto_model
    assert SparseEncoder(splade_folder, device="cpu").transformers_model is not None
    cross = CrossEncoder(reranker_folder, device="cpu")
    assert cross.transformers_model is cross.model


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("automodel_args", "model_kwargs", {"attn_implementation": "eager"}),
        ("tokenizer_args", "tokenizer_kwargs", {"model_max_length": 20}),
        ("config_args", "config_kwargs", {"hidden_dropout_prob": 0.2}),
        ("cache_dir", "cache_folder", None),
        ("default_activation_function", "activation_fn", torch.nn.Identity()),
    ],
)
def test_renamed_arguments_of_the_cross_encoder(reranker_folder: str, old: str, new: str, value: Any) -> None:
    with pytest.warns(DeprecationWarning, match=new) as caught:
        model = CrossEncoder(reranker_folder, device="cpu", **{old: value})
    assert [(warning.filename, len(caught)) for warning in caught] == [(__file__, 1)]
    wanted = CrossEncoder(reranker_folder, device="cpu", **{new: value})
    assert_same(model.predict(PAIRS), wanted.predict(PAIRS))
    assert model.max_length == wanted.max_length
    assert model.config.hidden_dropout_prob == wanted.config.hidden_dropout_prob


def test_the_models_name_and_the_dropout_of_the_classifier(reranker_folder: str) -> None:
    with pytest.warns(DeprecationWarning, match="model_name_or_path"):
        model = CrossEncoder(model_name=reranker_folder)
    assert_same(model.predict(PAIRS), CrossEncoder(reranker_folder).predict(PAIRS))
    with pytest.warns(DeprecationWarning, match="config_kwargs"):
        model = CrossEncoder(reranker_folder, classifier_dropout=0.3)
    assert model.config.classifier_dropout == 0.3


@pytest.mark.parametrize("call", [lambda m, **k: m.predict(PAIRS, **k), lambda m, **k: m.rank("a car", TEXTS, **k)])
def test_renamed_arguments_of_predict_and_rank(reranker_folder: str, call: Callable[..., Any]) -> None:
    model = CrossEncoder(reranker_folder)
    with pytest.warns(DeprecationWarning, match="activation_fn"):
        old = call(model, activation_fct=torch.nn.Tanh())
    assert_same(old, call(model, activation_fn=torch.nn.Tanh()))
    with pytest.warns(DeprecationWarning, match="no effect"):
        assert_same(call(model, num_workers=2), old)


def test_old_properties_still_answer(dense_folder: str, reranker_folder: str) -> None:
    with pytest.warns(DeprecationWarning, match="activation_fn"):
        assert isinstance(CrossEncoder(reranker_folder).default_activation_function, torch.nn.Sigmoid)
    with pytest.warns(DeprecationWarning, match="device"):
        assert SentenceTransformer(dense_folder, device="cpu")._target_device == torch.device("cpu")
    with pytest.warns(DeprecationWarning, match="token"):
        SentenceTransformer(dense_folder, device="cpu", use_auth_token=False)


def test_two_names_of_one_argument_are_not_both_taken(reranker_folder: str) -> None:
    with (
        pytest.warns(DeprecationWarning, match="model_kwargs"),
        pytest.raises(TypeError, match="which are the same"),
    ):
        CrossEncoder(reranker_folder, automodel_args={}, model_kwargs={})


class TestNamesOfVersion6:
    def test_inputs(self, dense_folder: str, splade_folder: str, reranker_folder: str) -> None:
        dense = SentenceTransformer(dense_folder, device="cpu", processor_kwargs={})
        assert_same(dense.encode(inputs=TEXTS), dense.encode(TEXTS))
        assert_same(dense.encode_query(inputs=TEXTS), dense.encode_query(TEXTS))
        sparse = SparseEncoder(splade_folder, device="cpu", processor_kwargs={})
        assert_same(sparse.encode_document(inputs=TEXTS), sparse.encode_document(TEXTS))
        cross = CrossEncoder(reranker_folder, processor_kwargs={})
        assert_same(cross.predict(inputs=PAIRS), cross.predict(PAIRS))

    def test_methods(self, dense_folder: str) -> None:
        model = SentenceTransformer(dense_folder, device="cpu")
        assert model.get_embedding_dimension() == model.get_sentence_embedding_dimension()
        assert_same(model.preprocess(["a"]), model.tokenize(["a"]))
        with model.truncate_embeddings(3):
            assert model.encode("a").shape == (3,)

    def test_modules(self, backbones: dict[str, str]) -> None:
        assert models.Pooling(embedding_dimension=4, pooling_mode=["mean"]).word_embedding_dimension == 4
        assert models.CNN(in_embedding_dimension=4).in_word_embedding_dimension == 4
        assert models.LSTM(embedding_dimension=4, hidden_dim=2).word_embedding_dimension == 4
        assert models.Transformer(backbones["bert"], model_kwargs={}, processor_kwargs={}, config_kwargs={})
        assert models.WeightedLayerPooling(embedding_dimension=4, num_hidden_layers=2, layer_start=1)
        assert sparse_models.SpladePooling(embedding_dimension=4).word_embedding_dimension == 4
        assert util.fullname(obj=models.Normalize()).endswith("Normalize")
        assert evaluation.BaseEvaluator is evaluation.SentenceEvaluator
        residual = models.Dense(4, 4, use_residual=True, module_input_name="token_embeddings")
        assert residual({"token_embeddings": torch.ones(1, 2, 4)})["token_embeddings"].shape == (1, 2, 4)
        given = {"sentence_embedding": torch.ones(1, 4)}
        assert "unit" in models.Normalize(module_output_name="unit")(given)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SentenceTransformer, reference.SentenceTransformer),
        (SparseEncoder, reference.SparseEncoder),
        (CrossEncoder, reference.CrossEncoder),
    ],
)
def test_signatures_have_the_same_names_order_and_defaults(ours: Any, theirs: Any) -> None:
    for name in ("__init__", "encode", "encode_query", "encode_document", "predict", "rank", "save_pretrained"):
        if inspect.isfunction(getattr(theirs, name, None)):
            left, right = (inspect.signature(getattr(cls, name)).parameters for cls in (ours, theirs))
            # What 6.x added comes after, and the name of the model may be left out where modules are given.
            assert list(left)[: len(right)] == list(right), name
            optional = [key for key in right if (name, key) != ("__init__", "model_name_or_path")]
            assert [left[key].default for key in optional] == [right[key].default for key in optional], name
