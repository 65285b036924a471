"""Golden numbers: what the references in solutions answer, written down for the widgets' JavaScript to be held to.

    python -m tests.course.widgets.golden          writes tests/course/widgets/golden/*.json
    python -m tests.course.widgets.golden --check  says which files differ, and exits 1

All tensors are planes (H, W) of float32, written as the doubles that they are, so equality means every bit; numbers
that JSON has no word for are the strings "Infinity", "-Infinity" and "NaN".
"""

import json
import math
import sys
from itertools import product
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

import course.widgets
from solutions.sliding_window import count_windows, extract_patches
from solutions.transposed_conv import conv_transpose2d
from solutions.unpooling import bed_of_nails2d, max_pool2d_with_indices, max_unpool2d, nearest_unpool2d
from tests.course.widgets.golden_anchors import anchor_cases
from tests.course.widgets.golden_boxes import curve_cases, overlap_cases, suppression_cases
from tests.course.widgets.golden_localization import heatmap_cases, multitask_cases
from tests.course.widgets.golden_pooling import pooling_of_region_cases
from tests.course.widgets.golden_regions import coding_cases, growing_cases, scene_script
from tests.course.widgets.golden_yolo import loss_cases, target_cases

FOLDER = Path(__file__).parent / "golden"
SCENE = Path(course.widgets.__file__).parent / "selective_search" / "scene.js"

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Case = dict[str, Json]


def plane(height: int, width: int, seed: int) -> Tensor:
    """Return a random plane (H, W): positive, negative, no two alike."""
    return torch.randn(height, width, generator=torch.Generator().manual_seed(seed))


def digits(rows: list[str]) -> Tensor:
    """Return a plane written as rows of digits."""
    return torch.tensor([[float(digit) for digit in row] for row in rows])


def encode(x: Tensor) -> Json:
    """Return the plane as rows of numbers that JSON can hold."""
    return [[value if math.isfinite(value) else _word(value) for value in row] for row in x.tolist()]


def _word(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def enlarging_cases() -> list[tuple[str, Tensor, int]]:
    """Return (name, plane, scale) for the two ways that need no positions."""
    return [
        ("two by two", digits(["53", "17"]), 2),
        ("higher than wide, scale 3", plane(3, 2, 1), 3),
        ("one row, scale 4", plane(1, 5, 2), 4),
        ("scale 1 changes nothing", plane(2, 3, 3), 1),
        ("zeros keep their sign", torch.tensor([[-0.0, 0.0], [1.5, -2.5]]), 2),
    ]


def pooling_cases() -> list[tuple[str, Tensor, dict[str, tuple[int, int]]]]:
    """Return (name, plane, sizes) for max pooling: ties, overlaps, padding, odd sizes, nothing but −∞."""
    square, three = {"kernel": (2, 2)}, {"kernel": (3, 3), "stride": (2, 2)}
    hole = plane(4, 4, 4)
    hole[:2, :2] = float("-inf")
    lost = plane(4, 6, 5)
    lost[1, 2] = lost[2, 3] = float("nan")
    return [
        ("2×2 windows", plane(4, 6, 6), square),
        ("a tie: the first in row-major order", digits(["2644", "6144", "3108", "5528"]), square),
        ("all alike", torch.full((4, 4), 3.0), square),
        ("a zero ties with a minus zero", torch.tensor([[-0.0, 0.0], [-0.0, -1.0]]), square),
        ("overlapping windows share a maximum", digits(["12031", "40916", "21402", "37120", "02518"]), three),
        ("overlapping windows with ties", digits(["11111", "12121", "11211", "12121", "11111"]), three),
        ("padding never wins", -plane(5, 4, 7).abs() - 1, {**three, "padding": (1, 1)}),
        ("odd sizes drop a row and a column", plane(5, 7, 8), square),
        (
            "height and width differ everywhere",
            plane(7, 6, 9),
            {"kernel": (3, 2), "stride": (2, 3), "padding": (1, 0)},
        ),
        ("stride wider than the window", plane(7, 7, 10), {"kernel": (2, 2), "stride": (3, 3)}),
        ("a window of nothing but −∞", hole, {"kernel": (2, 2), "stride": (2, 2), "padding": (1, 1)}),
        ("NaN wins", lost, square),
    ]


def sliding_window_cases() -> list[Case]:
    """Return the sliding windows of one and two layers at each stride, patch by patch and shared, counted by torch.

    Whole numbers, so that any order of summing gives the same. The shared pass sees the image up to the last window's
    edge: what lies beyond is needed by nobody.
    """
    cases: list[Case] = []
    for seed, (height, width) in enumerate([(6, 8), (7, 9), (9, 6), (5, 5)]):
        random = torch.Generator().manual_seed(seed)
        image = torch.randint(-3, 7, (1, height, width), generator=random).float()
        filters = torch.randint(-2, 4, (2, 1, 1, 3, 3), generator=random).float()
        for layers, stride in ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)):
            span = 2 * layers + 1
            rows, columns = (count_windows(side, span, span, stride) for side in (height, width))
            edge = image[:, : (rows - 1) * stride + span, : (columns - 1) * stride + span]

            def classify(x: Tensor, stride: int, weights: Tensor = filters[:layers]) -> tuple[Tensor, Tensor]:
                """Return the features of x (B, 1, H, W), of one layer x itself, and its scores."""
                hidden = F.conv2d(x, weights[0]).relu() if len(weights) == 2 else x
                return hidden, F.conv2d(hidden, weights[-1], stride=stride)

            with FlopCounterMode(display=False) as by_patch:
                _, scores = classify(extract_patches(image, span, stride), 1)
            with FlopCounterMode(display=False) as shared:
                features, _ = classify(edge[None], stride)
            # How often each cell is covered: every window adds one to each of its cells.
            times = F.conv_transpose2d(torch.ones(1, 1, rows, columns), torch.ones(1, 1, 3, 3), stride=stride)
            reads = F.conv_transpose2d(times, torch.ones(1, 1, 3, 3)) if layers == 2 else times
            whole = F.pad(reads, (0, width - reads.shape[-1], 0, height - reads.shape[-2]))
            cases.append(
                {
                    "name": f"{height} × {width}, layers {layers}, stride {stride}",
                    "image": _whole(image[0]),
                    "weights": [_whole(weights[0, 0]) for weights in filters[:layers]],
                    "stride": stride,
                    "expected": {
                        "scores": _whole(scores.view(rows, columns)),
                        "features": _whole(features[0, 0]) if layers == 2 else None,
                        "times": _whole(times[0, 0]) if layers == 2 else None,
                        "reads": _whole(whole[0, 0]),
                        "patches": by_patch.get_total_flops() // 2,  # a product and a sum are two operations
                        "shared": shared.get_total_flops() // 2,
                    },
                }
            )
    return cases


def _whole(x: Tensor) -> Json:
    """Return a plane of whole numbers as rows of integers."""
    rows: Json = x.int().tolist()
    return rows


def integers(height: int, width: int, seed: int) -> Tensor:
    """Return a plane of whole numbers from −4 to 5: their products and sums are exact in float32, in any order."""
    return torch.randint(-4, 6, (height, width), generator=torch.Generator().manual_seed(seed)).float()


def stamping_cases() -> list[tuple[str, Tensor, Tensor, dict[str, tuple[int, int]]]]:
    """Return (name, plane, filter, sizes) for transposed convolution: height and width differ wherever they can."""
    return [
        ("k = s = 2", integers(2, 2, 1), integers(2, 2, 2), {"stride": (2, 2)}),
        ("k = 3, s = 2", integers(2, 2, 3), integers(3, 3, 4), {"stride": (2, 2)}),
        ("k = 4, s = 2, p = 1", integers(3, 5, 5), integers(4, 4, 6), {"stride": (2, 2), "padding": (1, 1)}),
        ("stride 1", integers(3, 2, 7), integers(3, 3, 8), {"stride": (1, 1)}),
        ("gaps between the stamps", integers(2, 3, 9), integers(2, 1, 10), {"stride": (3, 2)}),
        (
            "height and width differ everywhere",
            integers(4, 3, 11),
            integers(2, 5, 12),
            {"stride": (3, 2), "padding": (1, 2), "outputPadding": (2, 1)},
        ),
        ("nothing but padding is left of a row", integers(1, 4, 13), integers(3, 2, 14), {"padding": (1, 0)}),
        (
            "padding larger than the kernel",
            integers(4, 3, 17),
            integers(2, 3, 18),
            {"stride": (2, 2), "padding": (2, 2)},
        ),
        ("quarters", integers(2, 3, 15) / 4, integers(3, 3, 16) / 4, {"stride": (2, 1), "outputPadding": (1, 0)}),
    ]


def stamp(x: Tensor, weight: Tensor, sizes: dict[str, tuple[int, int]]) -> Tensor:
    """Return the transposed convolution of the plane `x` with one filter, on which torch and the reference agree.

    Raises:
        AssertionError: they do not.
        RuntimeError: torch refuses the sizes.
    """
    stride, padding, extra = (
        sizes.get("stride", (1, 1)),
        sizes.get("padding", (0, 0)),
        sizes.get("outputPadding", (0, 0)),
    )
    out = F.conv_transpose2d(x[None, None], weight[None, None], None, stride, padding, extra)
    ours = conv_transpose2d(x[None, None], weight[None, None], None, stride, padding, extra)
    if not torch.equal(ours, out):
        raise AssertionError(f"the reference differs from torch for {sizes}")
    return out[0, 0]


def with_zeros(x: Tensor, weight: Tensor, sizes: dict[str, tuple[int, int]]) -> Tensor:
    """Return `x` with zeros between and around, over which an ordinary convolution gives what the stamps add up to.

    Raises:
        AssertionError: it does not.
    """
    (sh, sw), (ph, pw), (eh, ew) = (
        sizes.get("stride", (1, 1)),
        sizes.get("padding", (0, 0)),
        sizes.get("outputPadding", (0, 0)),
    )
    height, width = x.shape
    spread = x.new_zeros((height - 1) * sh + 1, (width - 1) * sw + 1)
    spread[::sh, ::sw] = x
    top, left = weight.shape[0] - 1 - ph, weight.shape[1] - 1 - pw
    stretched = F.pad(spread, (left, left + ew, top, top + eh))
    gathered = F.conv2d(stretched[None, None], weight.flip(0, 1)[None, None])[0, 0]
    if not torch.equal(gathered, stamp(x, weight, sizes)):
        raise AssertionError(f"the convolution over zeros differs from the stamps for {sizes}")
    return stretched


def stamp_case(name: str, x: Tensor, weight: Tensor, sizes: dict[str, tuple[int, int]]) -> Case:
    """Return a case with the output, how many stamps hit each of its cells, and the input with zeros."""
    given: Case = {key: list(value) for key, value in sizes.items()}
    counts = stamp(torch.ones_like(x), torch.ones_like(weight), sizes)
    out = {"expected": encode(stamp(x, weight, sizes)), "counts": encode(counts)}
    out["stretched"] = encode(with_zeros(x, weight, sizes))
    return {"name": name, "x": encode(x), "weight": encode(weight), "sizes": given, **out}


def dial_cases() -> list[Case]:
    """Return a case for each position of the widget's dials: what torch answers, or null where it refuses."""
    cases: list[Case] = []
    for columns, stride, kernel, padding, extra in product((2, 3), (1, 2, 3), (2, 3, 4), (0, 1, 2), (0, 1, 2)):
        settings: Case = {"columns": columns, "stride": stride, "kernel": kernel}
        settings |= {"padding": padding, "outputPadding": extra}
        name = ", ".join(f"{key} {value}" for key, value in settings.items())
        sizes = {"stride": (stride, stride), "padding": (padding, padding), "outputPadding": (extra, extra)}
        x, weight = integers(2, columns, 1), integers(kernel, kernel, 2)
        given: Case = {"name": name, "settings": settings, "x": encode(x), "weight": encode(weight)}
        try:
            cases.append({**given, "expected": encode(stamp(x, weight, sizes))})
        except RuntimeError:
            cases.append({**given, "expected": None})
    return cases


def sight_cases() -> list[Case]:
    """Return stacks of layers [kernel, stride, dilation], and what of a row one unit sees, by torch's gradient."""
    plain, halving = [3, 1, 1], [2, 2, 1]
    stacks = [
        [[1, 1, 1]],
        [plain],
        [plain] * 3,
        [plain, halving, plain, halving, plain],
        [[3, 2, 1]] * 3,
        [plain, [3, 1, 2], [3, 1, 4]],
        [[3, 1, 4], [3, 1, 4]],  # pixels in between are not read
        [[1, 2, 1], [5, 1, 1]],
        [[5, 2, 4]] * 3,
        [halving] * 6,
        [[2, 1, 1], [2, 1, 2], [3, 2, 1], [1, 1, 1], [5, 1, 2], [2, 2, 4]],
    ]
    cases: list[Case] = []
    for layers in stacks:
        row = torch.zeros(1, 1, 512, dtype=torch.float64, requires_grad=True)
        x: Tensor = row
        for kernel, stride, dilation in layers:
            x = F.conv1d(x, torch.ones(1, 1, kernel, dtype=torch.float64), stride=stride, dilation=dilation)
        (gradient,) = torch.autograd.grad(x[0, 0, 0], row)
        paths = gradient[0, 0, : int(gradient[0, 0].nonzero().max()) + 1]
        shape: Json = [list(layer) for layer in layers]
        cases.append({"layers": shape, "sees": len(paths), "paths": [int(count) for count in paths.tolist()]})
    return cases


def golden() -> dict[str, list[Case]]:
    """Compute all cases with the reference, by file name."""
    cases: dict[str, list[Case]] = {"sliding_window": sliding_window_cases(), "receptive_field": sight_cases()}
    cases |= {"nearest_unpool2d": [], "bed_of_nails2d": [], "max_pool2d": [], "max_unpool2d": []}
    cases["conv_transpose2d"] = [stamp_case(*case) for case in stamping_cases()]
    cases["conv_transpose2d_dials"] = dial_cases()
    cases |= {"multitask_loss": multitask_cases(), "heatmap": heatmap_cases()}
    cases |= {"iou": overlap_cases(), "nms": suppression_cases(), "precision_recall": curve_cases()}
    cases |= {"box_coder": coding_cases(), "selective_search": growing_cases()}
    cases |= {"roi_pool": pooling_of_region_cases(), "anchors": anchor_cases()}
    cases |= {"yolo_targets": target_cases(), "yolo_loss": loss_cases()}
    for name, x, scale in enlarging_cases():
        for file, unpool in (("nearest_unpool2d", nearest_unpool2d), ("bed_of_nails2d", bed_of_nails2d)):
            out = unpool(x[None, None], scale)[0, 0]
            cases[file].append({"name": name, "x": encode(x), "scale": scale, "expected": encode(out)})
    for name, x, sizes in pooling_cases():
        kernel, stride, padding = sizes["kernel"], sizes.get("stride", sizes["kernel"]), sizes.get("padding", (0, 0))
        values, indices = max_pool2d_with_indices(x[None], kernel, stride, padding)
        given: Case = {key: list(value) for key, value in sizes.items()}
        pooled: Case = {"values": encode(values[0]), "indices": indices[0].tolist()}
        cases["max_pool2d"].append({"name": name, "x": encode(x), "sizes": given, "expected": pooled})
        # The network's new values: a function of the old ones, so that windows which share a maximum agree.
        changed = values * 0.75 - 1
        for size in (None, tuple(x.shape)):
            if size is None and indices.max() >= _default_area(values[0], kernel, stride, padding):
                continue  # positions of an odd-sized map do not fit the default output
            out = max_unpool2d(changed, indices, kernel, stride, padding, size)[0]
            cases["max_unpool2d"].append(
                {
                    "name": f"{name}, {'default size' if size is None else 'given size'}",
                    "x": encode(changed[0]),
                    "indices": indices[0].tolist(),
                    "sizes": given if size is None else {**given, "outputSize": list(size)},
                    "expected": encode(out),
                }
            )
    return cases


def _default_area(x: Tensor, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> int:
    height, width = ((x.shape[i] - 1) * stride[i] - 2 * padding[i] + kernel[i] for i in (0, 1))
    return height * width


def files() -> dict[Path, str]:
    """Return each golden file's text by its path, one case a line; and the scene that a widget draws from."""
    texts = {}
    for name, cases in golden().items():
        lines = ",\n".join(json.dumps(case, ensure_ascii=False, allow_nan=False) for case in cases)
        texts[FOLDER / f"{name}.json"] = f"[\n{lines}\n]\n"
    return {**texts, SCENE: scene_script()}


def differing() -> list[str]:
    """Return the names of the files that are missing, differ from what the reference answers now, or are left over."""
    wanted = files()
    found = {path: path.read_text(encoding="utf-8") for path in (*FOLDER.glob("*.json"), SCENE)}
    return sorted(path.name for path in wanted.keys() | found.keys() if wanted.get(path) != found.get(path))


def main(arguments: list[str]) -> int:
    """Write the files, or compare them with `--check`; return the exit status."""
    if "--check" in arguments:
        stale = differing()
        for name in stale:
            print(f"{name} differs from the reference: run python -m tests.course.widgets.golden")
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
