"""One weight a token of the vocabulary: the query side of inference-free sparse retrieval."""
# ruff: noqa: ARG002, ARG003 -- signatures of Sentence Transformers

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from .. import files
from ..errors import NotAModel
from ..util.file_io import load_file_path
from .input_module import InputModule
from .module import Features
from .prepared import Prepared, pad, readable
from .weights import load_into


class SparseStaticEmbedding(InputModule):
    """A text's weights are those of the tokens that occur in it; no transformer runs."""

    config_keys: ClassVar[list[str]] = ["frozen"]

    def __init__(self, tokenizer: Any, weight: Tensor | None = None, frozen: bool = False) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.frozen = frozen
        self.num_dimensions = len(tokenizer.get_vocab())
        given = torch.ones(self.num_dimensions) if weight is None else weight
        if given.numel() != self.num_dimensions:
            raise ValueError(f"SparseStaticEmbedding has {given.numel()} weights for {self.num_dimensions} tokens")
        self.weight = nn.Parameter(given.detach().clone().float(), requires_grad=not frozen)

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Add `sentence_embedding`, (batch, vocabulary)."""
        ids, mask = features["input_ids"], features["attention_mask"]
        present = torch.zeros(ids.size(0), self.num_dimensions, device=ids.device, dtype=self.weight.dtype)
        present.scatter_reduce_(1, ids, mask.to(present.dtype), reduce="amax")
        features["sentence_embedding"] = present * self.weight
        return features

    def tokenize(self, texts: Sequence[str], padding: str | bool = True, **kwargs: Any) -> Features:
        """Token ids without special tokens, padded to the longest."""
        return dict(self.tokenizer(self._clean(texts), padding=padding, return_tensors="pt", **self._options()))

    def prepare(self, texts: Sequence[str], **kwargs: Any) -> Prepared:
        """Tokenise all texts once, without padding."""
        tokens = self.tokenizer(self._clean(texts), padding=False, **self._options())
        encodings = {name: tokens[name] for name in tokens}
        lengths = [len(ids) for ids in encodings["input_ids"]]
        return Prepared(lengths, lambda rows, length: pad(self.tokenizer, encodings, rows, length))

    def _options(self) -> dict[str, Any]:
        return {"add_special_tokens": False, "truncation": True, "max_length": self.max_seq_length}

    @staticmethod
    def _clean(texts: Sequence[str]) -> list[str]:
        return [readable(text.strip()) for text in texts]

    @property
    def max_seq_length(self) -> int:
        """Texts are cut after this many tokens."""
        limit: int = self.tokenizer.model_max_length
        return limit

    @max_seq_length.setter
    def max_seq_length(self, value: int) -> None:
        self.tokenizer.model_max_length = value

    def get_sentence_embedding_dimension(self) -> int:
        """The size of the vocabulary."""
        return self.num_dimensions

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write configuration, weights and tokeniser."""
        self.save_config(output_path)
        self.save_torch_weights(output_path, safe_serialization=safe_serialization)
        self.save_tokenizer(output_path)

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
        """From a saved folder, or from the JSON file that the configuration names."""
        from transformers import AutoTokenizer

        where = files.Where(token, cache_folder, revision, local_files_only)
        config = cls.load_config(model_name_or_path, subfolder, **where.keywords())
        folder = files.find_folder(model_name_or_path, subfolder, where) or model_name_or_path
        tokenizer = AutoTokenizer.from_pretrained(folder)
        if path := config.pop("path", None):
            file = files.find_file(model_name_or_path, path, subfolder, where) or path
            return cls.from_json(file, tokenizer=tokenizer, **config)
        module = cls(tokenizer, **config)
        load_into(module, model_name_or_path, subfolder, where)
        return module

    @classmethod
    def from_json(
        cls,
        json_path: str,
        tokenizer: Any,
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        **config: Any,
    ) -> Self:
        """Weights from a JSON file {token: weight}, or a repository's idf.json; what is not named weighs nothing."""
        path = Path(json_path)
        if not path.is_file():
            found = load_file_path(json_path, "idf.json", "", token, cache_folder, revision, local_files_only)
            if found is None:
                raise NotAModel(f"{json_path!r} is neither a file nor a repository with idf.json")
            path = Path(found)
        named: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
        weight = torch.zeros(len(tokenizer.get_vocab()))
        for name, value in named.items():
            weight[tokenizer.convert_tokens_to_ids(name)] = value
        return cls(tokenizer, weight=weight, **config)

    def __repr__(self) -> str:
        tokenizer = type(self.tokenizer).__name__
        return f"SparseStaticEmbedding({self.get_config_dict()}, dim={self.num_dimensions}, tokenizer={tokenizer})"
