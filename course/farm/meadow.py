"""A meadow with a fence: scenes that are simpler than the Farm's, and hold what is one pixel thin.

    image, labels = draw_meadow(np.random.default_rng(2))

Meadow, cows (round, large, in patches) and slanted wires. Light, coats and slopes change from scene to scene, so that
no single colour gives a class away.
"""

import numpy as np
import torch
from torch import Tensor

MEADOW_CLASSES = ("meadow", "cow", "fence")


def draw_meadow(rng: np.random.Generator, size: int = 48) -> tuple[Tensor, Tensor]:
    """Draw the next scene of `rng`: an image (3, size, size) in [0, 1] and its label map (size, size), int64."""
    y, x = np.mgrid[:size, :size]
    waves = [rng.uniform(0.3, 1.2), rng.uniform(0, 6), rng.uniform(0.3, 1.2), rng.uniform(0, 6)]
    grass = np.sin(x * waves[0] + waves[1]) * np.sin(y * waves[2] + waves[3])
    green = rng.uniform((0.15, 0.35, 0.1), (0.45, 0.6, 0.35))
    image = green[:, None, None] + 0.08 * grass
    labels = np.zeros((size, size), dtype=np.int64)
    for _ in range(rng.integers(1, 4)):
        row, column = rng.integers(8, size - 8, 2)
        radius = rng.uniform(4, 8)
        cow = ((y - row) / radius) ** 2 + ((x - column) / (1.4 * radius)) ** 2 < 1
        across, down = rng.uniform(0, 6, 2)
        patches = np.sin(x * 0.7 + across) + np.sin(y * 0.9 + down) > 0.4
        coats = rng.uniform(0.05, 0.9, 2)[:, None] * rng.uniform(0.7, 1.0, 3)
        labels[cow] = 1
        image[:, cow] = np.where(patches[cow], coats[0][:, None], coats[1][:, None])
    slope, gap = rng.uniform(-0.8, 0.8), rng.integers(7, 13)
    for start in range(int(rng.integers(-20, -10)), size + 20, int(gap)):
        rows = np.arange(size)
        columns = np.round(start + slope * rows).astype(int)
        inside = (columns >= 0) & (columns < size)
        labels[rows[inside], columns[inside]] = 2
        image[:, rows[inside], columns[inside]] += 0.3
    image += rng.normal(0, 0.07, image.shape)
    return torch.tensor(image, dtype=torch.float32).clamp(0, 1), torch.tensor(labels)
