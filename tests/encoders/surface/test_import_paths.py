"""Code that imports from Sentence Transformers v5 runs after one change: the root of the import."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
import warnings
from types import ModuleType

import pytest
import sentence_transformers

from outrider.encoders.old_paths import OLD_PATHS

# What the reference's modules have for their own use.
INNER_MODULES = {"backend.utils", "model_card_templates"}
INNER_NAMES = {
    "CachedLossDecorator",
    "EvaluatorCallback",
    "FitMixinLoss",
    "ForwardDecorator",
    "OriginalCallback",
    "RandContext",
    "SaveModelCallback",
    "TiedTranspose",
    "TransformerDecorator",
    "format_log",
    "get_losses",
    "get_versions",
    "normalized_mean_squared_error",
    "peft_wrapper",
    "shrink",
}


def _paths() -> list[str]:
    found = pkgutil.walk_packages(sentence_transformers.__path__, "sentence_transformers.")
    return [module.name.removeprefix("sentence_transformers.") for module in found]


def _own_names(module: ModuleType) -> list[str]:
    """The classes and functions that are written in the module."""
    return [
        name
        for name, value in vars(module).items()
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == module.__name__
        if not name.startswith("_")
    ]


@pytest.mark.parametrize("path", sorted(set(_paths()) - INNER_MODULES))
def test_every_module_of_version_5_has_its_names_here(path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        theirs = importlib.import_module(f"sentence_transformers.{path}")
        ours = importlib.import_module(f"outrider.encoders.{path}")
        assert [name for name in _own_names(theirs) if name not in INNER_NAMES and not hasattr(ours, name)] == []


def test_no_path_is_made_up() -> None:
    assert set(OLD_PATHS) <= set(_paths())


STATEMENTS = """
import outrider.encoders.losses.CoSENTLoss
from importlib import import_module
from outrider.encoders import SentenceTransformer, losses, models, util
from outrider.encoders.SentenceTransformer import SentenceTransformer as again
from outrider.encoders.backend.load import load_onnx_model
from outrider.encoders.losses.CoSENTLoss import CoSENTLoss
from outrider.encoders.models.Pooling import Pooling
from outrider.encoders.losses import *

module = import_module("outrider.encoders.losses.CoSENTLoss")
assert (again, module.CoSENTLoss, models.Pooling) == (SentenceTransformer, CoSENTLoss, Pooling)
assert losses.CoSENTLoss is CoSENTLoss, "the class, not the module of its name"
assert MatryoshkaLoss is losses.MatryoshkaLoss
assert util.similarity.cos_sim is util.cos_sim
try:
    module.Nothing
except AttributeError as err:
    assert "no attribute 'Nothing'" in str(err)
else:
    raise AssertionError("a name that is nowhere")
"""


def test_import_statements_mean_what_they_say() -> None:
    subprocess.run([sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", STATEMENTS], check=True)
