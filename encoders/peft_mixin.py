"""Adapters, under their usual import path."""

from .adapters import Adapters as PeftAdapterMixin

__all__ = ["PeftAdapterMixin"]
