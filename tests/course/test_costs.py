"""What a network costs, by numbers that a pencil gives."""

import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.costs import (
    compare_costs,
    count_activation_bytes,
    count_multiply_adds,
    count_parameters,
    forward_seconds,
    measure_costs,
)


def small() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 2, 1))


def test_costs_of_two_convolutions_are_those_of_a_pencil() -> None:
    costs = measure_costs(small(), size=(5, 6))
    assert costs.parameters == (3 * 4 * 9 + 4) + (4 * 2 + 2)
    assert costs.multiply_adds == 30 * (3 * 4 * 9) + 30 * (4 * 2)  # 30 places, a filter at each
    # The first convolution keeps the image; the ReLU and the second convolution keep the same map, once.
    assert costs.activation_bytes == 4 * 30 * (3 + 4)
    assert costs.seconds > 0


def test_pooling_keeps_its_input_and_eight_bytes_for_each_index() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.MaxPool2d(2))
    image = torch.rand(1, 1, 4, 6)
    assert count_activation_bytes(network, image) == 4 * 24 + 4 * 2 * 24 + 8 * 2 * 6


def test_batch_norm_keeps_what_it_normalises_and_no_buffer_of_its_own() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.BatchNorm2d(2), nn.ReLU())
    image = torch.rand(1, 1, 3, 3)
    assert count_activation_bytes(network, image) == 4 * 9 * (1 + 2 + 2)  # image, before and after


def test_memory_grows_with_the_batch_and_the_dtype() -> None:
    image = torch.rand(1, 3, 8, 8)
    one = count_activation_bytes(small(), image)
    assert count_activation_bytes(small(), image.expand(4, -1, -1, -1).contiguous()) == 4 * one
    assert count_activation_bytes(small().double(), image.double()) == 2 * one


def test_a_strided_and_a_transposed_convolution_multiply_alike() -> None:
    """Up or down, each of the 4 × 4 small places meets each weight once."""
    down, up = nn.Conv2d(3, 5, 2, stride=2), nn.ConvTranspose2d(5, 3, 2, stride=2)
    assert count_multiply_adds(down, torch.rand(1, 3, 8, 8)) == 16 * 3 * 5 * 4
    assert count_multiply_adds(up, torch.rand(1, 5, 4, 4)) == 16 * 3 * 5 * 4


def test_a_linear_layer_multiplies_every_input_with_every_weight() -> None:
    assert count_multiply_adds(nn.Linear(7, 3), torch.rand(2, 7)) == 2 * 7 * 3


def test_functions_are_measured_like_networks() -> None:
    weight = torch.rand(2, 3, 3, 3)

    def convolve(images: Tensor) -> Tensor:
        return F.conv2d(images, weight)

    images = torch.rand(1, 3, 4, 4)
    assert count_multiply_adds(convolve, images) == 4 * 2 * 27
    assert forward_seconds(convolve, images, repeats=1) > 0


def test_a_shared_layer_counts_once_and_a_frozen_one_not_at_all() -> None:
    layer = nn.Linear(2, 2)
    assert count_parameters(nn.Sequential(layer, layer)) == 6
    layer.requires_grad_(False)
    assert count_parameters(nn.Sequential(layer, nn.Linear(2, 1))) == 3


def test_measuring_changes_neither_the_mode_nor_what_batch_norm_has_seen() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    measure_costs(network, size=(1, 1), repeats=1)
    assert network.training
    assert network[1].training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    measure_costs(network.eval(), size=(2, 2), repeats=1)
    assert not network.training


SCORES = {"one": {"sky": 0.5, "cow": 0.25, "mean": 0.375}, "two": {"mean": 1.0, "sky": 1.0}}


def test_table_has_a_column_a_network_and_its_units() -> None:
    models = {"one": small(), "two": nn.Conv2d(3, 1000, 3), "three": nn.Conv2d(3, 2, 1)}
    lines = str(compare_costs(models, (8, 8), SCORES, repeats=1)).splitlines()
    rows = {line[:25].strip(): line[25:].split() for line in lines}
    assert rows["one image of 8 × 8 pixels"] == ["one", "two", "three"]
    assert rows["parameters"] == ["0.12", "k", "28", "k", "0.008", "k"]
    assert rows["multiply–adds"] == ["7.42", "k", "972", "k", "0.38", "k"]
    assert rows["memory to train"] == ["1.79", "kB", "0.77", "kB", "0.77", "kB"]
    assert rows["mean IoU"] == ["0.38", "1.00", "–"]
    assert rows["IoU of cow"] == ["0.25", "–", "–"]
    assert list(rows)[-3:] == ["mean IoU", "IoU of sky", "IoU of cow"]
    assert len({len(line) for line in lines}) == 1


def test_table_in_a_notebook_says_the_same_and_escapes_names() -> None:
    table = compare_costs({"<b>": small()}, (8, 8), {"<b>": {"mean": 0.5}}, repeats=1)
    page = table._repr_html_()
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "style" not in page  # colours are the notebook's own, light or dark
    assert page.count("<tr>") == len(str(table).splitlines())


def test_scores_of_an_unknown_network_are_refused() -> None:
    with pytest.raises(ValueError, match="scores are of SegNet, and the networks are one"):
        compare_costs({"one": small()}, (8, 8), {"SegNet": {"mean": 0.5}})


def test_no_repeat_is_refused() -> None:
    with pytest.raises(ValueError, match="repeats must be at least 1, got 0"):
        forward_seconds(small(), torch.rand(1, 3, 4, 4), repeats=0)


@pytest.mark.parametrize("module", ["course.costs", "course.segmentation"])
def test_module_starts_without_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules or 'torchmetrics' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
