"""Quality and speed of a live index, measured on judged queries; and the settings that suit them."""

from .collection import JudgedQueries, read_judged
from .live import LiveReport, ModeReport, check_measure, evaluate_live
from .significance import paired_p_value
from .tuning import Choice, Fusion, Reranking, ask_legs, choose_fusion, choose_reranking

__all__ = [
    "Choice",
    "Fusion",
    "JudgedQueries",
    "LiveReport",
    "ModeReport",
    "Reranking",
    "ask_legs",
    "check_measure",
    "choose_fusion",
    "choose_reranking",
    "evaluate_live",
    "paired_p_value",
    "read_judged",
]
