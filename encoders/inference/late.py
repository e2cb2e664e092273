"""Late chunking: a vector for each part of a text, from tokens that have read all of it.

Guenther et al. 2024, "Late Chunking: Contextual Chunk Embeddings Using Long-Context Embedding Models".
"""

import threading
from collections.abc import Sequence
from pathlib import Path

from ..errors import NotAModel
from .choice import Wish
from .description import ModelDescription
from .executor import Executor, HiddenStates, pad
from .graph_cache import graph_file
from .rows import Floats, chunk_vectors
from .tokenizer import TokenizedText


class LateChunks:
    """Opens what gives the model's tokens when it is first asked. Safe for several threads."""

    def __init__(
        self, description: ModelDescription, fingerprint: str, cache: Path, wish: Wish, executor: Executor
    ) -> None:
        self._description = description
        self._fingerprint = fingerprint
        self._cache = cache
        self._wish = wish
        self._executor = executor
        self._own: Executor | None = None
        self._lock = threading.Lock()

    def run(self, batch: Sequence[TokenizedText]) -> list[Floats]:
        """float32 (chunks, dimension) for each text."""
        hidden = self._hidden_states()(pad(batch))
        return [
            chunk_vectors(hidden[place, : text.length], text.chunks, normalize=self._description.normalize)
            for place, text in enumerate(batch)
        ]

    def check(self) -> None:
        """Raises NotAModel for a model whose vectors are no means of tokens that have read the text."""
        description = self._description
        if description.is_static:
            why = "its tokens are the same in every text, so that a chunk by itself has the same vector"
        elif tuple(description.pooling) != ("mean",):
            why = f"it pools by {', '.join(description.pooling)}; only a mean can be taken of a part of the tokens"
        elif description.torch_only:
            why = f"it has the module {description.torch_only}"
        elif description.dense_layers:
            why = "it has linear layers after the pooling"
        else:
            return
        raise NotAModel(f"{str(description.folder)!r} cannot chunk late: {why}; encode the chunks one by one")

    def close(self) -> None:
        """Free what was opened."""
        if self._own is not None:
            self._own.close()

    def _hidden_states(self) -> HiddenStates:
        self.check()
        own: HiddenStates | None = getattr(self._executor, "hidden_states", None)
        if own is not None:
            return own
        with self._lock:
            if self._own is None:
                from .onnx_executor import OnnxExecutor

                precision = "int8" if self._wish.precision == "int8" else "exact"
                graph = graph_file(self._description, self._fingerprint, self._cache, precision, tokens=True)
                self._own = OnnxExecutor(graph, "the tokens of long texts", self._wish.threads)
        return self._own.run
