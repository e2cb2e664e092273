"""torch: every family and module that no graph is built for, on any device that torch knows."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .description import ModelDescription
from .executor import TokenBatch
from .plan import CPU_BUDGET, GPU_BUDGET
from .torch_device import load_torch


class TorchExecutor:
    """The encoder of the model's kind, run on token ids; its own tokeniser is not used."""

    def __init__(self, description: ModelDescription, name: str, *, half: str | None, device: str) -> None:
        self._torch = load_torch()
        self._model = _encoder(description, device)
        if half:
            self._model.to(getattr(self._torch, half))
        self._is_reranker = description.kind == "rerank"
        takes_types = getattr(self._model[0].auto_model.config, "type_vocab_size", 0)
        self._inputs = ["input_ids", "attention_mask", *(["token_type_ids"] if takes_types else [])]
        self.name = name
        self.budget = CPU_BUDGET if device == "cpu" else GPU_BUDGET

    def run(self, batch: TokenBatch) -> npt.NDArray[np.float32]:
        """One forward."""
        with self._torch.inference_mode():
            features = self._features(batch)
            rows = self._model(**features).logits if self._is_reranker else self._model(features)["sentence_embedding"]
        if rows.is_sparse:
            rows = rows.to_dense()
        return np.asarray(rows.float().cpu().numpy(), dtype=np.float32)

    def hidden_states(self, batch: TokenBatch) -> npt.NDArray[np.float32]:
        """float32 (texts, tokens, width): what is pooled."""
        with self._torch.inference_mode():
            rows = self._model(self._features(batch))["token_embeddings"]
        return np.asarray(rows.float().cpu().numpy(), dtype=np.float32)

    def _features(self, batch: TokenBatch) -> dict[str, Any]:
        return {name: self._torch.from_numpy(getattr(batch, name)).to(self._model.device) for name in self._inputs}

    def close(self) -> None:
        """Free the weights."""
        del self._model


def _encoder(description: ModelDescription, device: str) -> Any:
    folder = str(description.folder)
    if description.kind == "rerank":
        from ..cross_encoder import CrossEncoder

        return CrossEncoder(folder, device=device).eval()
    if description.kind == "sparse":
        from ..sparse_encoder import SparseEncoder

        return SparseEncoder(folder, device=device).eval()
    from ..sentence_transformer import SentenceTransformer

    return SentenceTransformer(folder, device=device).eval()
