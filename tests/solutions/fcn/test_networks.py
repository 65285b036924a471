"""Networks keep any image size, down and up again; what their layers' outputs weigh is counted by hand and by hooks."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from solutions.fcn import EncoderDecoderFCN, FullResolutionFCN, activation_bytes, encoder_decoder
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=150)
settings.load_profile("repeatable")

Network = Callable[[], nn.Module]
networks = pytest.mark.parametrize(
    "build",
    [lambda: EncoderDecoderFCN(5, width=4), lambda: FullResolutionFCN(5, width=4, blocks=2)],
    ids=["encoder-decoder", "full-resolution"],
)


# --- networks ---------------------------------------------------------------------------------------------------------


@networks
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 3), (8, 8), (9, 16), (33, 18)])
def test_a_network_keeps_any_size(build: Network, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network = build()
    logits = network(torch.rand(2, 3, *size))
    assert logits.shape == (2, 5, *size)
    logits.square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@networks
def test_a_network_takes_an_empty_batch_float64_and_any_layout_in_memory(build: Network) -> None:
    torch.manual_seed(0)
    network = build().double().eval()
    assert network(torch.rand(0, 3, 7, 9, dtype=torch.float64)).shape == (0, 5, 7, 9)
    x = torch.rand(2, 3, 7, 9, dtype=torch.float64)
    before = x.clone()
    logits = network(x)
    assert logits.dtype == torch.float64
    torch.testing.assert_close(network(x.to(memory_format=torch.channels_last)), logits)
    torch.testing.assert_close(network(x.mT.contiguous().mT), logits)
    assert torch.equal(x, before)


@networks
def test_a_network_refuses_what_is_no_colour_image(build: Network) -> None:
    with pytest.raises(ValueError, match=r"x must have shape \(N, 3, H, W\), got \(1, 1, 8, 8\)"):
        build()(torch.rand(1, 1, 8, 8))
    with pytest.raises(TypeError, match="x must be a floating-point tensor"):
        build()(torch.zeros(1, 3, 8, 8, dtype=torch.uint8))


@pytest.mark.parametrize("options", [{"num_classes": 0}, {"num_classes": 3, "width": 0}])
@pytest.mark.parametrize("network", [EncoderDecoderFCN, FullResolutionFCN])
def test_a_network_needs_a_class_and_a_channel(network: Callable[..., nn.Module], options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be at least 1, got 0"):
        network(**options)


def test_full_resolution_needs_a_block() -> None:
    with pytest.raises(ValueError, match="blocks must be at least 1, got 0"):
        FullResolutionFCN(3, blocks=0)


def seen_by_the_centre(network: nn.Module, size: int) -> int:
    """How many rows of the image the label of the centre pixel depends on."""
    x = torch.rand(1, 3, size, size, dtype=torch.float64, requires_grad=True)
    centre = size // 2
    network.double().eval()(x)[0, :, centre, centre].square().sum().backward()
    assert x.grad is not None
    return int(x.grad.abs().sum(dim=(0, 1, 3)).count_nonzero())


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_at_full_resolution_a_block_sees_four_pixels_further(blocks: int) -> None:
    torch.manual_seed(0)
    assert seen_by_the_centre(FullResolutionFCN(3, width=8, blocks=blocks), 33) == 4 * blocks + 1


def test_three_halvings_see_as_far_as_a_small_image() -> None:
    torch.manual_seed(0)
    assert seen_by_the_centre(EncoderDecoderFCN(3, width=8), 64) > 60


def test_a_convolutional_network_slides_with_its_image() -> None:
    torch.manual_seed(0)
    network = FullResolutionFCN(3, width=4, blocks=2).double().eval()
    x = torch.rand(1, 3, 24, 24, dtype=torch.float64)
    moved = network(x.roll(5, dims=3))
    torch.testing.assert_close(moved[..., 10:-10], network(x).roll(5, dims=3)[..., 10:-10])


# --- encoder_decoder --------------------------------------------------------------------------------------------------


@given(st.integers(1, 3), st.integers(1, 20), st.integers(1, 20))
def test_the_exercise_is_the_network(batch: int, height: int, width: int) -> None:
    torch.manual_seed(0)
    network = EncoderDecoderFCN(5, width=4).eval()
    x = torch.rand(batch, 3, height, width)
    ours = encoder_decoder(x, network.encoder, network.decoder, network.classifier)
    assert torch.equal(ours, network(x))


@given(st.integers(1, 12), st.integers(1, 12))
def test_one_step_down_and_up_by_torchs_operators(height: int, width: int) -> None:
    generator = torch.Generator().manual_seed(height * 13 + width)
    first, second, up, last = (
        nn.Conv2d(c, d, 3, padding=1, dtype=torch.float64) for c, d in ((2, 3), (3, 4), (7, 5), (5, 6))
    )
    x = torch.rand(2, 2, height, width, generator=generator, dtype=torch.float64)
    fine = first(x)
    coarse = second(F.max_pool2d(fine, 2, 2, ceil_mode=True))
    larger = F.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)
    expected = last(up(torch.cat([larger, fine], dim=1)))
    torch.testing.assert_close(encoder_decoder(x, nn.ModuleList([first, second]), nn.ModuleList([up]), last), expected)


def test_the_gradient_of_the_way_down_and_up() -> None:
    torch.manual_seed(0)
    encoder = nn.ModuleList([nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(3, 2, 1)]).double()
    decoder, classifier = nn.ModuleList([nn.Conv2d(5, 2, 1)]).double(), nn.Conv2d(2, 2, 1).double()
    x = torch.randn(1, 2, 3, 5, dtype=torch.float64, requires_grad=True)
    down_up: Callable[[Tensor], Tensor] = lambda x: encoder_decoder(x, encoder, decoder, classifier)  # noqa: E731
    assert torch.autograd.gradcheck(down_up, x)


def test_stages_that_do_not_fit_are_named() -> None:
    one = nn.Conv2d(3, 3, 1)
    stages, none = nn.ModuleList([one]), nn.ModuleList()
    with pytest.raises(ValueError, match="decoder must have one stage less than encoder, got 1 for an encoder of 1"):
        encoder_decoder(torch.rand(1, 3, 4, 4), stages, stages, one)
    with pytest.raises(ValueError, match="decoder must have one stage less than encoder, got 0 for an encoder of 0"):
        encoder_decoder(torch.rand(1, 3, 4, 4), none, none, one)
    with pytest.raises(ValueError, match="x must have shape"):
        encoder_decoder(torch.rand(3, 4, 4), stages, none, one)


# --- activation_bytes -------------------------------------------------------------------------------------------------


def by_hooks(network: nn.Sequential, shape: tuple[int, ...]) -> int:
    """Run the network and add up what each layer really returned."""
    weights: list[int] = []
    for layer in network:
        layer.register_forward_hook(lambda layer, given, out: weights.append(out.numel() * out.element_size()))
    network(torch.zeros(shape))
    return sum(weights)


def test_activation_bytes_by_hand() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 5, 1))
    # (2, 8, 4, 6) twice, (2, 8, 2, 3), (2, 5, 2, 3)
    assert activation_bytes(network, (2, 3, 8, 11)) == 4 * (2 * 384 + 96 + 60)
    assert activation_bytes(network, [2, 3, 8, 11], bytes_per_number=2) == 2 * (2 * 384 + 96 + 60)
    assert activation_bytes(network, (0, 3, 8, 11)) == 0
    assert activation_bytes(nn.Sequential(), (2, 3, 8, 11)) == 0


@given(st.integers(0, 3), st.integers(8, 15), st.integers(8, 15), st.integers(0, 1000))
def test_activation_bytes_are_those_of_a_real_run(batch: int, height: int, width: int, seed: int) -> None:
    torch.manual_seed(seed)
    number = torch.Generator().manual_seed(seed)

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=number))

    network = nn.Sequential(
        nn.Conv2d(3, draw(1, 5), (draw(1, 3), draw(1, 3)), stride=draw(1, 2), padding=draw(0, 2), dilation=draw(1, 2)),
        nn.ReLU(),
        nn.MaxPool2d(2, ceil_mode=bool(draw(0, 1))),
    )
    assert activation_bytes(network, (batch, 3, height, width)) == by_hooks(network, (batch, 3, height, width))


def test_activation_bytes_of_layers_that_change_the_shape_in_other_ways() -> None:
    network = nn.Sequential(
        nn.AvgPool2d(2), nn.ConvTranspose2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.Upsample(scale_factor=2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 7),
    )  # fmt: skip
    # (2, 3, 3, 4), (2, 4, 5, 7) twice, (2, 4, 10, 14), (2, 4, 1, 1), (2, 4), (2, 7)
    assert activation_bytes(network, (2, 3, 6, 8)) == 4 * (72 + 2 * 280 + 1120 + 8 + 8 + 14)
    assert activation_bytes(network, (2, 3, 6, 8)) == by_hooks(network, (2, 3, 6, 8))


def test_activation_bytes_leave_the_network_alone() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, dtype=torch.float64), nn.BatchNorm2d(4, dtype=torch.float64))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert activation_bytes(network, (2, 3, 5, 7)) == 2 * 2 * 4 * 3 * 5 * 4
    after = network.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert network[0].weight.device.type == "cpu"
    assert network.training


def test_activation_bytes_cost_nothing_at_any_resolution() -> None:
    network = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.ReLU())
    assert activation_bytes(network, (64, 3, 10_000, 10_000)) == 2 * 64 * 64 * 10**8 * 4


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (TypeError, ["network", "Conv2d"], lambda: activation_bytes(nn.Conv2d(3, 3, 1), (1, 3, 4, 4))),  # type: ignore[arg-type]
        (TypeError, ["image_shape", "4.0"], lambda: activation_bytes(nn.Sequential(), (1, 3, 4.0, 4))),  # type: ignore[arg-type]
        (ValueError, ["image_shape", "(3, 4, 4)"], lambda: activation_bytes(nn.Sequential(), (3, 4, 4))),
        (ValueError, ["image_shape", "-1"], lambda: activation_bytes(nn.Sequential(), (-1, 3, 4, 4))),
        (ValueError, ["bytes_per_number", "0"], lambda: activation_bytes(nn.Sequential(), (1, 3, 4, 4), 0)),
    ],
)
def test_an_error_names_the_argument_and_what_came(
    error: type[Exception], words: list[str], call: Callable[[], object]
) -> None:
    assert_error_tells(error, words, call)
