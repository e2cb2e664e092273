"""What the three encoders share: ordered modules, device, prompts, and the run over texts."""

import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from . import folder, multi_process, prompts
from .inference.plan import Batch, slices
from .loading import LoadRequest, card_text, saved_modules
from .loop import Part, part_size, run, wants_progress_bar
from .modules.module import Features
from .modules.pooling import Pooling
from .modules.prepared import accepted_keywords, prepare
from .peft_mixin import PeftAdapterMixin
from .renames import warn_renamed
from .sources import hub_origin
from .util.environment import get_device_name

logger = logging.getLogger(__name__)


class Encoder(PeftAdapterMixin, nn.Sequential):
    """A pipeline of modules from texts to embeddings or scores."""

    kind: ClassVar[str]
    model_card_data_class: ClassVar[Any]
    usual_prompts: ClassVar[dict[str, str]] = prompts.RETRIEVAL_PROMPTS

    def __init__(self, request: LoadRequest) -> None:
        path = request.folder()
        settings = {} if path is None else folder.read_settings(path)
        modules, self_kwargs = self._build(request, path, settings)
        super().__init__(modules)
        self.module_kwargs: dict[str, list[str]] = self_kwargs
        self.backend = request.backend
        self.saved_settings = settings
        self.trust_remote_code = request.trust_remote_code
        self.prompts = {**self.usual_prompts, **settings.get("prompts", {}), **(request.prompts or {})}
        self.default_prompt_name: str | None = request.default_prompt_name or settings.get("default_prompt_name")
        self._prompt_lengths: dict[str, int] = {}
        self.truncated_texts = 0
        """How many of the texts given so far were cut at the limit, where the tokeniser says so."""
        self._model_card_text = card_text(path)
        self.origin = None if path is None else hub_origin(path)
        self._check_default_prompt()
        self.to(request.device or get_device_name())

    def _build(
        self, request: LoadRequest, path: Path | None, settings: dict[str, Any]
    ) -> tuple["OrderedDict[str, nn.Module]", dict[str, list[str]]]:
        if request.modules is not None:
            given = request.modules
            named = given if isinstance(given, OrderedDict) else {str(i): module for i, module in enumerate(given)}
            return OrderedDict(named), {}
        if path is None:
            raise ValueError(f"{type(self).__name__} needs a model name, a folder, or modules")
        entries = folder.read_modules(path)
        if entries is None or settings.get("model_type", "SentenceTransformer") != self.kind:
            default = self._default_modules(request, path, settings)
            return OrderedDict((str(index), module) for index, module in enumerate(default)), {}
        return saved_modules(request, path, entries)

    def _default_modules(self, request: LoadRequest, path: Path, settings: dict[str, Any]) -> list[nn.Module]:
        """The modules for a folder that has none of this kind's: a bare transformer, or another kind's model."""
        raise NotImplementedError

    def own_settings(self) -> dict[str, Any]:
        """What a saved folder says of this kind of model only."""
        return {}

    def _check_default_prompt(self) -> None:
        name = self.default_prompt_name
        if name is None:
            return
        if name not in self.prompts:
            known = ", ".join(repr(key) for key in self.prompts)
            raise ValueError(f"Default prompt name {name!r} not found in the configured prompts dictionary ({known})")
        logger.warning("Every encode() call uses the prompt %r unless it is given another.", name)

    def forward(self, input: Features, **kwargs: Any) -> Features:
        """Run the modules in order; each gets the keywords it asks for."""
        for name, module in self.named_children():
            wanted = self.module_kwargs.get(name, getattr(module, "forward_kwargs", ()))
            input = module(input, **{key: value for key, value in kwargs.items() if key in wanted})
        return input

    def _forward_batch(self, features: Features, **kwargs: Any) -> Features:
        return self.forward(features, **kwargs)

    def get_model_kwargs(self) -> list[str]:
        """The keywords, beyond those of encode, that this model's modules use."""
        names: list[str] = []
        for name, module in self.named_children():
            wanted = self.module_kwargs.get(name, sorted(getattr(module, "forward_kwargs", ())))
            names.extend(key for key in wanted if key not in names)
        return names

    def _checked_kwargs(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        known = {*self.get_model_kwargs(), "task"}
        if unknown := sorted(set(kwargs) - known):
            accepted = self.get_model_kwargs() or "no additional keyword arguments"
            raise ValueError(
                f"{type(self).__name__}.encode() has been called with additional keyword arguments that this model "
                f"does not use: {unknown}. {type(self).__name__}.get_model_kwargs() says that it accepts {accepted}."
            )
        return kwargs

    def _run(
        self,
        inputs: Sequence[Any],
        *,
        prompt: str | None,
        batch_size: int,
        show_progress_bar: bool,
        device: str | torch.device | None,
        kwargs: dict[str, Any],
    ) -> Iterator[tuple[Batch, Features]]:
        """Encode all inputs; the batches come longest first and say which inputs they hold."""
        if not inputs:
            return
        self.eval()
        self.to(device or self.device)
        extra: Features = {}
        options = {key: value for key, value in kwargs.items() if key == "task"}
        if prompt and getattr(self._head, "takes_prompt", False):
            options["prompt"] = prompt
        elif prompt:
            inputs = [prompts.put_before(prompt, text) for text in inputs]
            length = self._prompt_length(prompt, **kwargs)
            extra = {} if length is None else {"prompt_length": length}
        size = part_size(batch_size)
        yield from run(
            self._prepared(inputs, size, options),
            lambda features: self._forward_batch(features, **kwargs),
            count=len(inputs),
            batch_size=batch_size,
            device=self.device,
            extra=extra,
            show_progress_bar=show_progress_bar,
        )

    def _prepared(self, inputs: Sequence[Any], size: int, options: dict[str, Any]) -> Iterator[Part]:
        """The inputs, tokenised part by part."""
        cut = 0
        for part in slices(len(inputs), size):
            prepared = prepare(self._head, inputs[part], **options)
            cut += prepared.truncated
            yield Part(part.start, prepared)
        self._count_truncated(cut, len(inputs))

    def _count_truncated(self, cut: int, count: int) -> None:
        if cut:
            self.truncated_texts += cut
            logger.info("%d of %d texts were cut at %s tokens", cut, count, self.get_max_seq_length())

    def _in_processes(
        self,
        method: str,
        inputs: Sequence[Any],
        device: Any,
        pool: multi_process.Pool | None,
        chunk_size: int | None,
        show_progress_bar: bool | None,
        options: dict[str, Any],
    ) -> Any:
        """Run a method of this model over chunks of the inputs in the pool, or in one made for this call."""
        own = pool is None
        active = multi_process.start(self, device) if pool is None else pool
        try:
            bar = wants_progress_bar(show_progress_bar, logger)
            options = {**options, "show_progress_bar": False}
            parts, cut = multi_process.run(
                active, method, inputs, options, chunk_size=chunk_size, show_progress_bar=bar
            )
        finally:
            if own:
                multi_process.stop(active)
        self._count_truncated(cut, len(inputs))
        return multi_process.joined(parts)

    def start_multi_process_pool(self, target_devices: list[str] | None = None) -> multi_process.Pool:
        """Processes with this model on these devices, for `pool=` of encode; stop them in the end."""
        return multi_process.start(self, target_devices or multi_process.default_devices())

    @staticmethod
    def stop_multi_process_pool(pool: multi_process.Pool) -> None:
        """End the processes of a pool."""
        multi_process.stop(pool)

    def _prompt_length(self, prompt: str, **kwargs: Any) -> int | None:
        """Tokens that the prompt puts before a text; None where that cannot be said."""
        if prompt not in self._prompt_lengths:
            ids = self.tokenize([prompt], **kwargs).get("input_ids")
            if not isinstance(ids, Tensor) or ids.dim() != 2:
                return None
            ends = set(getattr(self.tokenizer, "all_special_ids", ()))
            self._prompt_lengths[prompt] = ids.shape[-1] - (int(ids[0, -1]) in ends)
        return self._prompt_lengths[prompt]

    def set_pooling_include_prompt(self, include_prompt: bool) -> None:
        """Whether the prompt's tokens count in pooling."""
        for module in self.modules():
            if isinstance(module, Pooling):
                module.include_prompt = include_prompt
                return

    def tokenize(self, texts: Any, **kwargs: Any) -> Features:
        """Features of one batch, by the first module."""
        first = self._head
        features: Features = first.tokenize(texts, **accepted_keywords(first.tokenize, kwargs))
        return features

    preprocess = tokenize

    def get_sentence_features(self, *features: Any) -> Any:
        """What the first module makes of its own features."""
        return self._head.get_sentence_features(*features)

    @property
    def device(self) -> torch.device:
        """Where the weights are; the CPU for a model without weights of its own."""
        for tensor in (*self.parameters(), *self.buffers()):
            return tensor.device
        return torch.device("cpu")

    @property
    def _target_device(self) -> torch.device:
        warn_renamed(type(self).__name__, "_target_device", "device")
        return self.device

    @property
    def dtype(self) -> torch.dtype | None:
        """The type of the weights."""
        return next((parameter.dtype for parameter in self.parameters()), None)

    @property
    def tokenizer(self) -> Any:
        """The first module's tokeniser."""
        return self._head.tokenizer

    @tokenizer.setter
    def tokenizer(self, value: Any) -> None:
        self._head.tokenizer = value

    @property
    def max_seq_length(self) -> int | None:
        """Texts are cut after this many tokens."""
        length: int | None = self._head.max_seq_length
        return length

    @max_seq_length.setter
    def max_seq_length(self, value: int | None) -> None:
        self._head.max_seq_length = value

    def get_max_seq_length(self) -> int | None:
        """Texts are cut after this many tokens; None if the model does not say."""
        return getattr(self._head, "max_seq_length", None)

    @property
    def transformers_model(self) -> Any:
        """The underlying transformers model; None if there is none."""
        return next((module.auto_model for module in self.modules() if hasattr(module, "auto_model")), None)

    def get_backend(self) -> str:
        """torch, onnx or openvino."""
        return self.backend

    def activation_checkpointing_enable(
        self, activation_checkpointing_kwargs: dict[str, Any] | None = None, **options: Any
    ) -> None:
        """Trade time for memory in training: activations are computed again on the way back."""
        for module in self.modules():
            if (model := getattr(module, "auto_model", None)) is not None:
                enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
                enable(activation_checkpointing_kwargs, **options)

    def gradient_checkpointing_enable(self, gradient_checkpointing_kwargs: dict[str, Any] | None = None) -> None:
        """The same by its older name."""
        self.activation_checkpointing_enable(gradient_checkpointing_kwargs)

    def evaluate(self, evaluator: Any, output_path: str | None = None) -> Any:
        """Run an evaluator on this model; it may write files into `output_path`."""
        if output_path is not None:
            Path(output_path).mkdir(parents=True, exist_ok=True)
        return evaluator(self, output_path)

    @property
    def _head(self) -> Any:
        """The module that takes the texts; Any, as it need not be one of ours."""
        return self[0]

    def _first_module(self) -> nn.Module:
        return self[0]

    def _last_module(self) -> nn.Module:
        return self[-1]
