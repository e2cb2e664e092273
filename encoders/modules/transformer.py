"""A Hugging Face transformer with its tokeniser: texts -> token embeddings."""
# ruff: noqa: ARG002, ARG003 -- signatures of Sentence Transformers

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from torch import Tensor
from torch.nn import functional

from .. import files
from ..adapter_folder import base_folder, name_for_adapters, tokenizer_folder
from ..backends import load_backbone, save_backbone
from ..errors import NotAModel
from ..peft_mixin import has_adapters
from ..renames import keywords
from .input_module import InputModule
from .module import Features
from .prepared import Prepared, pad, readable
from .transformer_parts import load_tokenizer, local_folder, sequence_limit, taken_from

if TYPE_CHECKING:
    from ..packing import PackedBatch

_INPUTS = ("input_ids", "attention_mask", "token_type_ids", "inputs_embeds")
# Older folders name the file after the family.
_CONFIG_FILES = (
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
)


class Transformer(InputModule):
    """Writes `token_embeddings` (and `all_layer_embeddings` where the configuration asks for hidden states)."""

    config_file_name: str = "sentence_bert_config.json"
    config_keys: ClassVar[list[str]] = ["max_seq_length", "do_lower_case"]
    task: ClassVar[str] = "feature-extraction"
    takes_prompt: ClassVar[bool] = False
    """Whether `tokenize` is told the prompt, which otherwise stands before each text already."""
    packs_tokens: bool = True
    """Whether batches run without padding where the model is one that can."""

    @keywords(
        newer={
            "model_kwargs": "model_args",
            "tokenizer_kwargs": "tokenizer_args",
            "processor_kwargs": "tokenizer_args",
            "config_kwargs": "config_args",
        }
    )
    def __init__(
        self,
        model_name_or_path: str,
        max_seq_length: int | None = None,
        model_args: dict[str, Any] | None = None,
        tokenizer_args: dict[str, Any] | None = None,
        config_args: dict[str, Any] | None = None,
        cache_dir: str | None = None,
        do_lower_case: bool = False,
        tokenizer_name_or_path: str | None = None,
        backend: str = "torch",
        transformer_task: str | None = None,
        processing_kwargs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if transformer_task is not None and type(self) is Transformer:
            # 6.x has one class for what are several in v5, and model folders name the class.
            self.__class__ = class_of_task(transformer_task)
        self.do_lower_case = do_lower_case
        self.backend = backend
        self.processing_kwargs = dict(processing_kwargs or {})
        model_args, tokenizer_args = dict(model_args or {}), dict(tokenizer_args or {})
        where = taken_from(model_args, cache_dir)
        folder = local_folder(model_name_or_path, where)
        base = base_folder(folder, where, backend)
        self.auto_model = load_backbone(base, self.task, backend, model_args, dict(config_args or {}))
        name_for_adapters(self.auto_model, base)
        if base != folder:
            self.auto_model.load_adapter(folder)
        source, its_place = tokenizer_folder(folder, base), taken_from(tokenizer_args, cache_dir)
        if tokenizer_name_or_path is not None:
            source = local_folder(tokenizer_name_or_path, its_place)
        self.tokenizer = load_tokenizer(source, tokenizer_args, max_seq_length)
        self.max_seq_length = sequence_limit(max_seq_length, self.auto_model.config, self.tokenizer)
        self.model_forward_params = set(inspect.signature(self.auto_model.forward).parameters) | set(_INPUTS)
        if tokenizer_name_or_path is not None:
            self.auto_model.config.tokenizer_class = type(self.tokenizer).__name__

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Run the transformer on one batch; over packed tokens where that gives the same numbers."""
        packed = self.packed(features, kwargs)
        if packed is not None:
            features["token_embeddings"] = packed.token_embeddings(features["attention_mask"])
            return features
        outputs = self.auto_model(**self.model_inputs(features, kwargs), return_dict=True)
        features["token_embeddings"] = outputs[0]
        if has_adapters(self.auto_model):
            features["attention_mask"] = _with_virtual_tokens(features["attention_mask"], outputs[0].size(1))
        if self.auto_model.config.output_hidden_states and "hidden_states" in outputs:
            features["all_layer_embeddings"] = outputs["hidden_states"]
        return features

    def packed(self, features: Features, kwargs: Mapping[str, Any]) -> "PackedBatch | None":
        """The batch without padding; None where this transformer cannot run so, or `packs_tokens` is off."""
        if not self.packs_tokens or self.backend != "torch":
            return None
        from ..packing import packed_batch

        return packed_batch(self.auto_model, features, self.model_inputs(features, kwargs))

    def model_inputs(self, features: Features, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """What of the features, and of the keywords, the transformer takes."""
        inputs = {name: features[name] for name in _INPUTS if name in features and name in self.model_forward_params}
        return inputs | {name: value for name, value in kwargs.items() if name in self.model_forward_params}

    def tokenize(self, texts: Sequence[Any], padding: str | bool = True, **kwargs: Any) -> Features:
        """Token ids of texts, pairs of texts, or {name: text} inputs, padded to the longest."""
        features, arguments = self._tokenizer_arguments(texts)
        tokens = self.tokenizer(*arguments, padding=padding, return_tensors="pt", **self._truncation())
        return features | dict(tokens)

    def prepare(self, texts: Sequence[Any], **kwargs: Any) -> Prepared:
        """Tokenise all texts once, without padding."""
        features, arguments = self._tokenizer_arguments(texts)
        tokens = self.tokenizer(*arguments, padding=False, **self._truncation())
        encodings = {name: tokens[name] for name in tokens}

        def batch(rows: Sequence[int], length: int) -> Features:
            per_row = {name: [values[row] for row in rows] for name, values in features.items()}
            return per_row | pad(self.tokenizer, encodings, rows, length)

        cut = sum(bool(encoding.overflowing) for encoding in tokens.encodings or ())
        return Prepared([len(ids) for ids in encodings["input_ids"]], batch, cut)

    def _truncation(self) -> dict[str, Any]:
        return {"truncation": "longest_first", "max_length": self.max_seq_length}

    def _tokenizer_arguments(self, texts: Sequence[Any]) -> tuple[Features, list[list[str]]]:
        features: Features = {}
        if len(texts) and isinstance(texts[0], Mapping):
            features["text_keys"] = [next(iter(text)) for text in texts]
            texts = [next(iter(text.values())) for text in texts]
        if texts and isinstance(texts[0], (list, tuple)):
            return features, [[self._clean(pair[side]) for pair in texts] for side in (0, 1)]
        return features, [[self._clean(text) for text in texts]]

    def _clean(self, text: Any) -> str:
        stripped = readable(text).strip()
        return stripped.lower() if self.do_lower_case else stripped

    @property
    def model(self) -> Any:
        """The name that the transformers model has in 6.x."""
        return self.auto_model

    def get_word_embedding_dimension(self) -> int:
        """The width of the token embeddings."""
        config = self.auto_model.config
        width: int = (config.get_text_config() if hasattr(config, "get_text_config") else config).hidden_size
        return width

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write transformer, tokeniser and our own configuration side by side."""
        self.save_weights(output_path, safe_serialization=safe_serialization)
        self.save_config(output_path)

    def save_weights(self, output_path: str, *, safe_serialization: bool = True) -> None:
        """Write a plain transformers folder."""
        save_backbone(self.auto_model, output_path, safe_serialization)
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
        trust_remote_code: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        tokenizer_kwargs: dict[str, Any] | None = None,
        config_kwargs: dict[str, Any] | None = None,
        backend: str = "torch",
        **kwargs: Any,
    ) -> Self:
        """Build it from a saved folder; the keyword dictionaries win over what was saved."""
        where = files.Where(token, cache_folder, revision, local_files_only)
        saved = cls._saved_config(model_name_or_path, subfolder, where)
        trusted = {"trust_remote_code": True} if trust_remote_code else {}
        overrides = {"model_args": model_kwargs, "tokenizer_args": tokenizer_kwargs, "config_args": config_kwargs}
        for name, given in overrides.items():
            saved[name] = {**saved.get(name, {}), **trusted, **(given or {})}
        # An adapter's folder names another model, which is looked for in the same way.
        saved["model_args"] = {"token": token, "local_files_only": local_files_only, **saved["model_args"]}
        folder = files.find_folder(model_name_or_path, subfolder, where)
        stated = cls.load_config(model_name_or_path, subfolder, **where.keywords())
        later = {name: stated[name] for name in ("transformer_task", "processing_kwargs") if name in stated}
        return cls(folder or model_name_or_path, **saved, cache_dir=cache_folder, backend=backend, **later)

    @classmethod
    def _saved_config(cls, model: str, subfolder: str, where: files.Where) -> dict[str, Any]:
        for filename in _CONFIG_FILES:
            if config := cls.load_config(model, subfolder, filename, **where.keywords()):
                break
        for ours, names in _SAVED_NAMES.items():
            for name in names:
                if name in config:
                    config[ours] = config.pop(name)
            if isinstance(config.get(ours), dict):
                config[ours].pop("trust_remote_code", None)
        return {name: config[name] for name in (*cls.config_keys, *_SAVED_NAMES) if name in config}

    def __repr__(self) -> str:
        architecture = type(self.auto_model).__name__
        return f"{type(self).__name__}({self.get_config_dict() | {'architecture': architecture}})"


def _with_virtual_tokens(mask: Tensor, tokens: int) -> Tensor:
    """The mask of a batch in front of whose tokens PEFT has put learned ones, as its prompt tuning does."""
    return functional.pad(mask, (max(0, tokens - mask.size(1)), 0), value=1)


def class_of_task(task: str) -> type[Transformer]:
    """The module for a task by its name in 6.x."""
    from .causal_lm import CausalLanguageModel
    from .mlm_transformer import MLMTransformer
    from .sequence_classifier import SequenceClassifier

    known: dict[str, type[Transformer]] = {
        Transformer.task: Transformer,
        MLMTransformer.task: MLMTransformer,
        CausalLanguageModel.task: CausalLanguageModel,
        "sequence-classification": SequenceClassifier,
    }
    if task not in known:
        raise NotAModel(f"transformer_task is {task!r}, which cannot be run here; known are {', '.join(known)}")
    return known[task]


# How 6.x calls what v5 saves under our names.
_SAVED_NAMES = {
    "model_args": ("model_kwargs",),
    "tokenizer_args": ("processor_kwargs", "tokenizer_kwargs"),
    "config_args": ("config_kwargs",),
}
