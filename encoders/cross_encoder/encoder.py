"""Scores of pairs: what leaves the pipe is `scores`, activated, one number or one row a pair."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .. import files
from ..inputs import as_pairs
from ..loading import Backend, LoadRequest
from ..loop import stack_in_input_order, wants_progress_bar
from ..modules.module import Features
from ..prompts import choose_prompt
from ..renames import keywords
from .activation import Activation
from .fit_mixin import FitMixin
from .pair_model import PairModel
from .util import cross_encoder_init_args_decorator, cross_encoder_predict_rank_args_decorator

logger = logging.getLogger(__name__)


class CrossEncoder(FitMixin, PairModel):
    """Loads a model that scores pairs of texts, or ranks documents for a query."""

    @cross_encoder_init_args_decorator
    def __init__(
        self,
        model_name_or_path: str | None = None,
        num_labels: int | None = None,
        max_length: int | None = None,
        activation_fn: Activation | None = None,
        device: str | None = None,
        cache_folder: str | None = None,
        trust_remote_code: bool = False,
        revision: str | None = None,
        local_files_only: bool = False,
        token: bool | str | None = None,
        model_kwargs: dict[str, Any] | None = None,
        tokenizer_kwargs: dict[str, Any] | None = None,
        config_kwargs: dict[str, Any] | None = None,
        model_card_data: Any = None,
        backend: Backend = "torch",
        *,
        modules: Iterable[nn.Module] | None = None,
        prompts: dict[str, str] | None = None,
        default_prompt_name: str | None = None,
        keep_in_fp32_modules: list[str] | None = None,
    ) -> None:
        labels = {} if num_labels is None else {"num_labels": num_labels}
        request = LoadRequest(
            name=model_name_or_path,
            modules=modules,
            device=device,
            prompts=prompts,
            default_prompt_name=default_prompt_name,
            where=files.Where(token, cache_folder, revision, local_files_only),
            trust_remote_code=trust_remote_code,
            model_kwargs=model_kwargs,
            tokenizer_kwargs=tokenizer_kwargs,
            config_kwargs={**(config_kwargs or {}), **labels},
            backend=backend,
        )
        super().__init__(request)
        if max_length is not None:
            self.max_length = max_length
        self.model_card_data = model_card_data or self.model_card_data_class()
        self.set_activation_fn(activation_fn or self.get_default_activation_fn())
        # Where a graph runs the model, all of it is in float32 already.
        stated = self.saved_settings.get("keep_in_fp32_modules") if backend == "torch" else None
        self.set_keep_in_fp32_modules((stated or []) if keep_in_fp32_modules is None else keep_in_fp32_modules)
        self.model_card_data.register_model(self)

    @cross_encoder_predict_rank_args_decorator
    @keywords(newer={"inputs": "sentences"})
    def predict(
        self,
        sentences: Any,
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        activation_fn: Activation | None = None,
        apply_softmax: bool | None = False,
        convert_to_numpy: bool = True,
        convert_to_tensor: bool = False,
        device: str | torch.device | list[str | torch.device] | None = None,
        pool: dict[str, Any] | None = None,
        chunk_size: int | None = None,
        prompt_name: str | None = None,
        prompt: str | None = None,
    ) -> Any:
        """Score pairs of texts, in the order given.

        One label gives (pairs,) scores, several give (pairs, labels); a single pair gives a scalar or one row. An
        array, or a tensor with `convert_to_tensor`, or a list of tensors with `convert_to_numpy=False`.
        `apply_softmax` turns several labels into probabilities. A prompt goes before the first text of each pair.
        """
        pairs, is_single = as_pairs(sentences)
        if activation_fn is not None:
            self.set_activation_fn(activation_fn, set_default=False)
        if pairs and not is_single and (pool is not None or isinstance(device, list)):
            plain = {
                "batch_size": batch_size,
                "activation_fn": self.activation_fn,
                "apply_softmax": apply_softmax,
                "convert_to_numpy": convert_to_numpy,
                "convert_to_tensor": convert_to_tensor,
                "prompt_name": prompt_name,
                "prompt": prompt,
            }
            return self._in_processes("predict", pairs, device, pool, chunk_size, show_progress_bar, plain)
        blocks = []
        for batch, features in self._run(
            pairs,
            prompt=choose_prompt(self.prompts, self.default_prompt_name, prompt, prompt_name),
            batch_size=batch_size,
            show_progress_bar=wants_progress_bar(show_progress_bar, logger),
            device=device,  # type: ignore[arg-type]
            kwargs={},
        ):
            blocks.append((batch, self._scores(features, bool(apply_softmax))))
        if not blocks:
            return torch.Tensor() if convert_to_tensor else np.array([]) if convert_to_numpy else []
        scores = _read(stack_in_input_order(blocks), convert_to_numpy, convert_to_tensor)
        return scores[0] if is_single else scores

    def _scores(self, features: Features, softmax: bool) -> Tensor:
        scores: Tensor = self.activation_fn(features["scores"])
        if softmax and scores.dim() > 1:
            scores = torch.softmax(scores, dim=1)
        return scores[:, 0] if self.num_labels == 1 else scores

    @cross_encoder_predict_rank_args_decorator
    def rank(
        self,
        query: str,
        documents: list[str],
        top_k: int | None = None,
        return_documents: bool = False,
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        activation_fn: Activation | None = None,
        apply_softmax: bool = False,
        convert_to_numpy: bool = True,
        convert_to_tensor: bool = False,
        device: str | torch.device | list[str | torch.device] | None = None,
        pool: dict[str, Any] | None = None,
        chunk_size: int | None = None,
        prompt_name: str | None = None,
        prompt: str | None = None,
    ) -> list[dict[str, Any]]:
        """The documents, best first, as {corpus_id, score} and `text` if `return_documents`; all or the `top_k`.

        Raises ValueError for a model with several labels.
        """
        if self.num_labels != 1:
            raise ValueError(
                f"CrossEncoder.rank() needs a model with one label, this one has {self.num_labels}; use predict()"
            )
        scores = self.predict(
            [(query, document) for document in documents],
            batch_size=batch_size,
            show_progress_bar=show_progress_bar,
            activation_fn=activation_fn,
            apply_softmax=apply_softmax,
            convert_to_numpy=convert_to_numpy,
            convert_to_tensor=convert_to_tensor,
            device=device,
            pool=pool,
            chunk_size=chunk_size,
            prompt_name=prompt_name,
            prompt=prompt,
        )
        best = sorted(range(len(documents)), key=lambda index: float(scores[index]), reverse=True)[:top_k]
        text: Callable[[int], dict[str, Any]] = lambda i: {"text": documents[i]} if return_documents else {}  # noqa: E731
        return [{"corpus_id": index, "score": scores[index], **text(index)} for index in best]


def _read(scores: Tensor, to_numpy: bool, to_tensor: bool) -> Any:
    if to_tensor:
        return scores
    if to_numpy:
        return (scores.float() if scores.dtype == torch.bfloat16 else scores).cpu().numpy()
    return list(scores)
