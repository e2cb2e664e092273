"""Quality and speed of a live index, measured on judged queries."""

from .collection import JudgedQueries, read_judged
from .live import LiveReport, ModeReport, evaluate_live
from .significance import paired_p_value

__all__ = ["JudgedQueries", "LiveReport", "ModeReport", "evaluate_live", "paired_p_value", "read_judged"]
