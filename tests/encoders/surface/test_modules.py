"""Every module gives the reference's features, and its folder opens on both sides."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sentence_transformers.models as their_models
import torch
from sentence_transformers import SentenceTransformer as TheirDense
from sentence_transformers import SparseEncoder as TheirSparse
from sentence_transformers.models import tokenizer as their_tokenizers
from sentence_transformers.sparse_encoder import models as their_sparse_models
from tokenizers import Tokenizer

from outrider.encoders import SentenceTransformer, SparseEncoder
from outrider.encoders import models as our_models
from outrider.encoders.models import tokenizer as our_tokenizers
from outrider.encoders.sparse_encoder import models as our_sparse_models

from .conftest import TEXTS, wordpiece
from .oracle import assert_same

Pair = tuple[Any, Any]
WORDS = ["red", "car", "the", "hello", "old"]


def _tokens() -> dict[str, Any]:
    generator = torch.Generator().manual_seed(3)
    return {
        "token_embeddings": torch.randn(3, 5, 8, generator=generator),
        "attention_mask": torch.tensor([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]),
        "input_ids": torch.tensor([[1, 2, 0, 0, 0], [3, 4, 1, 2, 0], [4, 1, 3, 0, 0]]),
        "sentence_lengths": torch.tensor([2, 5, 3]),
        "all_layer_embeddings": [torch.randn(3, 5, 8, generator=generator) for _ in range(4)],
        "sentence_embedding": torch.randn(3, 8, generator=generator),
    }


MODES = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]
BUILDERS: dict[str, Callable[[Any, Any], Any]] = {
    **{f"Pooling-{mode}": lambda m, _, mode=mode: m.Pooling(8, mode) for mode in MODES},  # type: ignore[misc]
    "Pooling-several": lambda m, _: m.Pooling(8, pooling_mode_cls_token=True, pooling_mode_lasttoken=True),
    "Normalize": lambda m, _: m.Normalize(),
    "Dense": lambda m, _: m.Dense(8, 4, activation_function=torch.nn.GELU()),
    "Dense-without-bias": lambda m, _: m.Dense(8, 4, bias=False),
    "LayerNorm": lambda m, _: m.LayerNorm(8),
    "Dropout": lambda m, _: m.Dropout(0.3),
    "CNN": lambda m, _: m.CNN(8, out_channels=3, kernel_sizes=[1, 3, 5]),
    "LSTM": lambda m, _: m.LSTM(8, 3, num_layers=2),
    "LSTM-one-way": lambda m, _: m.LSTM(8, 3, bidirectional=False),
    "WeightedLayerPooling": lambda m, _: m.WeightedLayerPooling(8, num_hidden_layers=3, layer_start=1),
    "WordWeights": lambda m, _: m.WordWeights(WORDS, {"red": 2.0, "car": 0.5}, unknown_word_weight=3),
    "SpladePooling": lambda _, s: s.SpladePooling(),
    "SpladePooling-sum": lambda _, s: s.SpladePooling("sum", chunk_size=2),
    "SpladePooling-log": lambda _, s: s.SpladePooling("max", activation_function="log1p_relu"),
    "SparseAutoEncoder": lambda _, s: s.SparseAutoEncoder(8, hidden_dim=32, k=3, k_aux=6),
    "SparseAutoEncoder-normalised": lambda _, s: s.SparseAutoEncoder(8, hidden_dim=32, k=3, k_aux=6, normalize=True),
}
COMPARED = ("token_embeddings", "sentence_embedding", "token_weights_sum", "attention_mask")


def _build(build: Callable[[Any, Any], Any]) -> Pair:
    torch.manual_seed(1)
    theirs = build(their_models, their_sparse_models)
    for name, tensor in theirs.named_parameters():
        if "bias" in name or "weights" in name:
            torch.nn.init.normal_(tensor)
    ours = build(our_models, our_sparse_models)
    ours.load_state_dict(theirs.state_dict())
    return ours.eval(), theirs.eval()


def _compare(ours: dict[str, Any], theirs: dict[str, Any], keys: tuple[str, ...] = COMPARED) -> None:
    for key in keys:
        if key in theirs:
            assert_same(ours[key].detach(), theirs[key].detach())


@pytest.mark.parametrize("name", BUILDERS)
def test_features_and_folders_are_the_same(name: str, tmp_path: Path) -> None:
    ours, theirs = _build(BUILDERS[name])
    given = _tokens()
    compared = ("sentence_embedding",) if name == "Pooling-max" else COMPARED
    _compare(ours(dict(given)), theirs(dict(given)), compared)
    for folder, module in (("ours", ours), ("theirs", theirs)):
        (tmp_path / folder).mkdir()
        module.save(str(tmp_path / folder))
    assert {p.name for p in (tmp_path / "ours").iterdir()} == {p.name for p in (tmp_path / "theirs").iterdir()}
    for path in (tmp_path / "theirs").glob("*.json"):
        assert json.loads((tmp_path / "ours" / path.name).read_text()) == json.loads(path.read_text())
    opened_here = type(ours).load(str(tmp_path / "theirs")).eval()
    opened_there = type(theirs).load(str(tmp_path / "ours")).eval()
    _compare(opened_here(_tokens()), opened_there(_tokens()), compared)
    _compare(opened_here(_tokens()), ours(_tokens()), compared)


@pytest.mark.parametrize("normalize", [False, True])
def test_the_auto_encoder_reconstructs_in_training_as_there(normalize: bool) -> None:
    ours, theirs = _build(lambda _, s: s.SparseAutoEncoder(8, hidden_dim=32, k=3, k_aux=6, normalize=normalize))
    for module in (ours, theirs):
        module.train()
        module.stats_last_nonzero.fill_(40)
    for _ in range(3):
        left, right = (module({"sentence_embedding": _tokens()["sentence_embedding"]}) for module in (ours, theirs))
        assert left.keys() == right.keys()
        _compare(left, right, tuple(key for key in right if key != "sentence_embedding_encoded"))
        assert_same(ours.stats_last_nonzero, theirs.stats_last_nonzero)


def test_pooling_modes_by_their_old_switches_and_new_names() -> None:
    switches = our_models.Pooling(8, pooling_mode_max_tokens=True, pooling_mode_mean_tokens=False)
    assert (
        switches.get_pooling_mode_str()
        == our_models.Pooling(embedding_dimension=8, pooling_mode="max").get_pooling_mode_str()
    )
    assert our_models.Pooling(8, ["cls", "mean"]).get_sentence_embedding_dimension() == 16
    with pytest.raises(ValueError, match="lasttoken"):
        our_models.Pooling(8, "median")


def test_splade_pooling_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="max, sum"):
        our_sparse_models.SpladePooling("mean")
    with pytest.raises(ValueError, match="relu"):
        our_sparse_models.SpladePooling(activation_function="gelu")


def _static() -> Pair:
    vectors = torch.randn(wordpiece().backend_tokenizer.get_vocab_size(), 6, generator=torch.Generator().manual_seed(1))
    return tuple(  # type: ignore[return-value]
        models.StaticEmbedding(Tokenizer.from_str(wordpiece().backend_tokenizer.to_str()), embedding_weights=vectors)
        for models in (our_models, their_models)
    )


def test_static_embeddings(tmp_path: Path) -> None:
    ours, theirs = _static()
    assert_same(ours.tokenize(TEXTS), theirs.tokenize(TEXTS))
    pair = (
        SentenceTransformer(modules=[ours], device="cpu"),
        TheirDense(modules=[theirs], device="cpu"),
    )
    assert_same(pair[0].encode(TEXTS), pair[1].encode(TEXTS))
    assert pair[0].max_seq_length == pair[1].max_seq_length
    assert pair[0].get_sentence_embedding_dimension() == 6
    pair[0].save(str(tmp_path / "ours"))
    pair[1].save(str(tmp_path / "theirs"))
    assert_same(SentenceTransformer(str(tmp_path / "theirs"), device="cpu").encode(TEXTS), pair[1].encode(TEXTS))
    assert_same(TheirDense(str(tmp_path / "ours"), device="cpu").encode(TEXTS), pair[1].encode(TEXTS))


def test_a_model2vec_folder_is_read(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    ours, _ = _static()
    save_file({"embeddings": ours.embedding.weight.detach().clone()}, tmp_path / "model.safetensors")
    ours.tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert_same(our_models.StaticEmbedding.from_model2vec(str(tmp_path)).embedding.weight, ours.embedding.weight)
    with pytest.raises(ValueError, match="embedding_dim"):
        our_models.StaticEmbedding(ours.tokenizer)


def test_sparse_static_embeddings(tmp_path: Path) -> None:
    weight = torch.rand(len(wordpiece()), generator=torch.Generator().manual_seed(2))
    ours, theirs = (
        s.SparseStaticEmbedding(wordpiece(), weight=weight, frozen=True)
        for s in (our_sparse_models, their_sparse_models)
    )
    pair = SparseEncoder(modules=[ours], device="cpu"), TheirSparse(modules=[theirs], device="cpu")
    assert_same(pair[0].encode_query(TEXTS), pair[1].encode_query(TEXTS))
    pair[0].save(str(tmp_path / "ours"))
    pair[1].save(str(tmp_path / "theirs"))
    assert_same(SparseEncoder(str(tmp_path / "theirs"), device="cpu").encode(TEXTS), pair[1].encode(TEXTS))
    assert_same(TheirSparse(str(tmp_path / "ours"), device="cpu").encode(TEXTS), pair[1].encode(TEXTS))
    (tmp_path / "idf.json").write_text(json.dumps({"weather": 2.5, "car": 1.5}))
    named = [
        s.SparseStaticEmbedding.from_json(str(tmp_path / "idf.json"), tokenizer=wordpiece())
        for s in (our_sparse_models, their_sparse_models)
    ]
    # The reference ends its vector at the last token that is named; ours is as long as the vocabulary.
    size = len(named[1].weight)
    assert_same(named[0].weight.detach()[:size], named[1].weight.detach())
    assert not named[0].weight[size:].any()


def test_bag_of_words(tmp_path: Path) -> None:
    for options in ({}, {"word_weights": {"red": 2.0}, "unknown_word_weight": 3}, {"cumulative_term_frequency": False}):
        ours, theirs = (models.BoW(WORDS, **options) for models in (our_models, their_models))
        texts = ["red red car", "", "the hello zz", "Red car, hello!"]
        pair = (
            SentenceTransformer(modules=[ours], device="cpu"),
            TheirDense(modules=[theirs], device="cpu"),
        )
        assert_same(pair[0].encode(texts), pair[1].encode(texts))
        pair[0].save(str(tmp_path))
        assert_same(TheirDense(str(tmp_path), device="cpu").encode(texts), pair[1].encode(texts))
        pair[1].save(str(tmp_path))
        assert_same(SentenceTransformer(str(tmp_path), device="cpu").encode(texts), pair[1].encode(texts))


def test_word_embeddings_with_layers_on_top(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "glove.txt.gz", "wt") as file:
        file.write("\n".join(f"{word} {index} 2 {index}.5 4" for index, word in enumerate(WORDS)))
    texts = ["The red car!", "hello", "", "hello, old RED car red"]
    pair = []
    for models in (our_models, their_models):
        torch.manual_seed(4)
        words = models.WordEmbeddings.from_text_file(str(tmp_path / "glove.txt.gz"))
        weights = models.WordWeights(words.tokenizer.get_vocab(), {"car": 0.5}, unknown_word_weight=2)
        layers = [words, weights, models.CNN(4, 3, [1, 3]), models.Pooling(6, "mean")]
        package = SentenceTransformer if models is our_models else TheirDense
        pair.append(package(modules=layers, device="cpu"))
    pair[1].load_state_dict(pair[0].state_dict())
    assert_same(pair[0].encode(texts[:1]), pair[1].encode(texts[:1]))
    assert_same(pair[0].encode(texts), pair[1].encode(texts))
    for model, opened, folder in ((pair[0], TheirDense, "a"), (pair[1], SentenceTransformer, "b")):
        model.save(str(tmp_path / folder))
        assert_same(opened(str(tmp_path / folder), device="cpu").encode(texts), pair[1].encode(texts))


@pytest.mark.parametrize("text", ["Red-car's (hello)!", "HELLO,red.", "the --red-- car", "Hello THE  red\tcar", ""])
@pytest.mark.parametrize("lower", [False, True])
def test_words_are_found_as_there(text: str, lower: bool) -> None:
    ours, theirs = (
        tokenizers.WhitespaceTokenizer(vocab=WORDS, stop_words=["the"], do_lower_case=lower)
        for tokenizers in (our_tokenizers, their_tokenizers)
    )
    assert ours.tokenize(text) == theirs.tokenize(text)


def test_default_stop_words() -> None:
    assert our_tokenizers.WhitespaceTokenizer().stop_words == their_tokenizers.WhitespaceTokenizer().stop_words


def _towers(models: Any, backbones: dict[str, str], **options: Any) -> Any:
    torch.manual_seed(9)
    query = [models.StaticEmbedding(Tokenizer.from_str(wordpiece().backend_tokenizer.to_str()), embedding_dim=32)]
    document = [models.Transformer(backbones["bert"]), models.Pooling(32, "mean")]
    return models.Router.for_query_document(query, document, **options)


def test_a_router_with_two_towers(backbones: dict[str, str], tmp_path: Path) -> None:
    ours = SentenceTransformer(modules=[_towers(our_models, backbones), our_models.Normalize()], device="cpu")
    theirs = TheirDense(modules=[_towers(their_models, backbones), their_models.Normalize()], device="cpu")
    theirs.load_state_dict(ours.state_dict())
    for method in ("encode", "encode_query", "encode_document"):
        assert_same(getattr(ours, method)(TEXTS), getattr(theirs, method)(TEXTS))
    assert_same(ours.encode(TEXTS, task="query"), theirs.encode(TEXTS, task="query"))
    by_key = [{"query": text} for text in TEXTS]
    assert_same(ours.encode(by_key), theirs.encode(by_key))
    assert ours.get_model_kwargs() == theirs.get_model_kwargs() == ["task"]
    assert ours.max_seq_length == theirs.max_seq_length
    ours.max_seq_length = 12
    assert ours[0].sub_modules["document"][0].max_seq_length == 12
    ours.max_seq_length = 48
    ours.save(str(tmp_path / "ours"))
    theirs.save(str(tmp_path / "theirs"))
    for opened in (
        SentenceTransformer(str(tmp_path / "theirs"), device="cpu"),
        TheirDense(str(tmp_path / "ours"), device="cpu"),
    ):
        assert_same(opened.encode_query(TEXTS), theirs.encode_query(TEXTS))
        assert_same(opened.encode_document(TEXTS), theirs.encode_document(TEXTS))


def test_a_router_behind_a_transformer(backbones: dict[str, str], tmp_path: Path) -> None:
    pair = []
    for package, models in ((SentenceTransformer, our_models), (TheirDense, their_models)):
        torch.manual_seed(9)
        heads = {"query": [models.Dense(32, 8)], "document": [models.Dense(32, 8), models.Normalize()]}
        parts = [models.Transformer(backbones["bert"]), models.Pooling(32), models.Router(heads)]
        pair.append(package(modules=parts, device="cpu"))
    ours, theirs = pair
    theirs.load_state_dict(ours.state_dict())
    for method in ("encode", "encode_query", "encode_document"):
        assert_same(getattr(ours, method)(TEXTS), getattr(theirs, method)(TEXTS))
    by_key = [{"document": text} for text in TEXTS]
    # The reference forgets the key behind a transformer and takes the default route.
    assert_same(ours.encode(by_key), theirs.encode_document(TEXTS))
    assert ours.get_sentence_embedding_dimension() == 8
    ours.save(str(tmp_path))
    assert_same(TheirDense(str(tmp_path), device="cpu").encode_query(TEXTS), theirs.encode_query(TEXTS))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda router: router({}), "cannot be empty"),
        (lambda router: router({"a": [our_models.Normalize()]}, default_route="b"), "'b'"),
        (lambda router: router({"a": [our_models.Normalize()]})({}, task="b"), r"'b'.*\['a'\]"),
        (lambda router: router({"a": [our_models.Normalize()]}, allow_empty_key=False)({}), "task"),
        (lambda router: router({"a": [our_models.Normalize()]}).tokenize([{"a": "x"}, {"b": "y"}]), "different task"),
    ],
)
def test_routes_that_do_not_exist_are_named(call: Callable[[Any], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(our_models.Router)


def test_a_sparse_auto_encoder_on_a_dense_model(backbones: dict[str, str], tmp_path: Path) -> None:
    dense_folder = str(tmp_path / "dense")
    SentenceTransformer(backbones["bert"], device="cpu").save(dense_folder)
    ours = SparseEncoder(dense_folder, device="cpu")
    assert [type(module).__name__ for module in ours][-1] == "SparseAutoEncoder"
    ours.save(str(tmp_path / "ours"))
    theirs = TheirSparse(str(tmp_path / "ours"), device="cpu")
    assert repr(ours[-1]) == repr(theirs[-1])
    assert repr(theirs[-1]) == repr(TheirSparse(dense_folder, device="cpu")[-1])
    assert_same(ours.encode(TEXTS), theirs.encode(TEXTS))
    theirs.save(str(tmp_path / "theirs"))
    assert_same(SparseEncoder(str(tmp_path / "theirs"), device="cpu").encode(TEXTS), theirs.encode(TEXTS))


def test_an_inference_free_splade(splade_folder: str) -> None:
    pair = []
    for package, models, sparse in (
        (SparseEncoder, our_models, our_sparse_models),
        (TheirSparse, their_models, their_sparse_models),
    ):
        document = sparse.MLMTransformer(splade_folder)
        query = sparse.SparseStaticEmbedding(document.tokenizer)
        router = models.Router.for_query_document([query], [document, sparse.SpladePooling("max")])
        pair.append(package(modules=[router], device="cpu"))
    for method in ("encode_query", "encode_document"):
        assert_same(getattr(pair[0], method)(TEXTS), getattr(pair[1], method)(TEXTS))


def test_custom_modules_need_trust_only_where_they_are_code_of_the_folder(dense_folder: str, tmp_path: Path) -> None:
    class Doubled(our_models.Module):  # type: ignore[misc]
        def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
            return {**features, "sentence_embedding": features["sentence_embedding"] * kwargs.get("factor", 2)}

        forward_kwargs: ClassVar[set[str]] = {"factor"}

        def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
            self.save_config(output_path)

    plain = SentenceTransformer(dense_folder, device="cpu")
    model = SentenceTransformer(modules=[*plain, Doubled()], device="cpu")
    assert_same(model.encode("a"), plain.encode("a") * 2)
    assert_same(model.encode("a", factor=3), plain.encode("a") * 3)
    assert model.get_model_kwargs() == ["factor"]
