"""Colour alone must not give a class away: a classifier that sees one pixel, measured by the mIoU of the things.

    python benchmarks/colour_alone.py [--train 400] [--test 150] [--size 64] [--seed 0]

It learns the class of a pixel from its red, green and blue: a random forest or boosted trees where scikit-learn is
installed, and a small network of torch in any case. Below 0.5 is asked for; exit status 1 says that it is not.
"""

import argparse
import sys

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from course.farm import IGNORE, SEMANTIC_CLASSES, STUFF, Farm

LIMIT = 0.5
Pixels = NDArray[np.float32]
Labels = NDArray[np.int64]


def pixels_of(farm: Farm) -> tuple[Pixels, Labels]:
    colours, labels = [], []
    for index in range(len(farm)):
        scene = farm.scene(index)
        counted = scene.semantic != IGNORE
        colours.append(scene.image[counted])
        labels.append(scene.semantic[counted])
    return (np.concatenate(colours) / np.float32(255)), np.concatenate(labels).astype(np.int64)


def iou(truth: Labels, found: Labels) -> NDArray[np.float64]:
    count = len(SEMANTIC_CLASSES)
    confusion = np.bincount(truth * count + found, minlength=count * count).reshape(count, count)
    hit = np.diag(confusion)
    ious: NDArray[np.float64] = hit / np.maximum(confusion.sum(0) + confusion.sum(1) - hit, 1)
    return ious


def by_network(colours: Pixels, labels: Labels, test: Pixels, weighted: bool, seed: int) -> Labels:
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(3, 128), nn.GELU(), nn.Linear(128, 128), nn.GELU(), nn.Linear(128, len(SEMANTIC_CLASSES))
    )
    shares = torch.bincount(torch.from_numpy(labels), minlength=len(SEMANTIC_CLASSES)).float()
    loss = nn.CrossEntropyLoss(weight=(shares.sum() / shares.clamp(min=1)).sqrt() if weighted else None)
    steps, batch = 1500, 4096
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps)
    x, y = torch.from_numpy(colours) * 2 - 1, torch.from_numpy(labels)
    for _ in range(steps):
        chosen = torch.randint(len(x), (batch,))
        optimizer.zero_grad()
        loss(model(x[chosen]), y[chosen]).backward()
        optimizer.step()
        schedule.step()
    with torch.inference_mode():
        parts = [model(part * 2 - 1).argmax(1) for part in torch.from_numpy(test).split(65536)]
    found: Labels = torch.cat(parts).numpy()
    return found


def by_trees(colours: Pixels, labels: Labels, test: Pixels, seed: int) -> Labels | None:
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ModuleNotFoundError:
        return None
    chosen = np.random.default_rng(seed).integers(len(colours), size=300_000)
    model = HistGradientBoostingClassifier(class_weight="balanced", random_state=seed)
    found: Labels = model.fit(colours[chosen], labels[chosen]).predict(test)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("train", 400), ("test", 150), ("size", 64), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    size = (options.size, options.size)
    colours, labels = pixels_of(Farm(options.train, options.seed, size))
    test, truth = pixels_of(Farm(options.test, options.seed + 1, size))
    found = {
        "network": by_network(colours, labels, test, False, options.seed),
        "network, classes weighted": by_network(colours, labels, test, True, options.seed),
        "boosted trees": by_trees(colours, labels, test, options.seed),
        "the commonest class": np.full_like(truth, np.bincount(labels).argmax()),
    }
    things, worst = slice(len(STUFF), None), 0.0
    for name, prediction in found.items():
        if prediction is None:
            print(f"{name:<27}scikit-learn is not installed")
            continue
        ious = iou(truth, prediction)
        worst = max(worst, float(ious[things].mean()))
        each = "  ".join(f"{title} {value:.2f}" for title, value in zip(SEMANTIC_CLASSES, ious, strict=True))
        print(f"{name:<27}mIoU on things {ious[things].mean():.3f}, on all {ious.mean():.3f}   {each}")
    print(f"highest mIoU on things: {worst:.3f}; asked for is less than {LIMIT}")
    return int(worst >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
