"""The modules of sparse models, under the name that user code imports them by."""

from ..lazy import on_first_use
from ..modules import MODULES

_NAMES = ("MLMTransformer", "SparseAutoEncoder", "SparseStaticEmbedding", "SpladePooling")

__getattr__, __dir__ = on_first_use(__name__, {name: f"..modules.{MODULES[name]}" for name in _NAMES})
