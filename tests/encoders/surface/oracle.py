"""Results compared with those of the reference: the same container, type, shape and numbers."""

from typing import Any

import numpy as np
import torch

TOLERANCE = 1e-5


def assert_same(ours: Any, theirs: Any, tolerance: float = TOLERANCE) -> None:
    """Same kind of container, and numbers no further apart than `tolerance`."""
    if isinstance(theirs, dict):
        assert set(ours) == set(theirs)
        for key in theirs:
            assert_same(ours[key], theirs[key], tolerance)
        return
    if isinstance(theirs, (list, tuple)):
        assert isinstance(ours, type(theirs))
        assert len(ours) == len(theirs)
        for left, right in zip(ours, theirs, strict=True):
            assert_same(left, right, tolerance)
        return
    assert type(ours) is type(theirs)
    if isinstance(theirs, torch.Tensor):
        assert (ours.dtype, ours.layout, ours.shape) == (theirs.dtype, theirs.layout, theirs.shape)
        torch.testing.assert_close(ours.to_dense(), theirs.to_dense(), atol=tolerance, rtol=tolerance)
    elif isinstance(theirs, (np.ndarray, np.generic)):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_allclose(ours, theirs, atol=tolerance, rtol=tolerance)
    elif isinstance(theirs, float):
        assert abs(ours - theirs) <= tolerance * max(1.0, abs(theirs))
    else:
        assert ours == theirs
