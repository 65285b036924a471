"""Wrong and right answers to `gaussian_heatmaps`."""

import math

import numpy as np
import torch
from torch import Tensor

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def squares(keypoints, size, offset=0.5):
    """Return the squared distance of each pixel to each keypoint (N, J, H, W)."""
    height, width = size
    across = torch.arange(width, dtype=keypoints.dtype) + offset - keypoints[..., :1]
    down = torch.arange(height, dtype=keypoints.dtype) + offset - keypoints[..., 1:]
    return down[..., :, None] ** 2 + across[..., None, :] ** 2


# --- mistakes: where a pixel is ---------------------------------------------------------------------------------------


@mistake(
    "You measure from a pixel's number (c, r), which is its upper left corner. Its centre lies half a pixel further "
    "right and down."
)
def from_the_corner_when_drawing(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size, 0.0) / (2 * sigma**2))


@mistake(
    "The half pixel has the wrong sign: your centres lie half a pixel before the pixels' corners. Pixel 0 covers 0 to 1: its centre is at +½."
)
def half_a_pixel_back(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size, -0.5) / (2 * sigma**2))


@mistake("You measure from a pixel's far corner, (c + 1, r + 1). Its centre lies half a pixel before that.")
def from_the_far_corner(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size, 1.0) / (2 * sigma**2))


@mistake(
    "You move the keypoint to a pixel before you draw. The hill is to stand where the keypoint is, between pixels "
    "too; that is what lets it say more than an index."
)
def moved_to_its_pixel(keypoints, size, sigma):
    return torch.exp(-squares(keypoints.floor() + 0.5, size) / (2 * sigma**2))


@form(moved_to_its_pixel)
def rounded(keypoints, size, sigma):
    return torch.exp(-squares(keypoints.round(), size, 0.0) / (2 * sigma**2))


@form(moved_to_its_pixel)
def rounded_between_pixels(keypoints, size, sigma):
    return torch.exp(-squares(keypoints.round(), size) / (2 * sigma**2))


@form(moved_to_its_pixel)
def whole_numbers(keypoints, size, sigma):
    return torch.exp(-squares(keypoints.long(), size, 0).to(keypoints.dtype) / (2 * sigma**2))


@form(moved_to_its_pixel)
def half_up(keypoints, size, sigma):
    return torch.exp(-squares((keypoints + 0.5).floor(), size, 0.0) / (2 * sigma**2))


@mistake("You take the keypoint's first number for y. It is x: how far to the right.")
def x_and_y_exchanged(keypoints, size, sigma):
    return torch.exp(-squares(keypoints.flip(-1), size) / (2 * sigma**2))


@form(x_and_y_exchanged)
def x_and_y_exchanged_and_from_the_corner(keypoints, size, sigma):
    return torch.exp(-squares(keypoints.flip(-1), size, 0.0) / (2 * sigma**2))


@mistake("You take `size` for (W, H). It is (H, W), rows first, like the shape of an image.")
def width_before_height(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size[::-1]) / (2 * sigma**2))


@mistake("Your maps are (W, H): columns come before rows. Rows are first, H and then W, as in an image.")
def columns_before_rows(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / (2 * sigma**2)).transpose(-1, -2)


@mistake("You put the pixels on 0 … 1, as shares of the map. The keypoint and sigma are in pixels.")
def shares_of_the_map_when_drawing(keypoints, size, sigma):
    height, width = size
    across = torch.linspace(0, 1, width, dtype=keypoints.dtype) - keypoints[..., :1]
    down = torch.linspace(0, 1, height, dtype=keypoints.dtype) - keypoints[..., 1:]
    return torch.exp(-(down[..., :, None] ** 2 + across[..., None, :] ** 2) / (2 * sigma**2))


@form(shares_of_the_map_when_drawing)
def centres_as_shares_of_the_map(keypoints, size, sigma):
    height, width = size
    across = (torch.arange(width, dtype=keypoints.dtype) + 0.5) / width - keypoints[..., :1]
    down = (torch.arange(height, dtype=keypoints.dtype) + 0.5) / height - keypoints[..., 1:]
    return torch.exp(-(down[..., :, None] ** 2 + across[..., None, :] ** 2) / (2 * sigma**2))


@mistake(
    "You spread the columns from 0 to W with `linspace`, so they are more than one pixel apart. Centres are exactly "
    "one apart."
)
def stretched_columns(keypoints, size, sigma):
    height, width = size
    across = torch.linspace(0, width, width, dtype=keypoints.dtype) - keypoints[..., :1]
    down = torch.linspace(0, height, height, dtype=keypoints.dtype) - keypoints[..., 1:]
    return torch.exp(-(down[..., :, None] ** 2 + across[..., None, :] ** 2) / (2 * sigma**2))


# --- mistakes: the hill -----------------------------------------------------------------------------------------------


@mistake("You divide by 2·σ. The distance is squared, and so is sigma: otherwise the two have different units.")
def sigma_not_squared(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / (2 * sigma))


@form(sigma_not_squared)
def sigma_not_squared_and_from_the_corner(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size, 0.0) / (2 * sigma))


@mistake("The 2 under the fraction is missing: you divide by σ². Your hill is that of a smaller sigma.")
def without_the_two(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / sigma**2)


@form(without_the_two)
def without_the_two_and_from_the_corner(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size, 0.0) / sigma**2)


@mistake("You divide by (2σ)², which is 4·σ². Only sigma is squared, not the 2 before it.")
def two_squared_as_well(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / (2 * sigma) ** 2)


@mistake("You divide by σ alone. It is 2·σ² that stands under the squared distance.")
def divided_by_sigma(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / sigma)


@mistake(
    "Without brackets `/ 2 * sigma**2` divides by 2 and then *multiplies* by sigma². The whole product stands under "
    "the fraction."
)
def multiplied_by_sigma(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / 2 * sigma**2)


@mistake("You leave the distance as it is. In a Gaussian it is squared; yours has a sharp tip.")
def distance_not_squared_when_drawing(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size).sqrt() / (2 * sigma**2))


@form(distance_not_squared_when_drawing)
def distance_over_sigma(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size).sqrt() / sigma)


@form(distance_not_squared_when_drawing)
def distance_over_two_sigma(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size).sqrt() / (2 * sigma))


@mistake("You square the squared distance once more. d² is (Δx)² + (Δy)² already.")
def squared_twice(keypoints, size, sigma):
    return torch.exp(-(squares(keypoints, size) ** 2) / (2 * sigma**2))


@mistake("You divide by 2πσ², as for a density whose sum is 1. Here the hill is 1 high where the keypoint is.")
def as_a_density(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / (2 * sigma**2)) / (2 * math.pi * sigma**2)


@form(as_a_density)
def as_a_density_of_one_dimension(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / (2 * sigma**2)) / (math.sqrt(2 * math.pi) * sigma)


@mistake(
    "You divide each map by its sum. Here the hill is 1 high where the keypoint is, and a keypoint outside the map "
    "leaves only little in it."
)
def divided_by_the_sum(keypoints, size, sigma):
    maps = torch.exp(-squares(keypoints, size) / (2 * sigma**2))
    return maps / maps.sum(dim=(-2, -1), keepdim=True)


@form(divided_by_the_sum)
def softmax_of_the_distances(keypoints, size, sigma):
    maps = -squares(keypoints, size) / (2 * sigma**2)
    return maps.flatten(-2).softmax(-1).reshape(maps.shape)


@mistake(
    "You divide by the highest value. The hill is 1 high at the keypoint, which lies between the pixels; no pixel "
    "need be 1."
)
def divided_by_the_maximum(keypoints, size, sigma):
    maps = torch.exp(-squares(keypoints, size) / (2 * sigma**2))
    return maps / maps.amax(dim=(-2, -1), keepdim=True)


@mistake("You cut the hill off far out, at about three sigma. It gets small there, but it goes on.")
def cut_at_three_sigma(keypoints, size, sigma):
    squared = squares(keypoints, size)
    return torch.where(squared <= 9 * sigma**2, torch.exp(-squared / (2 * sigma**2)), 0.0)


@form(cut_at_three_sigma)
def cut_at_a_square_of_three_sigma(keypoints, size, sigma):
    height, width = size
    across = (torch.arange(width, dtype=keypoints.dtype) + 0.5 - keypoints[..., :1]).abs()
    down = (torch.arange(height, dtype=keypoints.dtype) + 0.5 - keypoints[..., 1:]).abs()
    inside = (down[..., :, None] <= 3 * sigma) & (across[..., None, :] <= 3 * sigma)
    return torch.exp(-squares(keypoints, size) / (2 * sigma**2)) * inside


@mistake("You cut the hill off at about two sigma. It gets small out there, but it goes on.")
def cut_at_two_sigma(keypoints, size, sigma):
    squared = squares(keypoints, size)
    return torch.where(squared <= 4 * sigma**2, torch.exp(-squared / (2 * sigma**2)), 0.0)


@mistake("You set small values to zero. They get small, but the hill goes on; nothing is cut off.")
def small_values_are_zero(keypoints, size, sigma):
    maps = torch.exp(-squares(keypoints, size) / (2 * sigma**2))
    return torch.where(maps < 0.05, 0.0, maps)


@form(small_values_are_zero)
def very_small_values_are_zero(keypoints, size, sigma):
    maps = torch.exp(-squares(keypoints, size) / (2 * sigma**2))
    return torch.where(maps < 0.01, 0.0, maps)


@form(small_values_are_zero)
def tiny_values_are_zero(keypoints, size, sigma):
    """As the code of CornerNet and CenterNet does it, but there with the precision of the type."""
    maps = torch.exp(-squares(keypoints, size) / (2 * sigma**2))
    return torch.where(maps < 0.001, 0.0, maps)


@mistake("You add the two directions. In a Gaussian they are multiplied: it is high only where both x and y are near.")
def sum_of_the_directions(keypoints, size, sigma):
    height, width = size
    across = torch.arange(width, dtype=keypoints.dtype) + 0.5 - keypoints[..., :1]
    down = torch.arange(height, dtype=keypoints.dtype) + 0.5 - keypoints[..., 1:]
    up = torch.exp(-(down**2) / (2 * sigma**2))[..., :, None]
    return up + torch.exp(-(across**2) / (2 * sigma**2))[..., None, :]


@form(sum_of_the_directions)
def mean_of_the_directions(keypoints, size, sigma):
    return sum_of_the_directions(keypoints, size, sigma) / 2


@mistake(
    "You square the sum of Δx and Δy. Pythagoras squares each and then adds: otherwise Δx = −Δy would cost nothing."
)
def square_of_the_sum_when_drawing(keypoints, size, sigma):
    height, width = size
    across = torch.arange(width, dtype=keypoints.dtype) + 0.5 - keypoints[..., :1]
    down = torch.arange(height, dtype=keypoints.dtype) + 0.5 - keypoints[..., 1:]
    return torch.exp(-((down[..., :, None] + across[..., None, :]) ** 2) / (2 * sigma**2))


@form(square_of_the_sum_when_drawing)
def square_of_the_sum_of_magnitudes(keypoints, size, sigma):
    height, width = size
    across = torch.arange(width, dtype=keypoints.dtype) + 0.5 - keypoints[..., :1]
    down = torch.arange(height, dtype=keypoints.dtype) + 0.5 - keypoints[..., 1:]
    return torch.exp(-((down.abs()[..., :, None] + across.abs()[..., None, :]) ** 2) / (2 * sigma**2))


@mistake("The sign in the exponent is wrong: your values grow with the distance.")
def wrong_sign(keypoints, size, sigma):
    return torch.exp(squares(keypoints, size) / (2 * sigma**2))


@mistake("You subtract from 1: your map is a hole, lowest where the keypoint is. It is to be a hill.")
def a_hole(keypoints, size, sigma):
    return 1 - torch.exp(-squares(keypoints, size) / (2 * sigma**2))


@mistake("You set a single pixel to 1 and leave the rest 0. A hill is wanted: every pixel says how near it is.")
def a_single_pixel(keypoints, size, sigma):
    maps = keypoints.new_zeros(*keypoints.shape[:2], *size)
    for n in range(len(keypoints)):
        for j in range(keypoints.shape[1]):
            x, y = int(keypoints[n, j, 0]), int(keypoints[n, j, 1])
            if 0 <= x < size[1] and 0 <= y < size[0]:
                maps[n, j, y, x] = 1
    return maps


# --- mistakes: how many maps ------------------------------------------------------------------------------------------


@mistake(
    "You draw all joints of an object into one map. Each joint has a map of its own, or nobody can tell which hill is "
    "whose."
)
def all_joints_in_one_map(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / (2 * sigma**2)).amax(dim=1, keepdim=True)


@form(all_joints_in_one_map)
def sum_of_all_joints(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / (2 * sigma**2)).sum(dim=1, keepdim=True)


@form(all_joints_in_one_map)
def all_joints_in_one_map_without_a_dimension(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / (2 * sigma**2)).amax(dim=1)


@form(all_joints_in_one_map)
def sum_of_all_joints_without_a_dimension(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / (2 * sigma**2)).sum(dim=1)


@mistake("A keypoint outside the map gets an empty map from you. Its hill still reaches into the map.")
def nothing_for_keypoints_outside(keypoints, size, sigma):
    x, y = keypoints.unbind(-1)
    inside = (x >= 0) & (x < size[1]) & (y >= 0) & (y < size[0])
    return torch.exp(-squares(keypoints, size) / (2 * sigma**2)) * inside[..., None, None]


@mistake(
    "You move a keypoint that lies outside to the border. It stays where it is; only the foot of its hill is seen."
)
def moved_into_the_map(keypoints, size, sigma):
    most = torch.tensor([size[1], size[0]], dtype=keypoints.dtype)
    return torch.exp(-squares(keypoints.clamp(min=0).minimum(most), size) / (2 * sigma**2))


@form(moved_into_the_map)
def moved_to_the_last_pixel(keypoints, size, sigma):
    most = torch.tensor([size[1] - 1, size[0] - 1], dtype=keypoints.dtype)
    return torch.exp(-squares(keypoints.clamp(min=0).minimum(most), size) / (2 * sigma**2))


@mistake(NO_GRADIENT)
def detached_when_drawing(keypoints, size, sigma):
    return torch.exp(-squares(keypoints.detach(), size) / (2 * sigma**2))


@form(from_the_corner_when_drawing)
def from_the_corner_and_cut(keypoints, size, sigma):
    squared = squares(keypoints, size, 0.0)
    return torch.exp(-squared / (2 * sigma**2)) * (squared <= 9 * sigma**2)


@form(from_the_corner_when_drawing)
def from_the_corner_and_cut_to_a_square(keypoints, size, sigma):
    height, width = size
    across = (torch.arange(width, dtype=keypoints.dtype) - keypoints[..., :1]).abs()
    down = (torch.arange(height, dtype=keypoints.dtype) - keypoints[..., 1:]).abs()
    inside = (down[..., :, None] <= 3 * sigma) & (across[..., None, :] <= 3 * sigma)
    return torch.exp(-squares(keypoints, size, 0.0) / (2 * sigma**2)) * inside


@form(moved_to_its_pixel)
def as_published(keypoints, size, sigma):
    """Rounded to a pixel, on a square of three sigma, as the code of several papers has it."""
    places = (keypoints + 0.5).floor()
    return from_the_corner_and_cut_to_a_square(places, size, sigma)


@mistake("You multiply the keypoints by the size of the map, as if they were shares of it. They are in pixels.")
def keypoints_as_shares(keypoints, size, sigma):
    return torch.exp(-squares(keypoints * keypoints.new_tensor([size[1], size[0]]), size) / (2 * sigma**2))


@mistake("You add |Δx| and |Δy|, and your hill is a pyramid with a sharp tip. In a Gaussian each is squared.")
def along_the_streets_when_drawing(keypoints, size, sigma):
    height, width = size
    across = (torch.arange(width, dtype=keypoints.dtype) + 0.5 - keypoints[..., :1]).abs()
    down = (torch.arange(height, dtype=keypoints.dtype) + 0.5 - keypoints[..., 1:]).abs()
    return torch.exp(-(down[..., :, None] + across[..., None, :]) / (2 * sigma**2))


@form(divided_by_the_maximum)
def divided_by_the_maximum_of_all(keypoints, size, sigma):
    maps = torch.exp(-squares(keypoints, size) / (2 * sigma**2))
    return maps / maps.max() if maps.numel() else maps


@mistake("You measure the distance in x only: your hill is a wall from top to bottom. d has Δx and Δy in it.")
def in_x_only_when_drawing(keypoints, size, sigma):
    height, width = size
    across = torch.arange(width, dtype=keypoints.dtype) + 0.5 - keypoints[..., :1]
    return torch.exp(-(across**2) / (2 * sigma**2))[..., None, :].expand(*keypoints.shape[:2], *size)


@mistake("You have no sigma in the exponent: every hill is as wide as one of sigma 1.")
def without_sigma(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size) / 2)


@form(without_sigma)
def without_sigma_and_two(keypoints, size, sigma):
    return torch.exp(-squares(keypoints, size))


@form(moved_to_its_pixel)
def floored_between_pixels(keypoints, size, sigma):
    return torch.exp(-squares(keypoints.floor(), size) / (2 * sigma**2))


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def with_a_meshgrid(keypoints, size, sigma):
    ys, xs = torch.meshgrid(
        torch.arange(size[0], dtype=keypoints.dtype), torch.arange(size[1], dtype=keypoints.dtype), indexing="ij"
    )
    x, y = keypoints[:, :, 0, None, None], keypoints[:, :, 1, None, None]
    return torch.exp(-((xs + 0.5 - x) ** 2 + (ys + 0.5 - y) ** 2) / (2 * sigma**2))


@variant
def row_times_column(keypoints, size, sigma):
    h, w = size
    gx = torch.exp(-((torch.arange(w) + 0.5 - keypoints[..., 0:1]) ** 2) / (2 * sigma**2))
    gy = torch.exp(-((torch.arange(h) + 0.5 - keypoints[..., 1:2]) ** 2) / (2 * sigma**2))
    return torch.einsum("njh,njw->njhw", gy, gx)


@variant
def pixel_by_pixel(keypoints, size, sigma):
    n, j, _ = keypoints.shape
    if n == 0:
        return keypoints.new_zeros(n, j, *size)
    rows = []
    for r in range(size[0]):
        for c in range(size[1]):
            centre = keypoints.new_tensor([c + 0.5, r + 0.5])
            rows.append((-(keypoints - centre).pow(2).sum(-1) / (2 * sigma * sigma)).exp())
    return torch.stack(rows, dim=-1).reshape(n, j, *size)


@variant
def keypoint_moved_half_a_pixel(keypoints, size, sigma):
    p = keypoints - 0.5
    xs = torch.arange(size[1], dtype=p.dtype).view(1, 1, 1, -1)
    ys = torch.arange(size[0], dtype=p.dtype).view(1, 1, -1, 1)
    d2 = (xs - p[..., 0].reshape(*p.shape[:2], 1, 1)) ** 2 + (ys - p[..., 1].reshape(*p.shape[:2], 1, 1)) ** 2
    return (-0.5 * d2 / sigma**2).exp()


@variant
def expanded_square(keypoints, size, sigma):
    ys, xs = torch.meshgrid(torch.arange(size[0]) + 0.5, torch.arange(size[1]) + 0.5, indexing="ij")
    centres = torch.stack((xs, ys), dim=-1).to(keypoints.dtype)
    distance = torch.linalg.vector_norm(keypoints[:, :, None, None] - centres, dim=-1)
    return torch.exp(-distance.square() / (2 * sigma**2))


@variant
def map_by_map_when_drawing(keypoints, size, sigma):
    out = torch.zeros(*keypoints.shape[:2], *size, dtype=keypoints.dtype)
    xs = torch.arange(size[1], dtype=keypoints.dtype) + 0.5
    ys = torch.arange(size[0], dtype=keypoints.dtype) + 0.5
    for n, person in enumerate(keypoints):
        for j, (x, y) in enumerate(person):
            out[n, j] = torch.exp(-((xs[None] - x) ** 2 + (ys[:, None] - y) ** 2) / (2 * sigma**2))
    return out


@variant
def by_linspace(keypoints, size, sigma):
    h, w = size
    xs = torch.linspace(0.5, w - 0.5, w, dtype=keypoints.dtype)
    ys = torch.linspace(0.5, h - 0.5, h, dtype=keypoints.dtype)
    x, y = keypoints.unbind(-1)
    dx2 = (xs - x.unsqueeze(-1)).square().unsqueeze(-2)
    dy2 = (ys - y.unsqueeze(-1)).square().unsqueeze(-1)
    return torch.exp((dx2 + dy2).neg().div(2 * sigma**2))
