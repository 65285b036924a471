"""How fast the references of segmentation are beside torch's and torchvision's own, both in one run on one machine.

    python benchmarks/segmentation.py [--device cuda] [--threads 1] [--repeats 7]

Every line runs the two in turn and compares medians: of process time on a CPU, which a busy machine changes little, of
waited time on a GPU. Ratios are what counts. Beside them stands how far the two results lie apart, where they compute
the same.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.segmentation import fcn_resnet50

from course.costs import count_multiply_adds
from course.training import best_device
from solutions.fcn import FCN, EncoderDecoderFCN, FullResolutionFCN, SegNet
from solutions.transposed_conv import conv_transpose2d
from solutions.unpooling import max_pool2d_with_indices, max_unpool2d

Call = Callable[[], Tensor]


def seconds(calls: tuple[Call, Call], repeats: int, device: torch.device) -> list[float]:
    """Return the median seconds of both calls, which take turns."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats + 1):
        for call, kept in zip(calls, times, strict=True):
            wait(device)
            started = clock()
            call()
            wait(device)
            kept.append(clock() - started)
    return [statistics.median(kept[1:]) for kept in times]


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def both_ways(operator: Callable[[Tensor], Tensor], x: Tensor) -> Call:
    """Return a call that runs `operator` on `x` forward and backward, and returns the result."""

    def call() -> Tensor:
        leaf = x.detach().requires_grad_()
        out = operator(leaf)
        out.sum().backward()  # type: ignore[no-untyped-call]
        return out.detach()

    return call


def forward(network: nn.Module, x: Tensor) -> Call:
    """Return a call that runs `network` on `x` without gradients."""

    def call() -> Tensor:
        with torch.inference_mode():
            out = network(x)
        return out["out"] if isinstance(out, dict) else out  # torchvision's networks answer a dict

    return call


def operators(device: torch.device) -> dict[str, tuple[Call, Call]]:
    """Our operators and torch's on the same numbers, forward and backward."""
    x = torch.rand(4, 16, 16, 24, device=device)
    pairs = {}
    for kernel, stride, padding in ((4, 2, 1), (3, 2, 1), (16, 8, 4)):
        weight = torch.rand(16, 8, kernel, kernel, device=device)
        options = {"stride": stride, "padding": padding}
        pairs[f"conv_transpose2d k{kernel} s{stride} p{padding}"] = (
            both_ways(lambda x, w=weight, o=options: conv_transpose2d(x, w, **o), x),
            both_ways(lambda x, w=weight, o=options: F.conv_transpose2d(x, w, **o), x),
        )
    pairs["max_pool2d_with_indices 2"] = (
        both_ways(lambda x: max_pool2d_with_indices(x, 2)[0], x),
        both_ways(lambda x: F.max_pool2d(x, 2, return_indices=True)[0], x),
    )
    values, indices = F.max_pool2d(x, 2, return_indices=True)
    pairs["max_unpool2d 2"] = (
        both_ways(lambda x: max_unpool2d(x, indices, 2), values),
        both_ways(lambda x: F.max_unpool2d(x, indices, 2), values),
    )
    return pairs


def networks(device: torch.device, size: int) -> dict[str, tuple[nn.Module, nn.Module]]:
    """Our networks, each beside torchvision's fcn_resnet50 (which keeps stride 8 by dilation)."""
    theirs = fcn_resnet50(weights=None, weights_backbone=None, num_classes=21).to(device).eval()
    ours = {
        **{f"FCN-{variant} resnet50": FCN(21, variant, backbone="resnet50") for variant in ("32s", "16s", "8s")},
        "FCN-8s resnet18": FCN(21, "8s", backbone="resnet18"),
        "FCN-8s small": FCN(21, "8s"),
        "SegNet": SegNet(21),
        "EncoderDecoderFCN": EncoderDecoderFCN(21),
        "FullResolutionFCN": FullResolutionFCN(21),
    }
    return {name: (network.to(device).eval(), theirs) for name, network in ours.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default=best_device())
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--size", type=int, default=128, help="height and width of the networks' image")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    device = torch.device(options.device)

    print(f"torch {torch.__version__}, {device}, {options.threads} threads, median of {options.repeats}\n")
    print(f"{'operator, forward + backward':<32}{'ours':>10}{'torch':>10}{'ratio':>8}{'apart':>10}")
    for name, calls in operators(device).items():
        ours, theirs = seconds(calls, options.repeats, device)
        apart = float((calls[0]() - calls[1]()).abs().max())
        print(f"{name:<32}{ours * 1e3:>7.2f} ms{theirs * 1e3:>7.2f} ms{ours / theirs:>8.2f}{apart:>10.1e}")

    image = torch.rand(1, 3, options.size, options.size, device=device)
    title = f"network, {options.size} × {options.size}, forward"
    print(f"\n{title:<32}{'ours':>10}{'fcn_r50':>10}{'ratio':>8}{'of MACs':>10}")
    for name, (ours_net, theirs_net) in networks(device, options.size).items():
        pair = forward(ours_net, image), forward(theirs_net, image)
        assert pair[0]().shape == pair[1]().shape == (1, 21, options.size, options.size)
        ours, theirs = seconds(pair, options.repeats, device)
        share = count_multiply_adds(ours_net, image) / count_multiply_adds(theirs_net, image)
        print(f"{name:<32}{ours * 1e3:>7.0f} ms{theirs * 1e3:>7.0f} ms{ours / theirs:>8.2f}{share:>10.2f}")


if __name__ == "__main__":
    main()
