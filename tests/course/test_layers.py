"""Networks as plain data: what travels computes the same, and a stranger's description builds nothing but layers."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from course import layers, packet
from course.layers import Layer, LayerError, build, copy, describe, product, same
from course.packet import Opaque, PacketError

NETWORKS = {
    "linear": (nn.Linear(12, 5), (4, 12)),
    "linear without bias, float64": (nn.Linear(12, 5, bias=False).double(), (4, 12)),
    "convolutions": (
        nn.Sequential(nn.Conv2d(2, 3, (3, 2), padding=(0, 1)), nn.ConvTranspose2d(3, 2, 4, 2, 1)),
        (1, 2, 5, 6),
    ),
    "padding as a word": (nn.Conv2d(2, 3, 3, padding="same", padding_mode="reflect"), (1, 2, 5, 6)),
    "norm and dropout": (nn.Sequential(nn.BatchNorm2d(2), nn.Dropout(0.5), nn.ReLU(), nn.MaxPool2d(2)), (2, 2, 4, 6)),
    "classifier": (
        nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(8, 4), nn.Tanh()), nn.Softmax(dim=1)),
        (3, 2, 4),
    ),
    "a list": (nn.ModuleList([nn.Identity(), nn.AvgPool2d(2)]), None),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_travels_computes_the_same(name: str) -> None:
    network, shape = NETWORKS[name]
    for training in (True, False):
        network.train(training)
        back = packet.loads(packet.dumps([network]))[0]  # type: ignore[index]
        assert isinstance(back, nn.Module)
        assert (same(network, back), back.training, repr(back)) == (True, training, repr(network))
        assert packet.equal(network, back)
    if shape:
        network.eval()
        x = torch.rand(shape, dtype=next(network.parameters(), torch.zeros(0)).dtype)
        assert torch.equal(network(x), packet.loads(packet.dumps(network.eval()))(x))  # type: ignore[operator]


def test_a_copy_shares_no_memory_and_a_changed_weight_is_a_difference() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    copy = layers.copy(network)
    assert same(network, copy)
    with torch.no_grad():
        next(copy.parameters()).add_(1)
    assert not same(network, copy)
    assert not packet.equal(network, copy)


class _Own(nn.Linear):
    """A subclass that does something else under its parent's name."""

    def forward(self, x: Tensor) -> Tensor:
        return -super().forward(x)


class _Named(nn.Linear):
    """A subclass that adds a name and nothing else."""


def test_a_subclass_that_computes_the_same_is_its_parent() -> None:
    network = _Named(2, 3)
    back = packet.loads(packet.dumps(network))
    assert type(back) is nn.Linear
    assert same(network, back)


@pytest.mark.parametrize("network", [_Own(2, 2), nn.Sequential(nn.ReLU(), _Own(2, 2)), nn.LSTM(2, 2)])
def test_what_is_no_known_layer_does_not_travel(network: nn.Module) -> None:
    assert describe(network) is None
    assert isinstance(packet.loads(packet.dumps(network)), Opaque)


def test_arguments_that_mean_the_same_are_the_same() -> None:
    def arguments(**options: object) -> dict[str, object]:
        layer = describe(nn.Conv2d(1, 1, 3, **options))  # type: ignore[arg-type]
        assert layer is not None
        return layers.effective(layer)

    assert arguments(padding="valid") == arguments() == arguments(padding_mode="circular")
    assert arguments(padding="same") == arguments(padding=1) != arguments()
    assert arguments(padding=1) != arguments(padding=1, padding_mode="circular")


LINEAR = describe(nn.Linear(3, 2))
assert LINEAR is not None


@pytest.mark.parametrize(
    "layer",
    [
        replace(LINEAR, kind="os.system"),
        replace(LINEAR, kind="torch.nn.LSTM"),
        replace(LINEAR, arguments={**LINEAR.arguments, "in_features": 10**12}),
        replace(LINEAR, arguments={**LINEAR.arguments, "in_features": -1}),
        replace(LINEAR, arguments={**LINEAR.arguments, "device": "cuda"}),
        replace(LINEAR, arguments={}),
        replace(LINEAR, tensors={}),
        replace(LINEAR, tensors={**LINEAR.tensors, "extra": torch.zeros(1)}),
        replace(LINEAR, tensors={**LINEAR.tensors, "bias": torch.zeros(2, dtype=torch.int64)}),
        Layer("torch.nn.Conv2d", {"in_channels": 1, "out_channels": 1, "kernel_size": 3, "groups": 0}, {}),
        Layer("torch.nn.Sequential", {"modules": 3}, {}, (replace(LINEAR, tensors={}),)),
    ],
)
def test_a_description_that_fits_no_layer_is_refused_in_a_sentence(layer: Layer) -> None:
    with pytest.raises(LayerError, match=r"there is no layer|can be made of this|must have shape"):
        build(layer)


@pytest.mark.parametrize(
    "tree", [3, None, [], {"$": "dict", "items": []}, {"$": "dict", "items": [["kind", "torch.nn.ReLU"]]}]
)
def test_a_packet_with_a_broken_module_is_refused(tree: object) -> None:
    import json

    import safetensors.torch

    text = json.dumps({"$": "module", "layer": tree})
    with pytest.raises(PacketError):
        packet.loads(safetensors.torch.save({}, metadata={"tree": text}))


def test_a_huge_layer_takes_no_memory_before_it_is_refused() -> None:
    shape: dict[str, Tensor] = {"weight": torch.zeros(1), "bias": torch.zeros(1)}
    with pytest.raises(LayerError):
        build(Layer("torch.nn.Linear", {"in_features": 2**40, "out_features": 2**20, "bias": True}, shape))


def test_a_weight_laid_in_the_other_way_round_is_told_by_its_shape() -> None:
    linear = nn.Linear(3, 2)
    linear.weight = nn.Parameter(torch.zeros(3, 2))
    with pytest.raises(LayerError, match=r"weight of this Linear must have shape \(2, 3\), got \(3, 2\)"):
        copy(linear)


def test_the_product_is_that_of_linear_layers_in_a_row_and_of_nothing_else() -> None:
    first, second = nn.Linear(3, 2), nn.Linear(2, 4)

    def of(*parts: nn.Module) -> torch.Tensor | None:
        layer = describe(nn.Sequential(*parts))
        assert layer is not None
        return product(layer)

    together = of(first, second)
    assert together is not None
    assert torch.equal(together, second.weight @ first.weight)
    for parts in ((first, nn.ReLU(), second), (second, first), (first, second.double()), ()):
        assert of(*parts) is None
