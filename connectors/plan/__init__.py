"""An index brought to what a file declares: what would change, done, and taken away again."""

from .apply import apply
from .changes import Change
from .destroy import Leftovers, destroy, leftovers
from .plan import Plan, make_plan

__all__ = ["Change", "Leftovers", "Plan", "apply", "destroy", "leftovers", "make_plan"]
