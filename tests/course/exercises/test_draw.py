"""Draws keep their promises for every seed."""

import numpy as np
import pytest
import torch

from course.exercises.draw import (
    different,
    distinct,
    sliced,
    thirds,
    transposed,
    with_largest_at,
    with_near_ties,
    with_ties,
)

SEEDS = range(50)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_different_numbers_differ_and_stay_within_their_bounds() -> None:
    seen = [different(rng(seed), 2, 4, 3) for seed in SEEDS]
    assert all(sorted(numbers) == [2, 3, 4] for numbers in seen)
    assert {different(rng(seed), 1, 2) for seed in SEEDS} == {(1, 2), (2, 1)}
    with pytest.raises(ValueError, match="larger sample"):
        different(rng(0), 1, 2, 3)


def test_distinct_values_have_distinct_magnitudes_and_are_never_zero() -> None:
    for seed in SEEDS:
        x = distinct(rng(seed), (2, 3, 4))
        assert x.abs().unique().numel() == 24
        assert x.all()
        assert (x > 0).sum() == (x < 0).sum() == 12


def test_signs_steps_and_dtypes() -> None:
    assert (distinct(rng(0), (5,), sign="positive") > 0).all()
    assert (distinct(rng(0), (5,), sign="negative") < 0).all()
    assert sorted(distinct(rng(0), (3,), sign="positive", step=0.25).tolist()) == [0.25, 0.5, 0.75]
    assert distinct(rng(0), (3,), dtype=torch.float64).dtype == torch.float64
    assert distinct(rng(0), (0, 3)).shape == (0, 3)


def test_float32_cannot_hold_thirds() -> None:
    x = thirds(rng(0), (2, 6))
    assert x.dtype == torch.float64
    assert (x.float().double() != x).sum() >= 6


def test_the_largest_value_stands_where_it_was_asked_for_and_no_value_is_lost() -> None:
    for seed in SEEDS:
        x = distinct(rng(seed), (2, 3, 4, 5))
        moved = with_largest_at(x, 2, 3)
        assert (moved.flatten(2).argmax(2) == 2 * 5 + 3).all()
        assert torch.equal(moved.flatten(2).sort().values, x.flatten(2).sort().values)


def blocks(x: torch.Tensor) -> torch.Tensor:
    return x.unfold(2, 2, 2).unfold(3, 2, 2).flatten(-2)


def test_every_block_of_a_map_with_ties_has_one() -> None:
    for seed in SEEDS:
        x = blocks(with_ties(rng(seed), 1, 1, 2, 3))
        largest = x == x.amax(-1, keepdim=True)
        assert (largest.sum(-1) >= 2).all()
        patterns = {tuple(block.tolist()) for block in largest.reshape(-1, 4)}
        assert (False, True, True, False) in patterns  # row-major and column-major order differ here
        assert (True, True, True, True) in patterns


def test_near_ties_are_ties_in_float32_only_and_the_earlier_is_the_smaller() -> None:
    for seed in SEEDS:
        x = blocks(with_near_ties(rng(seed), 1, 2, 2, 3))
        assert ((x == x.amax(-1, keepdim=True)).sum(-1) == 1).all()
        single = x.float()
        assert ((single == single.amax(-1, keepdim=True)).sum(-1) >= 2).all()
        assert (single.argmax(-1) < x.argmax(-1)).all()


def test_layouts_keep_the_values() -> None:
    x = distinct(rng(0), (2, 3, 4, 5))
    for view in (transposed(x), sliced(x)):
        assert torch.equal(view, x)
        assert not view.is_contiguous()
    with pytest.raises(RuntimeError):
        transposed(x).view(-1)
    assert torch.equal(sliced(torch.ones(2, 2, dtype=torch.int64)), torch.ones(2, 2, dtype=torch.int64))
