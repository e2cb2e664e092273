"""Term weights: what leaves the pipe is `sentence_embedding`, mostly zeros, as one sparse matrix."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from .. import files, folder
from ..adapter_folder import base_folder
from ..embedding_encoder import EmbeddingEncoder
from ..inputs import as_list
from ..loading import Backend, LoadRequest, saved_modules
from ..loop import wants_progress_bar
from ..model_card import SparseEncoderModelCardData
from ..modules.mlm_transformer import MLMTransformer
from ..modules.module import Features
from ..modules.pooling import Pooling
from ..modules.sparse_auto_encoder import SparseAutoEncoder
from ..modules.splade_pooling import SpladePooling
from ..modules.transformer import Transformer
from ..packing import packed_splade
from ..prompts import choose_prompt
from ..renames import keywords, warn_renamed
from ..similarity_functions import SimilarityFunction
from ..tasks import for_task
from ..util.tensor import select_max_active_dims
from . import readout

logger = logging.getLogger(__name__)


class SparseEncoder(EmbeddingEncoder):
    """Loads or builds a model that turns texts into sparse vectors, over a vocabulary (SPLADE) or features (CSR)."""

    kind = "SparseEncoder"
    model_card_data_class = SparseEncoderModelCardData
    default_similarity = SimilarityFunction.DOT

    @keywords(newer={"processor_kwargs": "tokenizer_kwargs"})
    def __init__(
        self,
        model_name_or_path: str | None = None,
        modules: Iterable[nn.Module] | None = None,
        device: str | None = None,
        prompts: dict[str, str] | None = None,
        default_prompt_name: str | None = None,
        similarity_fn_name: str | SimilarityFunction | None = None,
        cache_folder: str | None = None,
        trust_remote_code: bool = False,
        revision: str | None = None,
        local_files_only: bool = False,
        token: bool | str | None = None,
        max_active_dims: int | None = None,
        model_kwargs: dict[str, Any] | None = None,
        tokenizer_kwargs: dict[str, Any] | None = None,
        config_kwargs: dict[str, Any] | None = None,
        model_card_data: Any = None,
        backend: Backend = "torch",
    ) -> None:
        request = LoadRequest(
            name=model_name_or_path,
            modules=modules,
            device=device,
            prompts=prompts,
            default_prompt_name=default_prompt_name,
            similarity_fn_name=similarity_fn_name,
            where=files.Where(token, cache_folder, revision, local_files_only),
            trust_remote_code=trust_remote_code,
            model_kwargs=model_kwargs,
            tokenizer_kwargs=tokenizer_kwargs,
            config_kwargs=config_kwargs,
            backend=backend,
        )
        super().__init__(request)
        # 6.x keeps it in the folder.
        self.max_active_dims = max_active_dims or self.saved_settings.get("max_active_dims")
        self.model_card_data = model_card_data or self.model_card_data_class()
        self.model_card_data.register_model(self)

    def own_settings(self) -> dict[str, Any]:
        """The similarity, and the limit that encode keeps to."""
        limit = {} if self.max_active_dims is None else {"max_active_dims": self.max_active_dims}
        return super().own_settings() | limit

    def _default_modules(self, request: LoadRequest, path: Path, settings: dict[str, Any]) -> list[nn.Module]:
        entries = folder.read_modules(path)
        if entries is None and _has_vocabulary_head(Path(base_folder(str(path), request.where))):
            logger.warning("%s names no modules of sparse embeddings; SPLADE pooling is put on its vocabulary.", path)
            return [MLMTransformer.load(str(path), **request.module_keywords()), SpladePooling("max")]
        logger.warning("%s is no sparse model; an untrained sparse auto-encoder is put on its embeddings.", path)
        if entries is not None:
            return _with_auto_encoder(list(saved_modules(request, path, entries)[0].values()))
        transformer = Transformer.load(str(path), **request.module_keywords())
        return _with_auto_encoder([transformer, Pooling(transformer.get_word_embedding_dimension(), "mean")])

    @keywords(newer={"inputs": "sentences"})
    def encode(
        self,
        sentences: Any,
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        convert_to_tensor: bool = True,
        convert_to_sparse_tensor: bool = True,
        save_to_cpu: bool = False,
        device: str | torch.device | list[str | torch.device] | None = None,
        max_active_dims: int | None = None,
        pool: dict[str, Any] | None = None,
        chunk_size: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Embed texts; a single text gives a single vector, a list gives rows in the order given.

        Returns one sparse COO tensor of (texts, dimensions); dense with `convert_to_sparse_tensor=False`, a list of
        vectors with `convert_to_tensor=False`. `max_active_dims` keeps the largest weights of each row.
        """
        self._checked_kwargs(kwargs)
        texts, is_single = as_list(sentences)
        if texts and not is_single and (pool is not None or isinstance(device, list)):
            plain = {
                "prompt_name": prompt_name,
                "prompt": prompt,
                "batch_size": batch_size,
                "convert_to_tensor": convert_to_tensor,
                "convert_to_sparse_tensor": convert_to_sparse_tensor,
                "max_active_dims": max_active_dims if max_active_dims is not None else self.max_active_dims,
                **kwargs,
            }
            return self._in_processes("encode", texts, device, pool, chunk_size, show_progress_bar, plain)
        limit = max_active_dims if max_active_dims is not None else self.max_active_dims
        collected = readout.Rows(sparse=convert_to_sparse_tensor)
        for batch, features in self._run(
            texts,
            prompt=choose_prompt(self.prompts, self.default_prompt_name, prompt, prompt_name),
            batch_size=batch_size,
            show_progress_bar=wants_progress_bar(show_progress_bar, logger),
            device=device,  # type: ignore[arg-type]
            kwargs=kwargs,
        ):
            block = select_max_active_dims(features["sentence_embedding"], limit or None)
            collected.add(batch.indices, block.cpu() if save_to_cpu else block)
        if not texts:
            nothing = torch.empty(0).to_sparse() if convert_to_sparse_tensor else torch.empty(0)
            return nothing if convert_to_tensor else []
        result = collected.matrix()
        if is_single:
            return result[0]
        return result if convert_to_tensor else [result[row] for row in range(len(texts))]

    def _forward_batch(self, features: Features, **kwargs: Any) -> Features:
        weights = None if kwargs else packed_splade(list(self), features)
        if weights is None:
            return super()._forward_batch(features, **kwargs)
        return {**features, "sentence_embedding": weights}

    encode_query = for_task(encode, "query")
    encode_document = for_task(encode, "document")

    @contextmanager
    def truncate_sentence_embeddings(self, truncate_dim: int | None) -> Iterator[None]:
        """Within the block, encode keeps the `truncate_dim` largest weights of each row."""
        before, self.max_active_dims = self.max_active_dims, truncate_dim
        try:
            yield
        finally:
            self.max_active_dims = before

    @classmethod
    def load(cls, input_path: str) -> Self:
        """The model saved in a folder."""
        return cls(input_path)

    def encode_multi_process(
        self,
        sentences: list[str],
        pool: dict[str, Any],
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int = 32,
        chunk_size: int | None = None,
        show_progress_bar: bool | None = None,
        max_active_dims: int | None = None,
    ) -> Any:
        """The old way to encode in several processes."""
        warn_renamed("SparseEncoder", "encode_multi_process", "encode(..., pool=pool)")
        return self.encode(
            sentences,
            prompt_name=prompt_name,
            prompt=prompt,
            batch_size=batch_size,
            chunk_size=chunk_size,
            show_progress_bar=show_progress_bar,
            max_active_dims=max_active_dims,
            pool=pool,
        )

    @property
    def splade_pooling_chunk_size(self) -> int | None:
        """Tokens that SPLADE pooling takes at a time; None for all, or without such a module."""
        return next((m.chunk_size for m in self.modules() if isinstance(m, SpladePooling)), None)

    @splade_pooling_chunk_size.setter
    def splade_pooling_chunk_size(self, value: int | None) -> None:
        for module in self.modules():
            if isinstance(module, SpladePooling):
                module.chunk_size = value

    @staticmethod
    def sparsity(embeddings: Tensor) -> dict[str, float]:
        """How many dimensions are active in a row (on average), and the share that is zero."""
        return readout.sparsity(embeddings)

    def intersection(self, embeddings_1: Tensor, embeddings_2: Tensor) -> Tensor:
        """The products on the dimensions that both have: one vector against one, or against each row."""
        return readout.intersection(embeddings_1, embeddings_2)

    def decode(self, embeddings: Tensor, top_k: int | None = None) -> Any:
        """(token, weight) pairs, heaviest first: a list for a vector, a list of lists for a matrix."""
        return readout.decode(embeddings, self.tokenizer.convert_ids_to_tokens, top_k)


def _has_vocabulary_head(path: Path) -> bool:
    config = path / "config.json"
    architectures = json.loads(config.read_text(encoding="utf-8")).get("architectures") if config.is_file() else None
    return any(name.endswith("ForMaskedLM") for name in architectures or ())


def _with_auto_encoder(modules: list[nn.Module]) -> list[nn.Module]:
    """The modules of a dense model, and what makes its embedding sparse (CSR), in the usual proportions."""
    sizes = (ask() for module in reversed(modules) if callable(ask := getattr(module, _DIMENSION, None)))
    width = next(sizes)
    return [*modules, SparseAutoEncoder(input_dim=width, hidden_dim=4 * width, k=width // 4, k_aux=width // 2)]


_DIMENSION = "get_sentence_embedding_dimension"
