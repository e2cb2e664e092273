"""The first module of a model: it also turns texts into features."""

from abc import abstractmethod
from typing import Any

from .module import Features, Module


class InputModule(Module):
    """A module that tokenises. `tokenizer` holds whatever does it."""

    save_in_root: bool = True
    tokenizer: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # A module written for 6.x has only `preprocess`.
        if "preprocess" in vars(cls) and "tokenize" not in vars(cls):
            setattr(cls, "tokenize", cls.preprocess)  # noqa: B010 -- mypy minds the plain assignment

    @abstractmethod
    def tokenize(self, texts: list[Any], **kwargs: Any) -> Features:
        """Features of one batch, padded to the same length."""

    def preprocess(self, inputs: list[Any], **kwargs: Any) -> Features:
        """Another name of tokenize."""
        return self.tokenize(inputs, **kwargs)

    def save_tokenizer(self, output_path: str, **kwargs: Any) -> None:
        """Write the tokenizer's files."""
        if hasattr(self.tokenizer, "save_pretrained"):
            self.tokenizer.save_pretrained(output_path, **kwargs)
        else:
            self.tokenizer.save(output_path, **kwargs)
