"""Training for search teams: one spec in, a model, its report and a way into the sidecar out. Imports nothing heavy."""

from .report import Report, as_dict, as_markdown, write_report
from .run import plan, train
from .spec import TrainSpec, read_spec

__all__ = ["Report", "TrainSpec", "as_dict", "as_markdown", "plan", "read_spec", "train", "write_report"]
