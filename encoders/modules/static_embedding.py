"""Static token embeddings: a text is the mean of its tokens' vectors; no transformer runs."""
# ruff: noqa: ARG002, ARG003 -- signatures of Sentence Transformers

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from .. import files
from ..errors import MissingExtra, NotAModel
from .input_module import InputModule
from .module import Features
from .prepared import readable
from .weights import load_into


class StaticEmbedding(InputModule):
    """An EmbeddingBag over a tokenizers.Tokenizer; writes `sentence_embedding`."""

    def __init__(
        self,
        tokenizer: Any,
        embedding_weights: np.ndarray[Any, Any] | Tensor | None = None,
        embedding_dim: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.tokenizer: Tokenizer = getattr(tokenizer, "backend_tokenizer", tokenizer)
        if not isinstance(self.tokenizer, Tokenizer):
            raise ValueError(
                f"StaticEmbedding needs a tokenizers.Tokenizer or a fast tokeniser, not {type(tokenizer).__name__}"
            )
        if embedding_weights is not None:
            weights = torch.as_tensor(embedding_weights)
            self.embedding = nn.EmbeddingBag.from_pretrained(weights, freeze=False)
        elif embedding_dim is not None:
            self.embedding = nn.EmbeddingBag(self.tokenizer.get_vocab_size(), embedding_dim)
        else:
            raise ValueError("StaticEmbedding needs `embedding_weights`, or `embedding_dim` for random ones")
        self.num_embeddings = self.embedding.num_embeddings
        self.embedding_dim = self.embedding.embedding_dim
        self.tokenizer.no_padding()

    def tokenize(self, texts: Sequence[str], **kwargs: Any) -> Features:
        """All ids in a row, and where each text begins."""
        encodings = self.tokenizer.encode_batch([readable(text) for text in texts], add_special_tokens=False)
        ids = [encoding.ids for encoding in encodings]
        starts = np.cumsum([0, *(len(row) for row in ids)])[:-1]
        flat = torch.tensor([token for row in ids for token in row], dtype=torch.long)
        return {"input_ids": flat, "offsets": torch.from_numpy(starts.astype(np.int64))}

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Average the vectors of each text; a text without tokens gets zeros."""
        features["sentence_embedding"] = self.embedding(features["input_ids"], features["offsets"])
        return features

    @property
    def max_seq_length(self) -> float:
        """There is no limit."""
        return torch.inf

    def get_sentence_embedding_dimension(self) -> int:
        """The width of the vectors."""
        return self.embedding_dim

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write vectors and tokeniser."""
        self.save_torch_weights(output_path, safe_serialization=safe_serialization)
        self.tokenizer.save(str(Path(output_path) / "tokenizer.json"))

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
        """Vectors and tokeniser; the key `embeddings` of model2vec is understood, too."""
        where = files.Where(token, cache_folder, revision, local_files_only)
        path = files.find_file(model_name_or_path, "tokenizer.json", subfolder, where)
        if path is None:
            raise NotAModel(
                f"{model_name_or_path!r} has no tokenizer.json in {subfolder!r}, which static embeddings need"
            )
        weights = cls.load_torch_weights(model_name_or_path, subfolder, **where.keywords())
        vectors = weights.get("embedding.weight", weights.get("embeddings"))
        module = cls(Tokenizer.from_file(path), vectors)
        if "embedding.weight" in weights:
            load_into(module, model_name_or_path, subfolder, where)
        return module

    @classmethod
    def from_model2vec(cls, model_id_or_path: str) -> Self:
        """The vectors and tokeniser of a model2vec model, by folder or hub id."""
        return cls.load(model_id_or_path)

    @classmethod
    def from_distillation(
        cls,
        model_name: str,
        vocabulary: list[str] | None = None,
        device: str | None = None,
        pca_dims: int | None = 256,
        apply_zipf: bool = True,
        sif_coefficient: float | None = 1e-4,
        token_remove_pattern: str | None = r"\[unused\d+\]",
        quantize_to: str = "float32",
        use_subword: bool = True,
        **kwargs: Any,
    ) -> Self:
        """Distil a transformer into static vectors, with the model2vec package."""
        try:
            from model2vec.distill import distill  # type: ignore[import-not-found, unused-ignore]
        except ImportError as err:
            raise MissingExtra('distillation is done by model2vec: pip install "model2vec[distill]"') from err
        options = {
            "vocabulary": vocabulary,
            "device": device,
            "pca_dims": pca_dims,
            "apply_zipf": apply_zipf,
            "sif_coefficient": sif_coefficient,
            "token_remove_pattern": token_remove_pattern,
            "quantize_to": quantize_to,
            "use_subword": use_subword,
        }
        static = distill(model_name, **options, **kwargs)
        return cls(static.tokenizer, np.asarray(static.embedding))
