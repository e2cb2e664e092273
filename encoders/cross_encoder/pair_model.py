"""A model of pairs: its labels, its limit, its activation, and how it is kept."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

import logging
from pathlib import Path
from typing import Any, ClassVar

from torch import nn
from transformers.modeling_outputs import SequenceClassifierOutput

from .. import folder
from ..dotted import dotted_name
from ..encoder import Encoder
from ..loading import LoadRequest
from ..model_card import CrossEncoderModelCardData
from ..modules.module import Features
from ..modules.sequence_classifier import SequenceClassifier
from ..peft_mixin import has_adapters
from ..publishing import push, write_card
from ..renames import warn_renamed
from ..saving import save_pipeline
from . import activation
from .activation import Activation
from .full_precision import compute_in_float32

logger = logging.getLogger(__name__)


class PairModel(Encoder):
    """Modules whose last one writes `scores`, one row of labels a pair."""

    kind = "CrossEncoder"
    model_card_data_class = CrossEncoderModelCardData
    usual_prompts: ClassVar[dict[str, str]] = {}
    activation_fn: Activation
    keep_in_fp32_modules: list[str]

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
        return bare and not (self.prompts or self.keep_in_fp32_modules or has_adapters(self.model))

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

    def set_keep_in_fp32_modules(self, module_names: list[str]) -> None:
        """Let exactly these linear layers compute in float32; saved models remember it.

        Raises ValueError for a name that is no plain linear layer, and where something else than torch runs the model.
        """
        if isinstance(module_names, str) or not all(isinstance(name, str) for name in module_names):
            raise ValueError(f"keep_in_fp32_modules is {module_names!r}; it must be a list of names of layers")
        if module_names and self.backend != "torch":
            raise ValueError(f"keep_in_fp32_modules is for backend='torch', and this one is {self.backend!r}")
        compute_in_float32(self, module_names)
        self.keep_in_fp32_modules = list(module_names)

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
        """The activation, for models that are saved module by module."""
        kept = {"keep_in_fp32_modules": self.keep_in_fp32_modules} if self.keep_in_fp32_modules else {}
        return {"activation_fn": dotted_name(self.activation_fn), **kept}

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
