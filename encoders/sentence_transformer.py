"""Dense embeddings: what leaves the pipe is `sentence_embedding`, as array, tensor or list."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn

from . import files
from .embedding_encoder import EmbeddingEncoder
from .fit_mixin import FitMixin
from .inputs import as_list
from .loading import Backend, LoadRequest
from .loop import in_input_order, stack_in_input_order, wants_progress_bar
from .model_card import SentenceTransformerModelCardData
from .modules.module import Features
from .modules.pooling import Pooling
from .modules.transformer import Transformer
from .prompts import choose_prompt
from .quantization import Precision, check_precision, quantize_embeddings
from .renames import keywords, warn_renamed
from .similarity_functions import SimilarityFunction
from .tasks import for_task
from .util.tensor import normalize_embeddings as unit_rows
from .util.tensor import truncate_embeddings

logger = logging.getLogger(__name__)

OutputValue = Literal["sentence_embedding", "token_embeddings"]
_OUTPUT_VALUES = ("sentence_embedding", "token_embeddings", None)


class SentenceTransformer(FitMixin, EmbeddingEncoder):
    """Loads or builds a model that turns texts into dense vectors."""

    kind = "SentenceTransformer"
    model_card_data_class = SentenceTransformerModelCardData

    @keywords(old={"use_auth_token": "token"}, newer={"processor_kwargs": "tokenizer_kwargs"})
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
        use_auth_token: bool | str | None = None,
        truncate_dim: int | None = None,
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
            where=files.Where(token if token is not None else use_auth_token, cache_folder, revision, local_files_only),
            trust_remote_code=trust_remote_code,
            model_kwargs=model_kwargs,
            tokenizer_kwargs=tokenizer_kwargs,
            config_kwargs=config_kwargs,
            backend=backend,
        )
        super().__init__(request)
        self.truncate_dim = truncate_dim
        self.model_card_data = model_card_data or self.model_card_data_class()
        self.model_card_data.register_model(self)

    def _default_modules(self, request: LoadRequest, path: Path, settings: dict[str, Any]) -> list[nn.Module]:
        logger.warning(
            "%s names no modules of sentence embeddings; a transformer with mean pooling is made of it.", path
        )
        transformer = Transformer.load(str(path), **request.module_keywords())
        return [transformer, Pooling(transformer.get_word_embedding_dimension(), "mean")]

    @keywords(newer={"inputs": "sentences"})
    def encode(
        self,
        sentences: Any,
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        output_value: OutputValue | None = "sentence_embedding",
        precision: Precision | None = "float32",
        convert_to_numpy: bool = True,
        convert_to_tensor: bool = False,
        device: str | torch.device | list[str | torch.device] | None = None,
        normalize_embeddings: bool = False,
        truncate_dim: int | None = None,
        pool: dict[str, Any] | None = None,
        chunk_size: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Embed texts; a single text gives a single embedding, a list gives rows in the order given.

        Returns an array of (texts, dimensions), a tensor with `convert_to_tensor`, a list of tensors with
        `convert_to_numpy=False`. `output_value="token_embeddings"` gives a list of (tokens, width) tensors, None a
        list of all features. `truncate_dim` cuts before `normalize_embeddings`. A list of devices, or a `pool`, encodes
        in several processes. Raises ValueError for keywords that no module uses.
        """
        check_precision(precision)
        if output_value not in _OUTPUT_VALUES:
            raise ValueError(f"output_value is {output_value!r}; use one of {', '.join(map(repr, _OUTPUT_VALUES))}")
        self._checked_kwargs(kwargs)
        texts, is_single = as_list(sentences)
        if texts and not is_single and (pool is not None or isinstance(device, list)):
            plain = {
                "prompt_name": prompt_name,
                "prompt": prompt,
                "batch_size": batch_size,
                "output_value": output_value,
                "convert_to_numpy": convert_to_numpy,
                "convert_to_tensor": convert_to_tensor,
                "normalize_embeddings": normalize_embeddings,
                "truncate_dim": truncate_dim if truncate_dim is not None else self.truncate_dim,
                **kwargs,
            }
            result = self._in_processes("encode", texts, device, pool, chunk_size, show_progress_bar, plain)
            # Quantised here and not by chunk: the ranges of int8 are those of all embeddings.
            return result if precision in (None, "float32") else _requantised(result, precision)
        batches = self._run(
            texts,
            prompt=choose_prompt(self.prompts, self.default_prompt_name, prompt, prompt_name),
            batch_size=batch_size,
            show_progress_bar=wants_progress_bar(show_progress_bar, logger),
            device=device,  # type: ignore[arg-type]
            kwargs=kwargs,
        )
        if output_value != "sentence_embedding":
            read = _token_embeddings if output_value == "token_embeddings" else _all_features
            rows = in_input_order([(batch, read(features)) for batch, features in batches])
            return rows[0] if is_single else rows
        limit = truncate_dim if truncate_dim is not None else self.truncate_dim
        to_cpu = convert_to_numpy and not convert_to_tensor
        blocks = []
        for batch, features in batches:
            block = truncate_embeddings(features["sentence_embedding"], limit or None)
            block = unit_rows(block) if normalize_embeddings else block
            blocks.append((batch, block.cpu() if to_cpu else block))
        if not blocks:
            return _nothing(convert_to_numpy, convert_to_tensor)
        result = _converted(stack_in_input_order(blocks), precision, convert_to_numpy, convert_to_tensor)
        return result[0] if is_single else result

    encode_query = for_task(encode, "query")
    encode_document = for_task(encode, "document")

    def get_sentence_embedding_dimension(self) -> int | None:
        """Dimensions of what encode returns, after truncation."""
        dimension = super().get_sentence_embedding_dimension()
        if dimension is None or self.truncate_dim is None:
            return self.truncate_dim if dimension is None else dimension
        return min(dimension, self.truncate_dim)

    @contextmanager
    def truncate_sentence_embeddings(self, truncate_dim: int | None) -> Iterator[None]:
        """Within the block, encode returns the first `truncate_dim` dimensions."""
        before, self.truncate_dim = self.truncate_dim, truncate_dim
        try:
            yield
        finally:
            self.truncate_dim = before

    truncate_embeddings = truncate_sentence_embeddings

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
        precision: Precision = "float32",
        normalize_embeddings: bool = False,
        truncate_dim: int | None = None,
    ) -> Any:
        """The old way to encode in several processes."""
        warn_renamed("SentenceTransformer", "encode_multi_process", "encode(..., pool=pool)")
        return self.encode(
            sentences,
            prompt_name=prompt_name,
            prompt=prompt,
            batch_size=batch_size,
            chunk_size=chunk_size,
            show_progress_bar=show_progress_bar,
            precision=precision,
            normalize_embeddings=normalize_embeddings,
            truncate_dim=truncate_dim,
            pool=pool,
        )


def _token_embeddings(features: Features) -> list[Tensor]:
    return [
        tokens[mask.bool()]
        for tokens, mask in zip(features["token_embeddings"], features["attention_mask"], strict=True)
    ]


def _all_features(features: Features) -> list[Features]:
    rows = len(features["sentence_embedding"])
    return [{name: _row(value, row) for name, value in features.items()} for row in range(rows)]


def _row(value: Any, row: int) -> Any:
    return value[row] if isinstance(value, (Tensor, list)) else value


def _nothing(convert_to_numpy: bool, convert_to_tensor: bool) -> Any:
    if convert_to_tensor:
        return torch.Tensor()
    return np.array([]) if convert_to_numpy else []


def _requantised(result: Any, precision: Precision) -> Any:
    quantised = quantize_embeddings(result, precision)
    if isinstance(result, np.ndarray):
        return quantised
    return torch.from_numpy(quantised) if isinstance(result, Tensor) else list(torch.from_numpy(quantised))


def _converted(embeddings: Tensor, precision: Precision | None, to_numpy: bool, to_tensor: bool) -> Any:
    if precision not in (None, "float32"):
        quantised = quantize_embeddings(embeddings, precision)
        if to_numpy and not to_tensor:
            return quantised
        embeddings = torch.from_numpy(quantised)
    if to_tensor:
        return embeddings
    if to_numpy:
        return (embeddings.float() if embeddings.dtype == torch.bfloat16 else embeddings).numpy()
    return list(embeddings)
