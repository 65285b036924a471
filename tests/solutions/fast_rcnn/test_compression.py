"""Truncated SVD against numpy's singular values and the law of Eckart and Young: no matrix of that rank lies nearer."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from solutions.fast_rcnn import truncated_svd
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("repeatable")


@st.composite
def layers_and_ranks(draw: st.DrawFn) -> tuple[nn.Linear, int]:
    inputs, outputs = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    torch.manual_seed(draw(st.integers(0, 10_000)))
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    linear = nn.Linear(inputs, outputs, bias=draw(st.booleans()), dtype=dtype)
    return linear, draw(st.integers(1, min(inputs, outputs)))


def product(layers: nn.Sequential) -> Tensor:
    first, second = layers
    return (second.weight @ first.weight).detach()  # type: ignore[operator]


@given(layers_and_ranks())
def test_what_is_lost_is_what_the_dropped_singular_values_hold(drawn: tuple[nn.Linear, int]) -> None:
    linear, rank = drawn
    before = copy.deepcopy(linear.state_dict())
    layers = truncated_svd(linear, rank)
    first, second = layers
    assert type(layers) is nn.Sequential
    assert isinstance(first, nn.Linear)
    assert isinstance(second, nn.Linear)
    assert (first.in_features, first.out_features, first.bias) == (linear.in_features, rank, None)
    assert (second.in_features, second.out_features) == (rank, linear.out_features)
    assert first.weight.dtype == second.weight.dtype == linear.weight.dtype
    strengths = np.linalg.svd(linear.weight.detach().double().numpy(), compute_uv=False)
    lost = (product(layers) - linear.weight).detach().double().square().sum().sqrt().item()
    assert lost == pytest.approx(np.sqrt((strengths[rank:] ** 2).sum()), abs=1e-5)
    if linear.bias is None:
        assert second.bias is None
    else:
        assert torch.equal(second.bias, linear.bias)
        assert second.bias is not linear.bias
    assert all(torch.equal(before[name], tensor) for name, tensor in linear.state_dict().items())


@given(layers_and_ranks())
def test_the_full_rank_loses_nothing(drawn: tuple[nn.Linear, int]) -> None:
    linear, _ = drawn
    layers = truncated_svd(linear, min(linear.in_features, linear.out_features))
    x = torch.randn(3, linear.in_features, dtype=linear.weight.dtype)
    torch.testing.assert_close(layers(x), linear(x), atol=1e-5, rtol=1e-5)


def test_a_diagonal_matrix_keeps_its_largest_numbers() -> None:
    linear = nn.Linear(3, 3, bias=False)
    linear.weight = nn.Parameter(torch.diag(torch.tensor([1.0, -5.0, 3.0])))
    torch.testing.assert_close(product(truncated_svd(linear, 2)), torch.diag(torch.tensor([0.0, -5.0, 3.0])))


def test_the_layers_can_be_trained_on() -> None:
    layers = truncated_svd(nn.Linear(4, 6), 2)
    layers(torch.randn(5, 4)).sum().backward()
    assert all(parameter.requires_grad and parameter.grad is not None for parameter in layers.parameters())


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((nn.Conv2d(2, 3, 1), 1), TypeError, ("linear", "nn.Linear", "Conv2d")),
        ((nn.Linear(2, 3), 1.5), TypeError, ("rank", "1.5")),
        ((nn.Linear(2, 3), 0), ValueError, ("rank", "at least 1")),
        ((nn.Linear(2, 3), 3), ValueError, ("rank", "at most 2", "2 inputs", "3 outputs", "got 3")),
    ],
)
def test_an_error_names_what_is_wrong(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: truncated_svd(*arguments))  # type: ignore[arg-type]
