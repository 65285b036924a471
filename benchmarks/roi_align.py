"""How fast RoI Align is beside torchvision's own, both in one run on one machine, forward and backward.

    python -m benchmarks.roi_align [--device cuda] [--threads 1] [--repeats 9]

The map is 1 × 256 × 50 × 68, an image of 800 × 1088 pixels at a sixteenth, and there are 512 regions of 7 × 7 bins:
with two samples a bin and direction, as the detectors have, and with as many as a bin has cells. The two take turns,
and medians are compared: of process time on a CPU, which a busy machine changes little, of waited time on a GPU. Ratios
are what counts. Beside them stands how far the two lie apart.
"""

import argparse
from functools import partial

import torch
import torchvision

from benchmarks.roi_pool import SCALE, SIZES, draw_regions, measure
from solutions.roi_align import roi_align


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=9)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(1, 256, 50, 68, generator=generator).to(chosen.device)
    for ratio in (2, -1):
        ours, theirs = (
            partial(operator, sampling_ratio=ratio, aligned=False)
            for operator in (roi_align, torchvision.ops.roi_align)
        )
        for name, (shortest, longest) in SIZES.items():
            rois = draw_regions(generator, shortest, longest).to(chosen.device)
            (forward, backward), (their_forward, their_backward) = measure(
                (ours, theirs), features, rois, chosen.repeats
            )
            apart = float((ours(features, rois, (7, 7), SCALE) - theirs(features, rois, (7, 7), SCALE)).abs().max())
            both, their_both = forward + backward, their_forward + their_backward
            print(
                f"sampling ratio {ratio:2d}, {name:<32} ours {1000 * both:4.0f} ms   torchvision "
                f"{1000 * their_both:4.0f} ms   forward {forward / their_forward:4.2f}×   "
                f"backward {backward / their_backward:4.2f}×   both {both / their_both:4.2f}×   {apart:.0e} apart",
                flush=True,
            )


if __name__ == "__main__":
    main()
