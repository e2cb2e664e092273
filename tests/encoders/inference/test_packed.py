"""Packed tokens: attention within each text, pooling, and the vocabulary in slices."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from outrider.encoders import EncoderError, open_model
from outrider.encoders.inference.packed import PackedTokens, attention, heads, pack
from outrider.encoders.inference.packed.attention import Reach, attend

CPU = torch.device("cpu")
LENGTHS = (9, 9, 4, 1, 30)


def packed(lengths: tuple[int, ...] = LENGTHS, *, left: bool = False) -> PackedTokens:
    longest = max(lengths)
    mask = torch.arange(longest) < torch.tensor(lengths)[:, None]
    mask = mask.flip(1) if left else mask
    ids = torch.arange(len(lengths) * longest).view(len(lengths), longest)
    return pack(ids, mask.long(), None, CPU)


def like_varlen_attn(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cu_seq_q: Tensor,
    cu_seq_k: Tensor,
    max_q: int,
    max_k: int,
    *,
    window_size: tuple[int, int],
) -> Tensor:
    """What torch documents of its kernel, one text and one head at a time."""
    assert max_q == int(cu_seq_q.diff().max())
    assert max_k == int(cu_seq_k.diff().max())
    assert cu_seq_q.dtype == cu_seq_k.dtype == torch.int32
    found = torch.empty_like(query)
    for text in range(len(cu_seq_k) - 1):
        asking, asked = (slice(int(each[text]), int(each[text + 1])) for each in (cu_seq_q, cu_seq_k))
        scores = torch.einsum("qhs,khs->hqk", query[asking], key[asked]) / query.shape[-1] ** 0.5
        distance = torch.arange(scores.shape[2])[None, :] - torch.arange(scores.shape[1])[:, None]
        for side, far in ((window_size[0], -distance), (window_size[1], distance)):
            scores = scores.masked_fill(far > side, -torch.inf) if side >= 0 else scores
        found[asking] = torch.einsum("hqk,khs->qhs", scores.softmax(-1), value[asked])
    return found


def test_padding_goes_on_whichever_side_it_is() -> None:
    for left in (False, True):
        tokens = packed((3, 1), left=left)
        assert tokens.ids.tolist() == ([0, 1, 2, 5] if left else [0, 1, 2, 3])
        assert tokens.places.tolist() == [0, 1, 2, 0]
        assert tokens.starts.tolist() == [0, 3, 4]
    assert [(run.count, run.length) for run in packed().runs()] == [(2, 9), (1, 4), (1, 1), (1, 30)]


@pytest.mark.parametrize("first_only", [False, True])
@pytest.mark.parametrize("reach", [Reach(), Reach(3)])
def test_the_kernel_for_gpus_is_asked_for_what_the_rectangles_give(
    monkeypatch: pytest.MonkeyPatch, reach: Reach, first_only: bool
) -> None:
    tokens = packed()
    query, key, value = (torch.randn(sum(LENGTHS), 2, 8) for _ in range(3))
    query = query[tokens.first] if first_only else query
    expected = attend(query, key, value, tokens, reach, first_only=first_only)
    monkeypatch.setattr(attention, "takes_varlen", lambda *_: True)
    monkeypatch.setattr(attention, "_varlen_kernel", lambda: like_varlen_attn)
    found = attend(query, key, value, tokens, reach, first_only=first_only)
    torch.testing.assert_close(found, expected)


def test_no_text_sees_another() -> None:
    tokens = packed()
    query, key, value = (torch.randn(sum(LENGTHS), 2, 8) for _ in range(3))
    before = attend(query, key, value, tokens, first_only=False)
    key[:9], value[:9] = 100.0, 100.0
    torch.testing.assert_close(attend(query, key, value, tokens, first_only=False)[9:], before[9:])


@pytest.mark.parametrize("logits_at_once", [1, 100, 1 << 24])
def test_the_vocabulary_in_slices_is_the_vocabulary_at_once(
    monkeypatch: pytest.MonkeyPatch, logits_at_once: int
) -> None:
    monkeypatch.setattr(heads, "_LOGITS", logits_at_once)
    tokens = packed()
    hidden, decoder, bias = torch.randn(sum(LENGTHS), 8), torch.randn(50, 8), torch.randn(50)
    logits = functional.linear(hidden, decoder, bias)
    expected = torch.stack([each.amax(0) for each in logits.split(LENGTHS)]).relu().log1p()
    torch.testing.assert_close(heads.splade(hidden, decoder, bias, tokens, "relu"), expected)
    torch.testing.assert_close(heads.splade(hidden, decoder, bias, tokens, "log1p_relu"), expected.log1p())


def test_the_maximum_of_gpus_is_that_of_rectangles() -> None:
    tokens = packed()
    logits = torch.randn(sum(LENGTHS), 50)
    torch.testing.assert_close(heads.largest_by_kernel(logits, tokens), heads.largest_by_length(logits, tokens))


@pytest.mark.parametrize("mode", heads.POOLINGS)
def test_each_pooling_reads_its_own_text(mode: str) -> None:
    tokens = packed()
    hidden = torch.randn(sum(LENGTHS), 6)
    read: Any = {
        "cls": lambda x: x[0],
        "lasttoken": lambda x: x[-1],
        "mean": lambda x: x.mean(0),
        "mean_sqrt_len": lambda x: x.sum(0) / len(x) ** 0.5,
        "max": lambda x: x.amax(0),
        "weightedmean": lambda x: (x * torch.arange(1, len(x) + 1)[:, None]).sum(0) / (len(x) * (len(x) + 1) / 2),
    }[mode]
    expected = torch.stack([read(each) for each in hidden.split(LENGTHS)])
    torch.testing.assert_close(heads.pooled(hidden, tokens, [mode]), expected)


def test_served_in_half_precision_it_is_as_close_as_fast_has_to_be(texts: list[str]) -> None:
    exact = open_model("all-MiniLM-L6-v2").encode_document(texts)
    model = open_model("all-MiniLM-L6-v2", backend="torch", precision="fast", device="cpu")
    assert model.executor.startswith("torch packed, ")
    cosines = (model.encode_document(texts) * exact).sum(axis=1)
    assert cosines.mean() >= 0.9999
    assert cosines.min() >= 0.999
    assert np.allclose(np.linalg.norm(model.encode_document(texts), axis=1), 1, atol=1e-6)


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(EncoderError, match="torch cannot use the device 'nowhere' here"):
        open_model("all-MiniLM-L6-v2", device="nowhere")
    with pytest.raises(ValueError, match="use backend='auto' or 'torch'"):
        open_model("all-MiniLM-L6-v2", backend="onnx", device="cuda")
