"""Vectors for the documents that a cluster already has."""

from .run import backfill
from .spec import Outlook, fresh_spec_in_place, outlook, spec_in_place

__all__ = ["Outlook", "backfill", "fresh_spec_in_place", "outlook", "spec_in_place"]
