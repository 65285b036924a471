"""The sliding-window reference against torch's own unfold, counting by hand, torch's flop counter, and laws."""

from collections.abc import Callable, Iterator

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from solutions.sliding_window import (
    PatchByPatch,
    Shared,
    count_multiply_adds,
    count_windows,
    extract_patches,
    linear_to_conv,
    patch_classifier,
    segment_by_patches,
)
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=150)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])
sides = st.integers(1, 9)


@st.composite
def images(draw: st.DrawFn) -> Tensor:
    """Draw an image (C, H, W), sometimes a transposed view, sometimes expanded."""
    shape = draw(st.integers(1, 3)), draw(sides), draw(sides)
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    image = torch.randint(-9, 10, shape, generator=generator).to(draw(dtypes)) / 3
    layout = draw(st.sampled_from(["plain", "transposed", "expanded"]))
    if layout == "transposed":
        return image.transpose(1, 2).contiguous().transpose(1, 2)
    return image[:1].expand(shape) if layout == "expanded" else image


def random_classifier(channels: int, size: int, classes: int, dtype: torch.dtype) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * size**2, classes)).to(dtype).eval()


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """On tensors this small, threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- windows ----------------------------------------------------------------------------------------------------------


@given(images(), st.integers(1, 5), st.integers(1, 4))
def test_patches_equal_torchs_unfold(image: Tensor, size: int, stride: int) -> None:
    before = image.clone()
    ours = extract_patches(image, size, stride)
    assert ours.dtype == image.dtype
    assert torch.equal(image, before)
    if min(image.shape[1:]) < size:
        assert ours.shape == (0, len(image), size, size)
        return
    columns = F.unfold(image[None], size, stride=stride)[0]  # (C·s·s, N)
    assert torch.equal(ours, columns.T.reshape(-1, len(image), size, size))


@given(st.integers(0, 12), st.integers(0, 12), st.integers(1, 14), st.integers(1, 5))
def test_windows_are_counted_as_they_are_cut(height: int, width: int, size: int, stride: int) -> None:
    positions = [
        (top, left)
        for top in range(0, height, stride)
        for left in range(0, width, stride)
        if top + size <= height and left + size <= width
    ]
    assert count_windows(height, width, size, stride) == len(positions)
    if height and width:
        assert len(extract_patches(torch.zeros(2, height, width), size, stride)) == len(positions)


def test_patches_by_hand() -> None:
    image = torch.arange(12.0).view(1, 3, 4)
    assert extract_patches(image, 2, stride=2)[:, 0].tolist() == [[[0, 1], [4, 5]], [[2, 3], [6, 7]]]
    assert extract_patches(image, 3)[:, 0, 0, 0].tolist() == [0, 1]


def test_numbers_of_windows_by_hand() -> None:
    assert count_windows(64, 64, 21) == 44 * 44
    assert count_windows(5, 6, 2, stride=2) == 6  # the fifth row is left over
    assert count_windows(2, 2, 5) == 0  # though both sides are too short, and minus times minus is plus


def test_gradients_of_patches() -> None:
    image = torch.randn(2, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: extract_patches(x, 2, 2), image)


@given(st.integers(0, 1000))
def test_cutting_patches_is_the_adjoint_of_adding_them_up(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(2, 5, 6, generator=generator, dtype=torch.float64)
    y = torch.randn(3 * 4, 2, 3, 3, generator=generator, dtype=torch.float64)
    folded = F.fold(y.flatten(1).T[None], (5, 6), 3)[0]
    torch.testing.assert_close((extract_patches(image, 3) * y).sum(), (image * folded).sum())


# --- segmentation by patches ------------------------------------------------------------------------------------------


@given(images(), st.sampled_from([1, 3, 5]), st.integers(1, 5), st.integers(1, 30))
def test_labels_equal_those_of_each_patch_alone(image: Tensor, size: int, classes: int, batch_size: int) -> None:
    classifier = random_classifier(len(image), size, classes, image.dtype)
    labels = segment_by_patches(classifier, image, size, batch_size)
    _, height, width = image.shape
    assert (labels.shape, labels.dtype) == ((height, width), torch.int64)
    for row in range(height):
        for column in range(width):
            patch = image.new_zeros(1, len(image), size, size)
            for i in range(size):
                for j in range(size):
                    y, x = row + i - size // 2, column + j - size // 2
                    if 0 <= y < height and 0 <= x < width:
                        patch[0, :, i, j] = image[:, y, x]
            scores = classifier(patch)[0]
            assert scores[labels[row, column]] >= scores.max() - 1e-5


class Recorder(nn.Module):
    """Scores by the mean of each channel, and notes how it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)
        self.sizes: list[int] = []
        self.modes: set[bool] = set()

    def forward(self, x: Tensor) -> Tensor:
        self.sizes.append(len(x))
        self.modes |= {self.training, self.dropout.training}
        return x.mean(dim=(2, 3))


def test_the_classifier_is_in_eval_mode_and_gets_at_most_a_batch() -> None:
    classifier = Recorder()
    classifier.dropout.eval()
    segment_by_patches(classifier, torch.rand(2, 5, 7), 3, batch_size=8)
    assert classifier.sizes == [8, 8, 8, 8, 3]
    assert classifier.modes == {False}
    assert classifier.training  # as it came …
    assert not classifier.dropout.training  # … each layer for itself


def test_statistics_of_batch_norm_stay_as_they_are() -> None:
    norm = nn.BatchNorm2d(3)
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    segment_by_patches(nn.Sequential(norm, nn.Flatten(), nn.Linear(27, 2)), torch.rand(3, 4, 5), 3)
    assert all(torch.equal(before[name], value) for name, value in norm.state_dict().items())


def test_of_equal_scores_the_lower_class_wins() -> None:
    linear = nn.Linear(9, 4)
    nn.init.zeros_(linear.weight)
    linear.bias = nn.Parameter(torch.tensor([0.0, 2.0, 1.0, 2.0]))
    classifier = nn.Sequential(nn.Flatten(), linear)
    assert (segment_by_patches(classifier, torch.rand(1, 4, 5), 3) == 1).all()


# --- a linear layer as a convolution ----------------------------------------------------------------------------------


@given(st.integers(1, 3), st.integers(1, 4), st.tuples(st.integers(1, 4), st.integers(1, 4)), st.booleans(), dtypes)
def test_the_convolution_equals_the_linear_layer_on_every_window(
    channels: int, outputs: int, kernel: tuple[int, int], bias: bool, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    linear = nn.Linear(channels * kernel[0] * kernel[1], outputs, bias=bias, dtype=dtype)
    conv = linear_to_conv(linear, channels, kernel)
    assert (conv.bias is None) == (linear.bias is None)
    assert conv.weight.dtype == dtype
    image = torch.randn(1, channels, 6, 7, dtype=dtype)
    scores = conv(image)[0]
    for row in range(scores.shape[1]):
        for column in range(scores.shape[2]):
            window = image[:, :, row : row + kernel[0], column : column + kernel[1]]
            torch.testing.assert_close(scores[:, row, column], linear(window.flatten(1))[0])


def test_a_number_is_a_square_kernel_and_the_weights_are_copies() -> None:
    linear = nn.Linear(18, 4)
    before = linear.weight.detach().clone()
    conv = linear_to_conv(linear, 2, 3)
    assert conv.kernel_size == (3, 3)
    nn.init.zeros_(conv.weight)
    assert torch.equal(linear.weight, before)


def test_the_device_is_kept() -> None:
    assert linear_to_conv(nn.Linear(12, 5, device="meta"), 3, 2).weight.device.type == "meta"


# --- what it costs ----------------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=3),
    st.integers(0, 4),
    st.integers(0, 4),
)
def test_multiply_adds_are_those_that_torch_counts(shapes: list[tuple[int, int]], more: int, wider: int) -> None:
    layers, inputs = [], 3
    for outputs, kernel in shapes:
        layers.append((inputs, outputs, kernel))
        inputs = outputs
    size = 1 + sum(kernel - 1 for _, kernel in shapes)
    image = torch.rand(3, size + more, size + wider)
    network = nn.Sequential(*[nn.Conv2d(*layer) for layer in layers])

    def flops(x: Tensor) -> int:
        with FlopCounterMode(display=False) as counter:
            network(x)
        return int(counter.get_total_flops()) // 2

    patches = extract_patches(image, size)
    assert count_multiply_adds(layers, *image.shape[1:]) == (flops(patches), flops(image[None]))


def test_one_layer_alone_shares_nothing() -> None:
    apart, shared = count_multiply_adds([(3, 8, 5)], 20, 30)
    assert apart == shared == 16 * 26 * 3 * 25 * 8


def test_multiply_adds_by_hand() -> None:
    # Six windows of 4 × 4 in 5 × 6 pixels; in each 2·2·9, then 1·4. Over the whole image 3·4·9, then 2·3·4.
    assert count_multiply_adds([(1, 1, 3), (1, 1, 2)], 5, 6) == (6 * 40, 108 + 24)
    assert count_multiply_adds([(1, 1, 3), (1, 1, 2)], 3, 9) == (0, 0)


# --- the networks -----------------------------------------------------------------------------------------------------


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([13, 15]))
def test_one_pass_equals_patch_by_patch(height: int, width: int, size: int) -> None:
    torch.manual_seed(0)
    classifier = patch_classifier(4, size=size, width=4).double().eval()
    images = torch.rand(2, 3, height, width, dtype=torch.float64)
    apart, shared = PatchByPatch(classifier, size, batch_size=10)(images), Shared(classifier, size)(images)
    assert apart.shape == (2, 4, height, width)
    torch.testing.assert_close(apart, shared)
    assert torch.equal(apart[0].argmax(dim=0), segment_by_patches(classifier, images[0], size))


def test_a_classifier_of_two_linear_layers_becomes_convolutions_too() -> None:
    torch.manual_seed(0)
    classifier = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 9, 6), nn.ReLU(), nn.Linear(6, 2)
    )
    network = Shared(classifier, 5)
    assert [type(layer).__name__ for layer in network.layers] == ["Conv2d", "ReLU", "Conv2d", "ReLU", "Conv2d"]
    images = torch.rand(1, 3, 6, 7)
    torch.testing.assert_close(network(images), PatchByPatch(classifier, 5)(images))


@pytest.mark.parametrize(
    "layer", [nn.MaxPool2d(2), nn.Conv2d(3, 4, 3, stride=2), nn.Conv2d(3, 4, 3, padding=1)], ids=["pool", "step", "pad"]
)
def test_a_network_that_steps_or_pads_is_refused(layer: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"classifier.* must"):
        Shared(nn.Sequential(nn.Conv2d(3, 3, 2), layer), 9)


# --- errors -----------------------------------------------------------------------------------------------------------

image = torch.zeros(3, 4, 6)
linear = nn.Linear(27, 2)
module = nn.Sequential(nn.Flatten(), linear)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (TypeError, ["image", "list"], lambda: extract_patches([[1.0]], 2)),  # type: ignore[arg-type]
        (TypeError, ["image", "torch.uint8"], lambda: extract_patches(image.byte(), 2)),
        (TypeError, ["image", "sparse"], lambda: extract_patches(image.to_sparse(), 2)),
        (ValueError, ["image", "(C, H, W)", "(1, 3, 4, 6)"], lambda: extract_patches(image[None], 2)),
        (ValueError, ["size", "0"], lambda: extract_patches(image, 0)),
        (TypeError, ["size", "(2, 2)"], lambda: extract_patches(image, (2, 2))),  # type: ignore[arg-type]
        (ValueError, ["stride", "0"], lambda: extract_patches(image, 2, 0)),
        (ValueError, ["height", "-1"], lambda: count_windows(-1, 4, 2)),
        (TypeError, ["width", "4.0"], lambda: count_windows(4, 4.0, 2)),  # type: ignore[arg-type]
        (ValueError, ["size", "0"], lambda: count_windows(4, 4, 0)),
        (ValueError, ["stride", "-2"], lambda: count_windows(4, 4, 2, -2)),
        (TypeError, ["classifier", "function"], lambda: segment_by_patches(lambda x: x, image, 3)),  # type: ignore[arg-type]
        (ValueError, ["image", "(4, 6)"], lambda: segment_by_patches(module, image[0], 3)),
        (ValueError, ["image", "pixel", "(3, 0, 6)"], lambda: segment_by_patches(module, image[:, :0], 3)),
        (ValueError, ["size", "odd", "4"], lambda: segment_by_patches(module, image, 4)),
        (ValueError, ["batch_size", "0"], lambda: segment_by_patches(module, image, 3, 0)),
        (ValueError, ["classifier", "(B, K)"], lambda: segment_by_patches(nn.Identity(), image, 3)),
        (TypeError, ["linear", "Conv2d"], lambda: linear_to_conv(nn.Conv2d(3, 4, 3), 3, 3)),  # type: ignore[arg-type]
        (ValueError, ["linear", "18", "27"], lambda: linear_to_conv(linear, 2, 3)),
        (ValueError, ["in_channels", "0"], lambda: linear_to_conv(linear, 0, 3)),
        (ValueError, ["kernel_size", "0"], lambda: linear_to_conv(linear, 3, (3, 0))),
        (ValueError, ["kernel_size", "(3, 3, 3)"], lambda: linear_to_conv(linear, 1, (3, 3, 3))),
        (ValueError, ["layers", "none"], lambda: count_multiply_adds([], 4, 4)),
        (TypeError, ["layers", "(3, 4)"], lambda: count_multiply_adds([(3, 4)], 4, 4)),  # type: ignore[list-item]
        (ValueError, ["layers[1]", "8"], lambda: count_multiply_adds([(3, 8, 3), (4, 2, 1)], 9, 9)),
        (ValueError, ["layers[0]", "kernel_size", "0"], lambda: count_multiply_adds([(3, 8, 0)], 9, 9)),
        (ValueError, ["height", "-3"], lambda: count_multiply_adds([(3, 8, 1)], -3, 9)),
        (ValueError, ["size", "12"], lambda: patch_classifier(8, size=12)),
        (ValueError, ["size", "odd", "6"], lambda: PatchByPatch(module, 6)),
        (ValueError, ["batch_size", "0"], lambda: PatchByPatch(module, 3, 0)),
        (ValueError, ["size", "odd", "6"], lambda: Shared(module, 6)),
        (TypeError, ["classifier", "Linear"], lambda: Shared(nn.Linear(3, 2), 1)),  # type: ignore[arg-type]
    ],
)
def test_an_error_names_the_argument_and_what_came(
    error: type[Exception], words: list[str], call: Callable[[], object]
) -> None:
    assert_error_tells(error, words, call)
