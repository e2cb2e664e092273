"""Quality and speed of a live index, measured on judged queries; and the settings that suit them."""

from .collection import JudgedQueries, read_judged
from .live import LiveReport, ModeReport, check_measure, evaluate_live
from .plot import check_plot, draw_front
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
    "check_plot",
    "choose_fusion",
    "choose_reranking",
    "draw_front",
    "evaluate_live",
    "paired_p_value",
    "read_judged",
]
