"""Sliding windows: one patch, one label, for every pixel.

Cut a window around each pixel, let a classifier name it, paint the pixel: the segmentation of Cireşan, Giusti,
Gambardella & Schmidhuber (2012). It computes the same numbers again for
every window that overlaps. A linear layer on a window is a convolution (Sermanet et al., OverFeat, 2014; Long et al.,
2015), and a network of convolutions alone computes each number once.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.shapes import pair
from solutions.require import require_int, require_ints
from solutions.require_windows import (
    require_features,
    require_image,
    require_layers,
    require_module,
    require_odd,
    require_scores,
    require_stride_one,
)


def extract_patches(image: Tensor, size: int, stride: int = 1) -> Tensor:
    """Cut all windows of size × size pixels out of `image` (C, H, W).

    Returns (N, C, size, size): the windows in row-major order of their top-left
    corners, `stride` pixels apart in both directions, from the top-left corner of the
    image on. There is no padding: a window that would reach over the edge is left out.
    Where the image is smaller than the window, N is 0. The dtype is that of `image`,
    and a gradient flows back to it.

    Raises:
        TypeError: `image` is not a floating-point tensor, or `size` or `stride` not an int.
        ValueError: `image` is not (C, H, W), or `size` or `stride` is below 1.

    >>> image = torch.arange(6.0).view(1, 2, 3)
    >>> extract_patches(image, 2).tolist()
    [[[[0.0, 1.0], [3.0, 4.0]]], [[[1.0, 2.0], [4.0, 5.0]]]]
    """
    require_image("image", image)
    require_int("size", size, least=1)
    require_int("stride", stride, least=1)
    channels, height, width = image.shape
    if height < size or width < size:
        return image.new_zeros(0, channels, size, size)
    windows = image.unfold(1, size, stride)  # (C, h, W, size): the rows
    windows = windows.unfold(2, size, stride)  # (C, h, w, size, size): the columns
    windows = windows.permute(1, 2, 0, 3, 4)  # (h, w, C, size, size)
    return windows.flatten(0, 1)


def count_windows(height: int, width: int, size: int, stride: int = 1) -> int:
    """Count the windows of size × size pixels in an image of height × width pixels.

    They lie `stride` pixels apart in both directions, start in the top-left corner and
    do not reach over the edge. A window larger than the image is counted zero times.

    Raises:
        TypeError: an argument is not an int.
        ValueError: `height` or `width` is below 0, or `size` or `stride` below 1.

    >>> count_windows(4, 6, 3), count_windows(4, 6, 3, stride=2), count_windows(4, 6, 5)
    (8, 2, 0)
    """
    require_int("height", height, least=0)
    require_int("width", width, least=0)
    require_int("size", size, least=1)
    require_int("stride", stride, least=1)
    if height < size or width < size:
        return 0
    return ((height - size) // stride + 1) * ((width - size) // stride + 1)


def segment_by_patches(
    classifier: nn.Module,
    image: Tensor,
    size: int,
    batch_size: int = 256,
) -> Tensor:
    """Label each pixel of `image` (C, H, W) with the class of the patch centred on it.

    `classifier` maps patches (B, C, size, size) to scores (B, K); `size` is odd.
    Outside the image there are zeros. The classifier runs in evaluation mode, whatever
    mode it comes in, on at most `batch_size` patches at a time; its weights and its
    statistics stay as they are. Returns (H, W) int64; of equal scores the lower class
    wins.

    Raises:
        TypeError: `classifier` is not a module, `image` not a floating-point tensor, a size not an int.
        ValueError: `image` is not (C, H, W) or has no pixel, `size` is even, a size is below 1, or the scores are not
            (B, K).

    >>> image = torch.tensor([[[1.0, 5.0]], [[3.0, 4.0]]])
    >>> brightest = nn.Flatten()  # of a patch of one pixel, the scores are the channels
    >>> segment_by_patches(brightest, image, size=1)
    tensor([[1, 0]])
    """
    require_module("classifier", classifier)
    require_image("image", image, pixels=True)
    require_odd("size", size)
    require_int("batch_size", batch_size, least=1)
    _, height, width = image.shape
    half = size // 2
    padded = F.pad(image, (half, half, half, half))
    patches = extract_patches(padded, size)  # (H·W, C, size, size), one for each pixel

    modes = [(module, module.training) for module in classifier.modules()]
    classifier.eval()
    labels = []
    with torch.no_grad():
        for batch in torch.split(patches, batch_size):
            scores = classifier(batch)  # (B, K)
            require_scores(scores, len(batch))
            labels.append(scores.argmax(dim=1))  # argmax takes the first of equals
    for module, training in modes:
        module.training = training
    return torch.cat(labels).view(height, width)


def linear_to_conv(
    linear: nn.Linear,
    in_channels: int,
    kernel_size: int | Sequence[int],
) -> nn.Conv2d:
    """Turn `linear` into the convolution that computes the same on every window.

    `linear` takes windows (in_channels, kh, kw) that were flattened as `nn.Flatten`
    does it: in_features = in_channels·kh·kw. `kernel_size` is an int or a pair
    (kh, kw). The convolution has stride 1 and no padding, the weights and the bias of
    `linear`, copied or shared, or no bias where `linear` has none, and its dtype and
    device. `linear` stays as it is.

    Raises:
        TypeError: `linear` is no `nn.Linear`, or a size not made of ints.
        ValueError: a size below 1, or a window with another number of features than `linear` takes.

    >>> linear = nn.Linear(2 * 3 * 4, 5)
    >>> linear_to_conv(linear, in_channels=2, kernel_size=(3, 4))
    Conv2d(2, 5, kernel_size=(3, 4), stride=(1, 1))
    """
    require_module("linear", linear, nn.Linear)
    require_int("in_channels", in_channels, least=1)
    require_ints("kernel_size", kernel_size, least=1)
    require_features(linear, in_channels, pair(kernel_size))
    weight = linear.weight.detach().clone()  # (out_features, in_channels·kh·kw)
    conv = nn.Conv2d(
        in_channels,
        linear.out_features,
        pair(kernel_size),
        bias=linear.bias is not None,
        device=weight.device,
        dtype=weight.dtype,
    )
    conv.weight = nn.Parameter(weight.view_as(conv.weight))  # (out, in, kh, kw)
    if linear.bias is not None:
        conv.bias = nn.Parameter(linear.bias.detach().clone())
    return conv


def count_multiply_adds(
    layers: Sequence[tuple[int, int, int]],
    height: int,
    width: int,
) -> tuple[int, int]:
    """Count the multiply–adds of a patch classifier on all windows of an image.

    `layers` are its convolutions in their order, each (in_channels, out_channels,
    kernel_size), with stride 1 and no padding; a linear layer is written as the
    convolution that it is. The window is the patch that they shrink to one pixel. There
    is one window at every place where it fits into the image of height × width pixels,
    to which nothing is padded.

    Returns two ints: `apart`, each window cut out and classified by itself, and
    `shared`, every convolution run once over the whole image. One multiply–add is one
    weight times one number; biases and ReLU count nothing. An image that is smaller
    than the window has none: (0, 0).

    Raises:
        TypeError: `layers` are no triples of ints, or a size is not an int.
        ValueError: no layer, a number below 1, channels that do not fit, or a size below 0.

    >>> count_multiply_adds([(1, 1, 3), (1, 1, 2)], height=5, width=6)
    (240, 132)
    """
    require_layers(layers)
    require_int("height", height, least=0)
    require_int("width", width, least=0)
    size = 1 + sum(kernel - 1 for _, _, kernel in layers)  # of the window

    def count(rows: int, columns: int) -> int:
        total = 0
        for inputs, outputs, kernel in layers:
            rows, columns = rows - kernel + 1, columns - kernel + 1
            total += rows * columns * outputs * inputs * kernel**2
        return total

    windows = count_windows(height, width, size)
    if windows == 0:
        return 0, 0
    return windows * count(size, size), count(height, width)


def patch_classifier(
    num_classes: int,
    size: int = 21,
    width: int = 16,
) -> nn.Sequential:
    """Return a small network that scores patches (B, 3, size, size): (B, num_classes).

    Three convolutions without padding shrink the patch by 12 pixels; what is left goes
    through one linear layer. Nothing in it has a stride.

    Raises:
        ValueError: a number below 1, or a patch that the convolutions use up.
    """
    require_int("num_classes", num_classes, least=1)
    require_int("size", size, least=13)
    require_int("width", width, least=2)
    return nn.Sequential(
        nn.Conv2d(3, width // 2, 5),
        nn.ReLU(),
        nn.Conv2d(width // 2, width, 5),
        nn.ReLU(),
        nn.Conv2d(width, width, 5),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(width * (size - 12) ** 2, num_classes),
    )


class PatchByPatch(nn.Module):
    """A classifier of patches, made into a network that scores every pixel.

    Scores (N, K, H, W) for images (N, C, H, W): each pixel gets the scores of the patch
    centred on it, with zeros outside the image. The patches are cut out and classified
    `batch_size` at a time.

    Raises:
        TypeError: `classifier` is no module, or a size not an int.
        ValueError: `size` is even, or a size is below 1.
    """

    def __init__(self, classifier: nn.Module, size: int, batch_size: int = 256) -> None:
        super().__init__()
        require_module("classifier", classifier)
        require_odd("size", size)
        require_int("batch_size", batch_size, least=1)
        self.classifier, self.size, self.batch_size = classifier, size, batch_size

    def forward(self, images: Tensor) -> Tensor:
        """Return scores (N, K, H, W) for `images` (N, C, H, W)."""
        channels, height, width = images.shape[1:]
        maps = []
        for image in images:
            columns = F.unfold(image[None], self.size, padding=self.size // 2)
            patches = columns[0].T.reshape(-1, channels, self.size, self.size)
            batches = torch.split(patches, self.batch_size)
            scores = torch.cat([self.classifier(batch) for batch in batches])
            maps.append(scores.T.reshape(-1, height, width))  # (K, H, W)
        return torch.stack(maps)


class Shared(nn.Module):
    """The same network, as one convolutional pass over the whole image.

    Convolutions stay as they are and linear layers become convolutions, all with the
    classifier's own weights. Images are padded once with zeros; the scores (N, K, H, W)
    are those of `PatchByPatch`, computed without doing anything twice.

    Raises:
        TypeError: `classifier` is no `nn.Sequential`, or `size` not an int.
        ValueError: a layer with a stride or with padding, or of an unknown kind, or an even size.
    """

    def __init__(self, classifier: nn.Sequential, size: int) -> None:
        super().__init__()
        require_module("classifier", classifier, nn.Sequential)
        require_odd("size", size)
        self.size, self.layers = size, nn.Sequential()
        shape = size, size  # of what is left of a patch
        for layer in classifier:
            require_stride_one(layer)
            if isinstance(layer, nn.Flatten):
                continue
            if isinstance(layer, nn.Linear):
                weight = torch.unflatten(layer.weight, 1, (-1, *shape))
                conv = nn.Conv2d(weight.shape[1], len(weight), shape)
                conv.weight, conv.bias = nn.Parameter(weight), layer.bias
                layer = conv
            if isinstance(layer, nn.Conv2d):
                height, width = layer.kernel_size
                shape = shape[0] - height + 1, shape[1] - width + 1
            self.layers.append(layer)

    def forward(self, images: Tensor) -> Tensor:
        """Return scores (N, K, H, W) for `images` (N, C, H, W)."""
        half = self.size // 2
        scores: Tensor = self.layers(F.pad(images, (half, half, half, half)))
        return scores
