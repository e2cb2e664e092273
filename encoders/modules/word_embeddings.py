"""Static word vectors: a text as the vectors of its words."""
# ruff: noqa: ARG002, ARG003 -- signatures of Sentence Transformers

import gzip
import importlib
import logging
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from .. import files
from ..dotted import dotted_name, import_dotted
from .input_module import InputModule
from .module import Features
from .weights import load_into
from .word_tokenizer import TransformersTokenizerWrapper, WhitespaceTokenizer, WordTokenizer

logger = logging.getLogger(__name__)

_TOKENIZERS = "sentence_transformers.models.tokenizer"


class WordEmbeddings(InputModule):
    """Looks up one vector a word (GloVe, word2vec); writes `token_embeddings`."""

    save_in_root: bool = False
    config_file_name: str = "wordembedding_config.json"
    config_keys: ClassVar[list[str]] = ["tokenizer_class", "update_embeddings", "max_seq_length"]

    def __init__(
        self,
        tokenizer: Any,
        embedding_weights: Tensor | np.ndarray[Any, Any] | list[Any],
        update_embeddings: bool = False,
        max_seq_length: int = 1000000,
    ) -> None:
        super().__init__()
        weights = torch.as_tensor(
            np.asarray(embedding_weights) if isinstance(embedding_weights, list) else embedding_weights
        )
        self.embeddings_dimension = weights.size(1)
        self.emb_layer = nn.Embedding(weights.size(0), weights.size(1))
        self.emb_layer.load_state_dict({"weight": weights})
        self.emb_layer.weight.requires_grad = update_embeddings
        self.tokenizer = tokenizer if isinstance(tokenizer, WordTokenizer) else TransformersTokenizerWrapper(tokenizer)
        self.update_embeddings = update_embeddings
        self.max_seq_length = max_seq_length

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Look up the words of one batch."""
        features["token_embeddings"] = self.emb_layer(features["input_ids"])
        features["cls_token_embeddings"] = None
        return features

    def tokenize(self, texts: Sequence[str], **kwargs: Any) -> Features:
        """Ids of the words of each text, padded with 0."""
        rows = [self.tokenizer.tokenize(text)[: self.max_seq_length] for text in texts]
        lengths = [len(row) for row in rows]
        width = max([1, *lengths])
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows], dtype=torch.long).view(len(rows), width)
        mask = torch.arange(width).unsqueeze(0) < torch.tensor(lengths).unsqueeze(1)
        return {"input_ids": ids, "attention_mask": mask.long(), "sentence_lengths": torch.tensor(lengths)}

    def get_word_embedding_dimension(self) -> int:
        """The width of the word vectors."""
        return self.embeddings_dimension

    def get_config_dict(self) -> dict[str, Any]:
        """The tokeniser's class is kept by name."""
        name = type(self.tokenizer).__name__
        own = dotted_name(self.tokenizer).startswith(__package__)
        return {
            "tokenizer_class": f"{_TOKENIZERS}.{name}.{name}" if own else dotted_name(self.tokenizer),
            "update_embeddings": self.update_embeddings,
            "max_seq_length": self.max_seq_length,
        }

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write configuration, vectors and vocabulary."""
        self.save_config(output_path)
        self.save_torch_weights(output_path, safe_serialization=safe_serialization)
        self.tokenizer.save(output_path)

    @classmethod
    def load(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        **kwargs: Any,
    ) -> Self:
        """Configuration, vectors and vocabulary."""
        where = files.Where(token, cache_folder, revision, local_files_only)
        config = cls.load_config(model_name_or_path, subfolder, **where.keywords())
        folder = files.find_folder(model_name_or_path, subfolder, where) or model_name_or_path
        tokenizer = _tokenizer_class(config.pop("tokenizer_class")).load(folder)
        weights = cls.load_torch_weights(model_name_or_path, subfolder, **where.keywords())
        module = cls(tokenizer, weights["emb_layer.weight"], **config)
        load_into(module, model_name_or_path, subfolder, where)
        return module

    @classmethod
    def from_text_file(
        cls,
        embeddings_file_path: str,
        update_embeddings: bool = False,
        item_separator: str = " ",
        tokenizer: WordTokenizer | None = None,
        max_vocab_size: int | None = None,
    ) -> Self:
        """Read `word number number ...` lines (.gz too), as GloVe and word2vec's text files have them."""
        words = ["PADDING_TOKEN"]
        vectors: list[np.ndarray[Any, Any]] = []
        for word, vector in _vectors(embeddings_file_path, item_separator):
            if vectors and len(vector) != len(vectors[0]):
                logger.warning("%r is left out: its vector has another length than those before it.", word)
                continue
            words.append(word)
            vectors.append(vector)
            if max_vocab_size is not None and max_vocab_size > 0 and len(words) > max_vocab_size:
                break
        tokenizer = WhitespaceTokenizer() if tokenizer is None else tokenizer
        tokenizer.set_vocab(words)
        weights = np.vstack([np.zeros_like(vectors[0]), *vectors])
        return cls(tokenizer, torch.from_numpy(weights), update_embeddings=update_embeddings)


def _vectors(path: str, separator: str) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    read = gzip.open if path.endswith(".gz") else open
    with read(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            word, *numbers = line.rstrip().split(separator)
            # word2vec's text files begin with "words dimensions".
            if number == 0 and len(numbers) == 1:
                continue
            yield word, np.array([float(value) for value in numbers], dtype=np.float32)


def _tokenizer_class(name: str) -> Any:
    if name.startswith("sentence_transformers."):
        return getattr(importlib.import_module(".word_tokenizer", __package__), name.rpartition(".")[2])
    return import_dotted(name)
