"""Scores of pairs: what leaves the pipe is `scores`, activated, one number or one row a pair."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from transformers.modeling_outputs import SequenceClassifierOutput

from .. import files, folder
from ..dotted import dotted_name
from ..encoder import Backend, Encoder, LoadRequest
from ..inputs import as_pairs
from ..loop import stack_in_input_order, wants_progress_bar
from ..model_card import CrossEncoderModelCardData
from ..modules.module import Features
from ..modules.sequence_classifier import SequenceClassifier
from ..peft_mixin import has_adapters
from ..prompts import choose_prompt
from ..publishing import push, write_card
from ..renames import keywords, warn_renamed
from ..saving import save_pipeline
from . import activation
from .activation import Activation
from .fit_mixin import FitMixin
from .util import cross_encoder_init_args_decorator, cross_encoder_predict_rank_args_decorator

logger = logging.getLogger(__name__)


class CrossEncoder(FitMixin, Encoder):
    """Loads a model that scores pairs of texts, or ranks documents for a query."""

    kind = "CrossEncoder"
    model_card_data_class = CrossEncoderModelCardData
    usual_prompts: ClassVar[dict[str, str]] = {}
    activation_fn: Activation

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
        self.model_card_data.register_model(self)

    def _default_modules(self, request: LoadRequest, path: Path, settings: dict[str, Any]) -> list[nn.Module]:
        return [SequenceClassifier.load(str(path), **request.module_keywords())]

    @property
    def model(self) -> Any:
        """The transformers model."""
        return self._head.auto_model

    @property
    def config(self) -> Any:
        """The configuration of the transformers model."""
        return self.model.config

    @property
    def num_labels(self) -> int:
        """How many scores a pair gets."""
        labels: int = getattr(self._last_module(), "out_features", None) or self.config.num_labels
        return labels

    @property
    def _is_plain(self) -> bool:
        """Whether a transformers folder says everything about this model; that of an adapter has no configuration."""
        bare = [type(module) for module in self.children()] == [SequenceClassifier]
        return bare and not self.prompts and not has_adapters(self.model)

    @property
    def max_length(self) -> int | None:
        """A pair is cut after this many tokens, the longer text first."""
        return self.max_seq_length or self.tokenizer.model_max_length

    @max_length.setter
    def max_length(self, value: int | None) -> None:
        self.max_seq_length = value
        self.tokenizer.model_max_length = value

    def set_activation_fn(self, activation_fn: Activation, set_default: bool = True) -> None:
        """Use this activation; with `set_default`, saved models remember it."""
        # Past nn.Module: a registered activation would become a step of the pipeline.
        object.__setattr__(self, "activation_fn", activation_fn)
        if set_default:
            activation.store(self.config, activation_fn)

    def get_default_activation_fn(self) -> Activation:
        """The activation that the configuration names, or the one for this number of labels."""
        name = self.saved_settings.get("activation_fn")
        return activation.stored(self.config, self.num_labels, name, trusted=self.trust_remote_code)

    @property
    def default_activation_function(self) -> Activation:
        """The old name of activation_fn."""
        warn_renamed("CrossEncoder", "default_activation_function", "activation_fn")
        return self.activation_fn

    def set_config_value(self, key: str, value: Any) -> None:
        """Keep a value in config.sentence_transformers."""
        activation.set_value(self.config, key, value)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The transformers model's own forward, or the modules' with `logits`; predict and rank are for texts."""
        if isinstance(self._last_module(), SequenceClassifier):
            return self.model(*args, **kwargs)
        return SequenceClassifierOutput(logits=self._forward_batch(kwargs)["scores"])

    def _forward_batch(self, features: Features, **kwargs: Any) -> Features:
        outputs = Encoder.forward(self, features, **kwargs)
        if "scores" not in outputs:
            raise ValueError(
                "the modules of this CrossEncoder write no 'scores' but "
                f"{sorted(outputs)}; let the last one be a Dense(..., module_output_name='scores'), or the first a "
                "Transformer(..., transformer_task='sequence-classification')"
            )
        return outputs

    def own_settings(self) -> dict[str, Any]:
        """The activation, for models that are saved module by module; pairs have no similarity."""
        return {"activation_fn": dotted_name(self.activation_fn), "similarity_fn_name": None}

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

    def save(self, path: str, *, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write a transformers folder that Sentence Transformers reads, too.

        With prompts, or with other modules than a transformer, what only 6.x reads lies beside it.
        """
        if path is None:
            return
        self.set_config_value("version", folder.FORMAT_VERSION)
        if self._is_plain:
            logger.info("Saving the model to %s", path)
            self._head.save_weights(path, safe_serialization=safe_serialization)
        else:
            save_pipeline(self, path, safe_serialization=safe_serialization)
        write_card(self, path, model_name=kwargs.get("model_name"), train_datasets=kwargs.get("train_datasets"))

    save_pretrained = save

    def push_to_hub(
        self,
        repo_id: str,
        *,
        token: str | None = None,
        private: bool | None = None,
        safe_serialization: bool = True,
        commit_message: str | None = None,
        exist_ok: bool = False,
        revision: str | None = None,
        create_pr: bool = False,
        tags: list[str] | None = None,
    ) -> str:
        """Upload the model to the hub; gives the URL of the commit or pull request."""
        return push(
            self,
            repo_id,
            token=token,
            private=private,
            safe_serialization=safe_serialization,
            commit_message=commit_message,
            exist_ok=exist_ok,
            revision=revision,
            create_pr=create_pr,
            tags=tags,
        )


def _read(scores: Tensor, to_numpy: bool, to_tensor: bool) -> Any:
    if to_tensor:
        return scores
    if to_numpy:
        return (scores.float() if scores.dtype == torch.bfloat16 else scores).cpu().numpy()
    return list(scores)
