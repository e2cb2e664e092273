"""A module with weights: what it is made of in its configuration, its tensors beside that."""
# ruff: noqa: ARG002, ARG003 -- signatures of Sentence Transformers

from typing import Any, Self

from .. import files
from .module import Module
from .weights import load_into


class WeightedModule(Module):
    """Its constructor takes what `config_keys` names."""

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write configuration and weights."""
        self.save_config(output_path)
        self.save_torch_weights(output_path, safe_serialization=safe_serialization)

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
        **kwargs: Any,
    ) -> Self:
        """Configuration and weights."""
        where = files.Where(token, cache_folder, revision, local_files_only)
        config = cls.load_config(model_name_or_path, subfolder, **where.keywords())
        module = cls(**cls.arguments_of(config, trusted=trust_remote_code))
        load_into(module, model_name_or_path, subfolder, where)
        return module

    @classmethod
    def arguments_of(cls, config: dict[str, Any], *, trusted: bool) -> dict[str, Any]:
        """The constructor's arguments as the saved configuration has them; only trusted code is imported for them."""
        return config
