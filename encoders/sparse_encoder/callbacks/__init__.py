"""Callbacks of sparse training, under their usual import path."""

from ...training.splade_schedule import SchedulerType, SpladeRegularizerWeightSchedulerCallback

__all__ = ["SchedulerType", "SpladeRegularizerWeightSchedulerCallback"]
