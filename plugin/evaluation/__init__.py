"""Quality and speed of a live index, measured on judged queries; and the settings that suit them."""

from .choice import Choice
from .collection import JudgedQueries, read_judged
from .live import LiveReport, ModeReport, Way, check_measure, evaluate_live, ways_of
from .plot import check_plot, draw_front
from .significance import paired_p_value
from .tuning import (
    ask_legs,
    ask_prunings,
    choose_fusion,
    choose_pruning,
    choose_reranking,
    choose_window,
    depth_of,
    prunings,
)

__all__ = [
    "Choice",
    "JudgedQueries",
    "LiveReport",
    "ModeReport",
    "Way",
    "ask_legs",
    "ask_prunings",
    "check_measure",
    "check_plot",
    "choose_fusion",
    "choose_pruning",
    "choose_reranking",
    "choose_window",
    "depth_of",
    "draw_front",
    "evaluate_live",
    "paired_p_value",
    "prunings",
    "read_judged",
    "ways_of",
]
