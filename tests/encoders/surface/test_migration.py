"""What the pairs of the guide leave unsaid: own modules, old properties, names of 6.x, order of parameters."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

import inspect
from typing import Any

import pytest
import sentence_transformers as reference
import torch

from outrider.encoders import CrossEncoder, SentenceTransformer, SparseEncoder, evaluation, models, util
from outrider.encoders.models import InputModule, Module
from outrider.encoders.sparse_encoder import models as sparse_models

from .conftest import PAIRS, TEXTS
from .oracle import assert_same


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
