"""Vectors for the documents that a cluster already has."""

from .follower import Follower, Origin
from .pending import Completed, complete, complete_some
from .run import Progress, backfill
from .slices import PageDone, Slice, work
from .spec import Outlook, fresh_spec_in_place, outlook, spec_in_place, spec_in_place_from
from .target import make_target

__all__ = [
    "Completed",
    "Follower",
    "Origin",
    "Outlook",
    "PageDone",
    "Progress",
    "Slice",
    "backfill",
    "complete",
    "complete_some",
    "fresh_spec_in_place",
    "make_target",
    "outlook",
    "spec_in_place",
    "spec_in_place_from",
    "work",
]
