"""ONNX graphs built straight from a model's config.json and safetensors, so that serving a model needs no torch."""

from .build import BUILDER_VERSION, build_graph, can_build

__all__ = ["BUILDER_VERSION", "build_graph", "can_build"]
