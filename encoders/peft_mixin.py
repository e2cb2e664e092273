"""PEFT adapters on the transformers model inside an encoder."""

from typing import Any

from .errors import MissingExtra


def require_peft() -> None:
    """Raise MissingExtra without peft."""
    from transformers.utils.import_utils import is_peft_available

    if not is_peft_available():
        raise MissingExtra("adapters are loaded by PEFT: pip install peft")


def has_adapters(model: Any) -> bool:
    """Whether a transformers model, or PEFT's wrapper of one, has any adapter, in use or not."""
    return hasattr(model, "peft_config")


class PeftAdapterMixin:
    """Hands adapter calls to the transformers model; raises ValueError where the encoder has none."""

    transformers_model: Any

    def has_peft_compatible_model(self) -> bool:
        """Whether there is a transformers model that takes adapters."""
        return hasattr(self.transformers_model, "load_adapter")

    def check_peft_compatible_model(self) -> None:
        """Raise ValueError without such a model, and MissingExtra without peft."""
        if not self.has_peft_compatible_model():
            raise ValueError("adapters need a model with a transformers backbone (on torch), which this one has not")
        require_peft()

    def _adapted(self) -> Any:
        self.check_peft_compatible_model()
        return self.transformers_model

    def load_adapter(self, *args: Any, **kwargs: Any) -> None:
        """Load an adapter by folder or hub id."""
        self._adapted().load_adapter(*args, **kwargs)

    def add_adapter(self, *args: Any, **kwargs: Any) -> None:
        """Put a fresh adapter with this configuration in, for training."""
        self._adapted().add_adapter(*args, **kwargs)

    def set_adapter(self, *args: Any, **kwargs: Any) -> None:
        """Use this adapter and no other."""
        self._adapted().set_adapter(*args, **kwargs)

    def disable_adapters(self) -> None:
        """Use the bare model."""
        self._adapted().disable_adapters()

    def enable_adapters(self) -> None:
        """Use the adapters again."""
        self._adapted().enable_adapters()

    def active_adapters(self) -> list[str]:
        """The adapters in use."""
        names: list[str] = self._adapted().active_adapters()
        return names

    def active_adapter(self) -> str:
        """The first adapter in use."""
        return self.active_adapters()[0]

    def get_adapter_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The weights of an adapter."""
        weights: dict[str, Any] = self._adapted().get_adapter_state_dict(*args, **kwargs)
        return weights

    def delete_adapter(self, *args: Any, **kwargs: Any) -> None:
        """Remove adapters; with the last one the model is what it was without any."""
        model = self._adapted()
        model.delete_adapter(*args, **kwargs)
        if not has_adapters(model):
            _unwrap(model)


def _unwrap(model: Any) -> None:
    """Put the layers back that stood in the places of PEFT's, which would save under other names."""
    from peft.tuners.tuners_utils import BaseTunerLayer
    from peft.utils import ModulesToSaveWrapper

    for name, module in list(model.named_modules()):
        if isinstance(module, BaseTunerLayer):
            model.set_submodule(name, module.get_base_layer())
        elif isinstance(module, ModulesToSaveWrapper):
            model.set_submodule(name, module.original_module)
