"""Texts and images in one space."""
# ruff: noqa: ARG002, ARG003 -- signatures of Sentence Transformers

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor

from .. import files
from ..renames import keywords
from .input_module import InputModule
from .module import Features
from .prepared import readable
from .transformer_parts import local_folder


class CLIPModel(InputModule):
    """Wraps transformers' CLIP; inputs may be texts and PIL images, mixed in any order."""

    save_in_root: bool = False

    @keywords(newer={"model_name_or_path": "model_name"})
    def __init__(self, model_name: str = "openai/clip-vit-base-patch32", processor_name: str | None = None) -> None:
        import transformers

        super().__init__()
        folder = local_folder(model_name)
        self.model: Any = transformers.CLIPModel.from_pretrained(folder)
        self.processor: Any = transformers.CLIPProcessor.from_pretrained(processor_name or folder)

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Embed the images and the texts of one batch, in the order of the inputs."""
        images = texts = iter(())
        if "pixel_values" in features:
            pooled = self.model.vision_model(pixel_values=features["pixel_values"]).pooler_output
            images = iter(self.model.visual_projection(pooled))
        if "input_ids" in features:
            mask = features.get("attention_mask")
            pooled = self.model.text_model(input_ids=features["input_ids"], attention_mask=mask).pooler_output
            texts = iter(self.model.text_projection(pooled))
        rows: list[Tensor] = [next(images if kind == 0 else texts) for kind in features["image_text_info"]]
        features["sentence_embedding"] = torch.stack(rows).float()
        return features

    def tokenize(self, texts: Sequence[Any], padding: str | bool = True, **kwargs: Any) -> Features:
        """Token ids of the texts, pixels of the images, and which input is which (0 image, 1 text)."""
        words = [readable(item) for item in texts if isinstance(item, str)]
        images = [item for item in texts if not isinstance(item, str)]
        features: Features = {}
        if words:
            features.update(self.processor.tokenizer(words, padding=padding, truncation=True, return_tensors="pt"))
        if images:
            features["pixel_values"] = self.processor.image_processor(images, return_tensors="pt")["pixel_values"]
        features["image_text_info"] = [1 if isinstance(item, str) else 0 for item in texts]
        return dict(features)

    @property
    def tokenizer(self) -> Any:
        """The processor's tokeniser."""
        return self.processor.tokenizer

    @tokenizer.setter
    def tokenizer(self, value: Any) -> None:
        self.processor.tokenizer = value

    @property
    def max_seq_length(self) -> Any:
        """Texts are cut after this many tokens."""
        return self.processor.tokenizer.model_max_length

    @max_seq_length.setter
    def max_seq_length(self, value: Any) -> None:
        self.processor.tokenizer.model_max_length = value

    def get_sentence_embedding_dimension(self) -> int:
        """The width of the common space."""
        width: int = self.model.config.projection_dim
        return width

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write model and processor."""
        self.model.save_pretrained(output_path)
        self.processor.save_pretrained(output_path)

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
        """From a saved folder."""
        where = files.Where(token, cache_folder, revision, local_files_only)
        return cls(files.find_folder(model_name_or_path, subfolder, where) or model_name_or_path)
