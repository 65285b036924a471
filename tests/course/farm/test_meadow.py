"""The meadow with a fence: its wires are one pixel thin, and a generator's scenes are always the same."""

import numpy as np
import torch

from course.farm.meadow import MEADOW_CLASSES, draw_meadow


def test_a_scene_is_an_image_and_a_label_for_each_pixel() -> None:
    image, labels = draw_meadow(np.random.default_rng(0), size=40)
    assert image.shape == (3, 40, 40)
    assert image.dtype == torch.float32
    assert 0 <= image.min() <= image.max() <= 1
    assert labels.shape == (40, 40)
    assert labels.dtype == torch.int64
    assert set(labels.unique().tolist()) == set(range(len(MEADOW_CLASSES)))


def test_a_wire_is_one_pixel_wide_in_each_row_and_brighter_than_the_meadow() -> None:
    for seed in range(20):
        image, labels = draw_meadow(np.random.default_rng(seed))
        wires = labels == 2
        assert not (wires[:, 1:] & wires[:, :-1]).any()
        assert image[:, wires].mean() > image[:, labels == 0].mean() + 0.2


def test_the_same_generator_draws_the_same_scenes_and_then_others() -> None:
    one, other = np.random.default_rng(7), np.random.default_rng(7)
    first = draw_meadow(one)
    assert torch.equal(first[0], draw_meadow(other)[0])
    assert not torch.equal(first[0], draw_meadow(one)[0])
