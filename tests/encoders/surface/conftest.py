"""Tiny models of every family, built once for the run, and the real ones that are small enough for every run."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    ModernBertConfig,
    ModernBertModel,
    MPNetConfig,
    MPNetModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2Model,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5EncoderModel,
)

CORPUS = [
    "A query asks for a document.",
    "The weather is lovely today, and the road is dry.",
    "It's so sunny outside!",
    "He drove to the stadium in an old red car.",
    "search engines rank documents by what users want",
    "Ünïcode and 漢字 and emoji 🎉 survive",
    "term weights are sparse, vectors are dense",
]
TEXTS = [
    "The weather is lovely today.",
    "It's so sunny outside!",
    "He drove to the stadium.",
    "a",
    "",
    "  search engines rank documents by what users want, and then they rank them once more  ",
    "Ünïcode and 漢字 and emoji 🎉 survive",
]
PAIRS = [("weather today", "The weather is lovely today."), ("a car", "He drove to the stadium."), ("a", "b c")]

_SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 48,
    "initializer_range": 0.3,
}


@functools.cache
def _wordpiece_json() -> str:
    # Training does not give the same vocabulary twice, so it is done once.
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=300, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    content: str = tokenizer.to_str()
    return content


def wordpiece() -> PreTrainedTokenizerFast:
    """Lower-cased word pieces, [CLS] text [SEP]."""
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(_wordpiece_json()),
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=48,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def byte_pairs(*, end: str = "<s> $A </s>", side: str = "right") -> PreTrainedTokenizerFast:
    """Byte-level pairs, without token types."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=end, pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=46,
        padding_side=side,
        model_input_names=["input_ids", "attention_mask"],
    )


def _bert() -> tuple[Any, Any]:
    tokenizer = wordpiece()
    return BertModel(BertConfig(vocab_size=len(tokenizer), **_SIZES)), tokenizer


def _roberta() -> tuple[Any, Any]:
    tokenizer = byte_pairs()
    config = RobertaConfig(vocab_size=len(tokenizer), pad_token_id=1, type_vocab_size=1, **_SIZES)
    return RobertaModel(config), tokenizer


def _distilbert() -> tuple[Any, Any]:
    tokenizer = wordpiece()
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    config = DistilBertConfig(
        vocab_size=len(tokenizer),
        dim=32,
        n_layers=2,
        n_heads=4,
        hidden_dim=48,
        max_position_embeddings=48,
        initializer_range=0.3,
    )
    return DistilBertModel(config), tokenizer


def _mpnet() -> tuple[Any, Any]:
    tokenizer = byte_pairs()
    return MPNetModel(MPNetConfig(vocab_size=len(tokenizer), pad_token_id=1, **_SIZES)), tokenizer


def _modernbert() -> tuple[Any, Any]:
    tokenizer = byte_pairs()
    config = ModernBertConfig(
        vocab_size=len(tokenizer),
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        cls_token_id=0,
        sep_token_id=2,
        local_attention=8,
        initializer_cutoff_factor=1.0,
        **_SIZES,
    )
    return ModernBertModel(config), tokenizer


def _t5() -> tuple[Any, Any]:
    tokenizer = byte_pairs(end="$A </s>")
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=48,
        num_layers=2,
        num_heads=4,
        pad_token_id=1,
        eos_token_id=2,
    )
    return T5EncoderModel(config), tokenizer


def _decoder() -> tuple[Any, Any]:
    tokenizer = byte_pairs(end="$A </s>", side="left")
    config = Qwen2Config(
        vocab_size=len(tokenizer), num_key_value_heads=2, pad_token_id=1, eos_token_id=2, bos_token_id=0, **_SIZES
    )
    return Qwen2Model(config), tokenizer


FAMILIES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "bert": _bert,
    "roberta": _roberta,
    "distilbert": _distilbert,
    "mpnet": _mpnet,
    "modernbert": _modernbert,
    "t5": _t5,
    "decoder": _decoder,
}


@pytest.fixture(scope="session")
def backbones(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A folder with a bare transformer of each family."""
    root = tmp_path_factory.mktemp("backbones")
    folders = {}
    for name, build in FAMILIES.items():
        torch.manual_seed(len(name))
        model, tokenizer = build()
        folders[name] = str(root / name)
        model.save_pretrained(folders[name])
        tokenizer.save_pretrained(folders[name])
    return folders


@pytest.fixture(scope="session")
def splade_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A masked language model, as SPLADE models are on the hub."""
    folder = str(tmp_path_factory.mktemp("splade"))
    torch.manual_seed(5)
    tokenizer = wordpiece()
    BertForMaskedLM(BertConfig(vocab_size=len(tokenizer), **_SIZES)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _classifier(folder: Path, labels: int) -> str:
    torch.manual_seed(6)
    tokenizer = wordpiece()
    config = BertConfig(vocab_size=len(tokenizer), num_labels=labels, **_SIZES)
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def reranker_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A cross-encoder with one label."""
    return _classifier(tmp_path_factory.mktemp("reranker"), 1)


@pytest.fixture(scope="session")
def two_label_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A cross-encoder with two labels."""
    return _classifier(tmp_path_factory.mktemp("two-labels"), 2)


@pytest.fixture(scope="session")
def dense_folder(backbones: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A saved dense model (transformer, CLS and mean pooling, projection, normalisation) with prompts."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers import models as parts

    torch.manual_seed(7)
    body = parts.Transformer(backbones["bert"])
    pooling = parts.Pooling(32, pooling_mode_cls_token=True)
    model = SentenceTransformer(
        modules=[body, pooling, parts.Dense(64, 24), parts.Normalize()],
        prompts={"query": "query: ", "passage": "text: ", "topic": "Topic of "},
        device="cpu",
    )
    folder = str(tmp_path_factory.mktemp("dense"))
    model.save(folder, create_model_card=False)
    return folder


@pytest.fixture(scope="session")
def settings_of() -> Callable[[str], dict[str, Any]]:
    """Reads what a model folder says about itself."""

    def read(folder: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((Path(folder) / "config_sentence_transformers.json").read_text())
        return content

    return read


@pytest.fixture(scope="session")
def static_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A static embedding of the width of the dense model."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers import models as parts

    torch.manual_seed(8)
    tokenizer = Tokenizer.from_str(_wordpiece_json())
    folder = str(tmp_path_factory.mktemp("static"))
    embedding = parts.StaticEmbedding(tokenizer, embedding_dim=24)
    SentenceTransformer(modules=[embedding], device="cpu").save(folder, create_model_card=False)
    return folder
