"""Vectors for the documents that a cluster already has."""

from .pending import Completed, complete, complete_some
from .run import backfill
from .spec import Outlook, outlook, spec_in_place

__all__ = ["Completed", "Outlook", "backfill", "complete", "complete_some", "outlook", "spec_in_place"]
