"""Vectors for the documents that a cluster already has."""

from .run import backfill
from .spec import Outlook, outlook, spec_in_place

__all__ = ["Outlook", "backfill", "outlook", "spec_in_place"]
