"""Networks that label every pixel in one pass: at full resolution all the way, or down and up again.

A network that classifies a window becomes one that classifies all of them when nothing in it depends on the image's
size (Long, Shelhamer & Darrell, 2015). Pooling makes it cheap and lets it see far, and costs resolution; a decoder
brings the pixels back (Ronneberger, Fischer & Brox, 2015).
"""

import copy
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from solutions.fcn.blocks import conv_block, halve, require_colour, resize_like
from solutions.require import require_images, require_int


def activation_bytes(
    network: nn.Sequential,
    image_shape: Sequence[int],
    bytes_per_number: int = 4,
) -> int:
    """Return how many bytes the outputs of all layers of `network` take together.

    `image_shape` (N, C, H, W) is that of the batch that comes in, which is not counted.
    The layers of `network`, of any kind, run one after another; none is made of others.
    Each makes one new tensor, whose numbers take `bytes_per_number` bytes each: 4 in
    float32, 2 in bfloat16. `network` is left as it
    is, weights and running statistics alike; it may be in training mode.

    Raises:
        TypeError: `network` is no `nn.Sequential`, or a number that is not an int.
        ValueError: `image_shape` is not four numbers from 0 up, or fewer than one byte a number.

    >>> activation_bytes(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), (1, 3, 6, 6))
    1024
    """
    require_network("network", network)
    require_shape("image_shape", image_shape)
    require_int("bytes_per_number", bytes_per_number, least=1)
    x = torch.empty(*image_shape, device="meta")  # a shape without numbers
    total = 0
    for layer in copy.deepcopy(network).to("meta", torch.float32):
        x = layer(x)
        total += x.numel() * bytes_per_number
    return total


def encoder_decoder(
    x: Tensor,
    encoder: nn.ModuleList,
    decoder: nn.ModuleList,
    classifier: nn.Module,
) -> Tensor:
    """Run images `x` (N, C, H, W) down an encoder and up a decoder: logits (N, K, H, W).

    *Down:* the first stage of `encoder` runs at full size; before each further stage the
    map is halved: 2 × 2 max pooling, stride 2, an odd side rounded up. *Up:* `decoder` has
    one stage less. Each takes the map so far, resized (bilinear, `align_corners=False`) to
    the size of the next finer encoder map, with the channels of that encoder map after
    it. `classifier` comes last. No stage changes the size of a map; H and W are any.

    Raises:
        TypeError: `x` is not a floating-point tensor.
        ValueError: `x` is not (N, C, H, W), or `decoder` does not have one stage less than `encoder`.

    >>> encoder = nn.ModuleList([nn.Conv2d(3, 4, 1), nn.Conv2d(4, 6, 1)])
    >>> decoder = nn.ModuleList([nn.Conv2d(10, 5, 1)])
    >>> encoder_decoder(torch.rand(2, 3, 7, 10), encoder, decoder, nn.Conv2d(5, 8, 1)).shape
    torch.Size([2, 8, 7, 10])
    """
    require_images("x", x)
    require_stages(encoder, decoder)
    skips: list[Tensor] = []
    for stage in encoder:
        x = stage(halve(x) if skips else x)
        skips.append(x)
    skips.pop()  # the coarsest map is where the way up begins
    for stage in decoder:
        skip = skips.pop()
        x = stage(torch.cat([resize_like(x, skip), skip], dim=1))
    logits: Tensor = classifier(x)
    return logits


class FullResolutionFCN(nn.Module):
    """Convolution all the way: every map has the size of the image.

    Logits (N, K, H, W) for images (N, 3, H, W) of any size. Each of `blocks` blocks is a
    pair of 3 × 3 convolutions to `width` channels, so that a pixel is labelled from the
    square of 4·blocks + 1 pixels around it. Nothing is ever made smaller.

    Raises:
        TypeError: an argument that is not an int, or images that are not floating point.
        ValueError: fewer than one class, channel or block, or images that are not (N, 3, H, W).

    >>> FullResolutionFCN(num_classes=8)(torch.rand(2, 3, 37, 50)).shape
    torch.Size([2, 8, 37, 50])
    """

    def __init__(self, num_classes: int, width: int = 24, blocks: int = 4) -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=1)
        require_int("width", width, least=1)
        require_int("blocks", blocks, least=1)
        widths = (3, *[width] * blocks)
        self.blocks = nn.Sequential(*[conv_block(before, after) for before, after in pairwise(widths)])
        self.classifier = nn.Conv2d(width, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K, H, W) for images `x` (N, 3, H, W)."""
        require_colour(x)
        logits: Tensor = self.classifier(self.blocks(x))
        return logits


class EncoderDecoderFCN(nn.Module):
    """Down three times, up three times: a small U-Net that labels every pixel.

    Logits (N, K, H, W) for images (N, 3, H, W) of any size: pooling rounds up, and the way
    up goes to the size that was there before. At each size the encoder's map joins the
    decoder's (Ronneberger, Fischer & Brox, 2015), which knows where the edges are.

    Raises:
        TypeError: an argument that is not an int, or images that are not floating point.
        ValueError: fewer than one class or channel, or images that are not (N, 3, H, W).

    >>> EncoderDecoderFCN(num_classes=8)(torch.rand(2, 3, 37, 50)).shape
    torch.Size([2, 8, 37, 50])
    """

    def __init__(self, num_classes: int, width: int = 16) -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=1)
        require_int("width", width, least=1)
        widths = (width, 2 * width, 3 * width, 4 * width)
        self.encoder = nn.ModuleList([conv_block(before, after) for before, after in pairwise((3, *widths))])
        upwards = widths[::-1]
        self.decoder = nn.ModuleList([conv_block(below + skip, skip) for below, skip in pairwise(upwards)])
        self.classifier = nn.Conv2d(width, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K, H, W) for images `x` (N, 3, H, W)."""
        require_colour(x)
        skips: list[Tensor] = []
        for stage in self.encoder:
            x = stage(halve(x) if skips else x)
            skips.append(x)
        skips.pop()  # the coarsest map is where the way up begins
        for stage in self.decoder:
            skip = skips.pop()
            x = stage(torch.cat([resize_like(x, skip), skip], dim=1))
        logits: Tensor = self.classifier(x)
        return logits


def require_network(name: str, network: nn.Sequential) -> None:
    """Raise TypeError unless `network` is an `nn.Sequential`."""
    if not isinstance(network, nn.Sequential):
        raise TypeError(f"{name} must be an nn.Sequential, got {type(network).__name__}")


def require_shape(name: str, shape: Sequence[int]) -> None:
    """Raise unless `shape` is (N, C, H, W).

    Raises:
        TypeError: not made of ints.
        ValueError: not four of them, or one below 0.
    """
    if not isinstance(shape, Sequence) or any(type(size) is not int for size in shape):
        raise TypeError(f"{name} must be (N, C, H, W) in ints, got {shape!r}")
    if len(shape) != 4 or min(shape) < 0:
        raise ValueError(f"{name} must be (N, C, H, W), four numbers from 0 up, got {tuple(shape)}")


def require_stages(encoder: nn.ModuleList, decoder: nn.ModuleList) -> None:
    """Raise ValueError unless `decoder` has one stage less than `encoder`, which has at least one."""
    if not len(encoder) or len(decoder) != len(encoder) - 1:
        raise ValueError(
            f"decoder must have one stage less than encoder, got {len(decoder)} for an encoder of {len(encoder)}"
        )
