"""Vectors for the documents that a cluster already has."""

from .follower import Follower, Origin
from .run import Progress, backfill
from .spec import Outlook, fresh_spec_in_place, outlook, spec_in_place
from .target import make_target

__all__ = [
    "Follower",
    "Origin",
    "Outlook",
    "Progress",
    "make_target",
    "backfill",
    "fresh_spec_in_place",
    "outlook",
    "spec_in_place",
]
