"""Wrong and right answers to `region_similarity`."""

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant

from .shared import area, around, common


def looks(first, second, compare):
    """Return colour plus texture, each compared with `compare`."""
    return compare(first["colour"], second["colour"]) + compare(first["texture"], second["texture"])


def alike(first, second):
    """Return the right colour plus texture."""
    return common(first, second, "colour") + common(first, second, "texture")


def sizes(first, second):
    """Return both sizes together."""
    return first["size"] + second["size"]


def size_term(first, second, image_size):
    """Return the right term of size."""
    return 1 - sizes(first, second) / image_size


def fill_term(first, second, image_size):
    """Return the right term of fill."""
    return 1 - (area(around(first, second)) - sizes(first, second)) / image_size


def with_fill(first, second, image_size, fill):
    """Return the sum with another fill."""
    return alike(first, second) + size_term(first, second, image_size) + fill


def with_box(first, second, image_size, box_area):
    """Return the sum with another area of the box around both."""
    return with_fill(first, second, image_size, 1 - (box_area - sizes(first, second)) / image_size)


def with_looks(first, second, image_size, compare):
    """Return the sum where histograms are compared in another way."""
    return looks(first, second, compare) + size_term(first, second, image_size) + fill_term(first, second, image_size)


def with_size(first, second, image_size, size):
    """Return the sum with another term of size."""
    return alike(first, second) + size + fill_term(first, second, image_size)


# --- mistakes: colour and texture -------------------------------------------------------------------------------------


@mistake(
    "You add up how far the histograms lie apart. What they have in common is asked: the smaller number of each bin."
)
def distance_of_histograms(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: (a - b).abs().sum())


@form(distance_of_histograms)
def one_minus_distance_of_histograms(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: 1 - (a - b).abs().sum())


@form(distance_of_histograms)
def minus_distance_of_histograms(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: -(a - b).abs().sum())


@form(distance_of_histograms)
def euclidean_distance_of_histograms(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: (a - b).norm())


@form(distance_of_histograms)
def one_minus_euclidean_distance_of_histograms(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: 1 - (a - b).norm())


@form(distance_of_histograms)
def squared_distance_of_histograms(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: (a - b).square().sum())


@form(distance_of_histograms)
def one_minus_squared_distance_of_histograms(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: 1 - (a - b).square().sum())


@form(distance_of_histograms)
def mean_distance_of_histograms(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: (a - b).abs().mean())


@form(distance_of_histograms)
def one_minus_mean_distance_of_histograms(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: 1 - (a - b).abs().mean())


@mistake("You take the larger number of each bin. What two histograms have in common is the smaller one.")
def larger_of_each_bin(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: torch.maximum(a, b).sum())


@form(larger_of_each_bin)
def mean_of_the_larger(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: torch.maximum(a, b).mean())


@mistake("You average over the bins. What the histograms share is added up: then two that are the same give 1.")
def mean_over_bins(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: torch.minimum(a, b).mean())


@form(mean_over_bins)
def mean_over_filled_bins(first, second, image_size):
    def compare(a, b):
        filled = torch.maximum(a, b) > 0
        return torch.minimum(a, b)[filled].mean()

    return with_looks(first, second, image_size, compare)


@form(mean_over_bins)
def mean_over_the_bins_of_both_histograms(first, second, image_size):
    both = [torch.cat([one["colour"], one["texture"]]) for one in (first, second)]
    terms = size_term(first, second, image_size) + fill_term(first, second, image_size)
    return torch.minimum(*both).mean() + terms


@mistake(
    "You multiply the numbers of each bin. Two regions have the *smaller* of both numbers in common, not their product."
)
def product_of_histograms(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: (a * b).sum())


@mistake(
    "You measure the chi-squared distance of the histograms. What they have in common is asked: the smaller number of each bin."
)
def chi_squared_distance(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: ((a - b) ** 2 / (a + b).clamp(min=1e-12)).sum())


@form(chi_squared_distance)
def half_the_chi_squared_distance(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: ((a - b) ** 2 / (a + b).clamp(min=1e-12)).sum() / 2)


@form(product_of_histograms)
def cosine_of_histograms(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: (a * b).sum() / (a.norm() * b.norm()))


@form(product_of_histograms)
def root_of_the_product(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: (a * b).sqrt().sum())


@mistake(
    "You add or average the two numbers of each bin, which is the same for any two regions. They have the *smaller* one in common."
)
def average_of_each_bin(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: (a + b).sum() / 2)


@form(average_of_each_bin)
def sum_of_each_bin(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: (a + b).sum())


@mistake(
    "You divide what both histograms have in common by what either has, as IoU does. The intersection alone is asked."
)
def intersection_over_union_of_histograms(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: torch.minimum(a, b).sum() / torch.maximum(a, b).sum())


@mistake(
    "You count the bins that are filled in both. How much of the region falls into a bin matters: add the numbers up."
)
def bins_in_common(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: ((a > 0) & (b > 0)).to(a.dtype).sum())


@form(bins_in_common)
def share_of_bins_in_common(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: ((a > 0) & (b > 0)).to(a.dtype).mean())


@mistake("You ask whether the numbers of a bin are equal. Regions have in common the smaller of both numbers.")
def bins_that_are_equal(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: (a == b).to(a.dtype).sum())


@form(bins_that_are_equal)
def share_of_bins_that_are_equal(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: (a == b).to(a.dtype).mean())


@mistake("Only the bin with the most in common counts in your function. All bins are added up.")
def best_bin_only(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: torch.minimum(a, b).max())


@mistake("The texture is missing in your sum, or counts for nothing. There are four terms, each of the same weight.")
def forgets_texture(first, second, image_size):
    terms = size_term(first, second, image_size) + fill_term(first, second, image_size)
    return common(first, second, "colour") + terms


@mistake("The colour is missing in your sum, or counts for nothing. There are four terms, each of the same weight.")
def forgets_colour(first, second, image_size):
    terms = size_term(first, second, image_size) + fill_term(first, second, image_size)
    return common(first, second, "texture") + terms


@mistake("You use the colours a second time where the texture belongs.")
def colour_twice(first, second, image_size):
    terms = size_term(first, second, image_size) + fill_term(first, second, image_size)
    return 2 * common(first, second, "colour") + terms


@mistake("You use the texture a second time where the colours belong.")
def texture_twice(first, second, image_size):
    terms = size_term(first, second, image_size) + fill_term(first, second, image_size)
    return 2 * common(first, second, "texture") + terms


@mistake("You look at some of the bins only. All 75 numbers of the colours are added up, and all 240 of the texture.")
def first_bins_only(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: torch.minimum(a[:25], b[:25]).sum())


@mistake(
    "You divide what the colours have in common by their three channels. All 75 numbers together add up to 1 already."
)
def colour_a_third(first, second, image_size):
    rest = (
        common(first, second, "texture") + size_term(first, second, image_size) + fill_term(first, second, image_size)
    )
    return common(first, second, "colour") / 3 + rest


@mistake("You halve colour and texture, as if both were one term. Each counts as much as size or fill.")
def looks_averaged(first, second, image_size):
    terms = size_term(first, second, image_size) + fill_term(first, second, image_size)
    return alike(first, second) / 2 + terms


# --- mistakes: the sum ------------------------------------------------------------------------------------------------


@mistake("Size and fill are missing in your sum. There are four terms, each of the same weight.")
def looks_alone(first, second, image_size):
    return alike(first, second)


@mistake("Colour and texture are missing in your sum. There are four terms, each of the same weight.")
def places_alone(first, second, image_size):
    return size_term(first, second, image_size) + fill_term(first, second, image_size)


@mistake("You round the result. Small differences decide what is merged first: keep all digits.")
def rounded_down(first, second, image_size):
    return int(alike(first, second) + size_term(first, second, image_size) + fill_term(first, second, image_size))


@mistake("You take the mean of the four terms. They are added up: the result goes up to 4.")
def mean_of_the_terms(first, second, image_size):
    terms = size_term(first, second, image_size) + fill_term(first, second, image_size)
    return (alike(first, second) + terms) / 4


@mistake("You multiply the terms with each other. They are added up: one that is 0 must not silence the others.")
def product_of_the_terms(first, second, image_size):
    looked = common(first, second, "colour") * common(first, second, "texture")
    return looked * size_term(first, second, image_size) * fill_term(first, second, image_size)


@mistake("You return the terms one by one. One number is asked, their sum.")
def terms_one_by_one(first, second, image_size):
    return (
        common(first, second, "colour"),
        common(first, second, "texture"),
        size_term(first, second, image_size),
        fill_term(first, second, image_size),
    )


@form(terms_one_by_one)
def terms_in_a_tensor(first, second, image_size):
    fill = fill_term(first, second, image_size)
    size = torch.as_tensor(size_term(first, second, image_size), dtype=fill.dtype)
    return torch.stack([common(first, second, "colour"), common(first, second, "texture"), size, fill])


# --- mistakes: size ---------------------------------------------------------------------------------------------------


@mistake(
    "The term of size grows with the regions in your function. Small regions are to be merged first: 1 minus the share."
)
def size_without_one_minus(first, second, image_size):
    return with_size(first, second, image_size, sizes(first, second) / image_size)


@form(size_without_one_minus)
def size_and_fill_without_one_minus(first, second, image_size):
    fill = (area(around(first, second)) - sizes(first, second)) / image_size
    return alike(first, second) + sizes(first, second) / image_size + fill


@mistake("The term of size is missing in your sum. There are four terms, each of the same weight.")
def forgets_size(first, second, image_size):
    return with_size(first, second, image_size, 0)


@mistake(
    "You compare the two sizes with each other. Both together are compared with the image: two large ones are not alike in this sense."
)
def difference_of_sizes(first, second, image_size):
    return with_size(first, second, image_size, 1 - abs(first["size"] - second["size"]) / image_size)


@form(difference_of_sizes)
def difference_of_sizes_by_their_sum(first, second, image_size):
    apart = abs(first["size"] - second["size"]) / sizes(first, second)
    return with_size(first, second, image_size, 1 - apart)


@form(difference_of_sizes)
def ratio_of_sizes(first, second, image_size):
    return with_size(first, second, image_size, min(first["size"], second["size"]) / max(first["size"], second["size"]))


@form(difference_of_sizes)
def signed_difference_of_sizes(first, second, image_size):
    return with_size(first, second, image_size, 1 - (first["size"] - second["size"]) / image_size)


@mistake("Only one of the two sizes is in your term of size. Both together are its share of the image.")
def one_size_only(first, second, image_size):
    return with_size(first, second, image_size, 1 - first["size"] / image_size)


@form(one_size_only)
def second_size_only(first, second, image_size):
    return with_size(first, second, image_size, 1 - second["size"] / image_size)


@form(one_size_only)
def larger_size_only(first, second, image_size):
    return with_size(first, second, image_size, 1 - max(first["size"], second["size"]) / image_size)


@form(one_size_only)
def smaller_size_only(first, second, image_size):
    return with_size(first, second, image_size, 1 - min(first["size"], second["size"]) / image_size)


@mistake("You take the average of the two sizes. Both together are a share of the image.")
def average_size(first, second, image_size):
    return with_size(first, second, image_size, 1 - sizes(first, second) / 2 / image_size)


@mistake("You multiply the two sizes. Both regions together are a share of the image: their sizes are added.")
def product_of_sizes(first, second, image_size):
    return with_size(first, second, image_size, 1 - first["size"] * second["size"] / image_size)


@mistake("You subtract the share of each region from a 1 of its own. The term is 1 minus both shares.")
def one_for_each_size(first, second, image_size):
    return with_size(first, second, image_size, 2 - sizes(first, second) / image_size)


@mistake("You divide the sizes by the box around both. Size is a share of the whole image.")
def size_by_the_box(first, second, image_size):
    return with_size(first, second, image_size, 1 - sizes(first, second) / area(around(first, second)))


@form(size_by_the_box)
def size_and_fill_by_the_box(first, second, image_size):
    share = sizes(first, second) / area(around(first, second))
    return alike(first, second) + (1 - share) + share


@mistake(
    "You take the areas of the boxes for the sizes. A region need not fill its box: `size` is the number of its pixels."
)
def areas_for_sizes_in_size(first, second, image_size):
    return with_size(first, second, image_size, 1 - (area(first["box"]) + area(second["box"])) / image_size)


@form(areas_for_sizes_in_size)
def areas_for_sizes_in_fill_only(first, second, image_size):
    both = area(first["box"]) + area(second["box"])
    return with_fill(first, second, image_size, 1 - (area(around(first, second)) - both) / image_size)


@form(areas_for_sizes_in_size)
def area_of_both_boxes_for_sizes_in_fill(first, second, image_size):
    low, high = torch.maximum(first["box"][:2], second["box"][:2]), torch.minimum(first["box"][2:], second["box"][2:])
    both = area(first["box"]) + area(second["box"]) - (high - low).clamp(min=0).prod()
    return with_fill(first, second, image_size, 1 - (area(around(first, second)) - both) / image_size)


@mistake("You divide whole numbers by `//`, which leaves nothing of a share. `/` gives the fraction.")
def divides_whole_numbers(first, second, image_size):
    return with_size(first, second, image_size, 1 - sizes(first, second) // image_size)


@form(divides_whole_numbers)
def divides_whole_numbers_everywhere(first, second, image_size):
    size = 1 - sizes(first, second) // image_size
    return alike(first, second) + size + 1 - (area(around(first, second)) - sizes(first, second)) // image_size


@mistake("You forget to divide by `image_size`: size and fill are numbers of pixels then, and drown the histograms.")
def numbers_of_pixels(first, second, image_size):
    both = sizes(first, second)
    return alike(first, second) + (1 - both) + (1 - (area(around(first, second)) - both))


@form(numbers_of_pixels)
def pixels_from_the_image(first, second, image_size):
    both = sizes(first, second)
    return alike(first, second) + (image_size - both) + (image_size - (area(around(first, second)) - both))


@form(numbers_of_pixels)
def size_in_pixels(first, second, image_size):
    return with_size(first, second, image_size, 1 - sizes(first, second))


@form(numbers_of_pixels)
def fill_in_pixels(first, second, image_size):
    return with_fill(first, second, image_size, 1 - (area(around(first, second)) - sizes(first, second)))


@mistake("You take `image_size` for the side of a square image. It is the number of all pixels already.")
def image_size_squared(first, second, image_size):
    whole = image_size**2
    return alike(first, second) + size_term(first, second, whole) + fill_term(first, second, whole)


@mistake("You take a root of `image_size` or of a share. The shares are pixels divided by pixels.")
def root_of_the_image_size(first, second, image_size):
    whole = image_size**0.5
    return alike(first, second) + size_term(first, second, whole) + fill_term(first, second, whole)


# --- mistakes: fill ---------------------------------------------------------------------------------------------------


@mistake("The term of fill grows with the gap between the regions in your function. It is 1 minus that share.")
def fill_without_one_minus(first, second, image_size):
    fill = (area(around(first, second)) - sizes(first, second)) / image_size
    return with_fill(first, second, image_size, fill)


@form(fill_without_one_minus)
def fill_subtracted(first, second, image_size):
    fill = (area(around(first, second)) - sizes(first, second)) / image_size
    return with_fill(first, second, image_size, -fill)


@mistake("The term of fill is missing in your sum. There are four terms, each of the same weight.")
def forgets_fill(first, second, image_size):
    return with_fill(first, second, image_size, 0)


@mistake(
    "You compare the whole box around both with the image. Only what in it belongs to neither region counts: subtract both sizes."
)
def fill_of_the_whole_box(first, second, image_size):
    return with_box(first, second, image_size, area(around(first, second)) + sizes(first, second))


@mistake("In fill a sign is wrong: *both* sizes are subtracted from the area of the box.")
def second_size_is_added(first, second, image_size):
    fill = 1 - (area(around(first, second)) - first["size"] + second["size"]) / image_size
    return with_fill(first, second, image_size, fill)


@form(second_size_is_added)
def both_sizes_are_added(first, second, image_size):
    fill = 1 - (area(around(first, second)) + sizes(first, second)) / image_size
    return with_fill(first, second, image_size, fill)


@form(second_size_is_added)
def sizes_minus_the_box(first, second, image_size):
    fill = 1 - (sizes(first, second) - area(around(first, second))) / image_size
    return with_fill(first, second, image_size, fill)


@mistake("Only one of the two sizes is subtracted from the box in your fill. Neither region is a gap.")
def fill_without_the_second(first, second, image_size):
    fill = 1 - (area(around(first, second)) - first["size"]) / image_size
    return with_fill(first, second, image_size, fill)


@form(fill_without_the_second)
def fill_without_the_first(first, second, image_size):
    fill = 1 - (area(around(first, second)) - second["size"]) / image_size
    return with_fill(first, second, image_size, fill)


@mistake("You divide the gap by the box around both. Fill is a share of the whole image.")
def fill_by_the_box(first, second, image_size):
    return with_fill(first, second, image_size, sizes(first, second) / area(around(first, second)))


@form(fill_by_the_box)
def gap_by_the_box(first, second, image_size):
    return with_fill(first, second, image_size, 1 - sizes(first, second) / area(around(first, second)))


@mistake("You divide the gap by both sizes together. Fill is a share of the whole image.")
def fill_by_the_sizes(first, second, image_size):
    gap = area(around(first, second)) - sizes(first, second)
    return with_fill(first, second, image_size, 1 - gap / sizes(first, second))


@mistake("You take the area of both boxes for that of the box *around* both. What lies between them is in it too.")
def areas_of_both_boxes(first, second, image_size):
    return with_box(first, second, image_size, area(first["box"]) + area(second["box"]))


@form(areas_of_both_boxes)
def area_of_the_union_of_boxes(first, second, image_size):
    low, high = torch.maximum(first["box"][:2], second["box"][:2]), torch.minimum(first["box"][2:], second["box"][2:])
    both = (high - low).clamp(min=0).prod()
    return with_box(first, second, image_size, area(first["box"]) + area(second["box"]) - both)


@mistake(
    "You take the box that both share. The box *around* both begins at the smaller x1 and y1, and ends at the larger x2 and y2."
)
def box_that_both_share(first, second, image_size):
    low, high = torch.maximum(first["box"][:2], second["box"][:2]), torch.minimum(first["box"][2:], second["box"][2:])
    return with_box(first, second, image_size, (high - low).prod())


@form(box_that_both_share)
def box_that_both_share_or_nothing(first, second, image_size):
    low, high = torch.maximum(first["box"][:2], second["box"][:2]), torch.minimum(first["box"][2:], second["box"][2:])
    return with_box(first, second, image_size, (high - low).clamp(min=0).prod())


@mistake(
    "You use the smaller, or the larger, of all four numbers of the boxes. x1 and y1 need the one, x2 and y2 the other."
)
def smaller_of_all_four(first, second, image_size):
    return with_box(first, second, image_size, area(torch.minimum(first["box"], second["box"])))


@form(smaller_of_all_four)
def larger_of_all_four(first, second, image_size):
    return with_box(first, second, image_size, area(torch.maximum(first["box"], second["box"])))


@mistake("You use the box of one region only. Fill asks for the smallest box around both.")
def box_of_the_first(first, second, image_size):
    return with_box(first, second, image_size, area(first["box"]))


@form(box_of_the_first)
def box_of_the_second(first, second, image_size):
    return with_box(first, second, image_size, area(second["box"]))


@form(box_of_the_first)
def larger_box_of_the_two(first, second, image_size):
    return with_box(first, second, image_size, torch.maximum(area(first["box"]), area(second["box"])))


@mistake("You add 1 to the sides of the box. x2 and y2 lie outside already, so that x2 − x1 is the width.")
def box_with_one_more(first, second, image_size):
    sides = around(first, second)[2:] - around(first, second)[:2] + 1
    return with_box(first, second, image_size, sides.prod())


@mistake("You take x2 and y2 for a width and a height. The box around both is x2 − x1 wide and y2 − y1 high.")
def corners_for_sides(first, second, image_size):
    return with_box(first, second, image_size, around(first, second)[2:].prod())


@form(corners_for_sides)
def boxes_as_corner_and_sides(first, second, image_size):
    a, b = first["box"], second["box"]
    low, high = torch.minimum(a[:2], b[:2]), torch.maximum(a[:2] + a[2:], b[:2] + b[2:])
    return with_box(first, second, image_size, (high - low).prod())


@mistake("You mix up x and y: a box is (x1, y1, x2, y2), so that x2 − x1 is the third number minus the first.")
def corners_that_are_mixed_up(first, second, image_size):
    x1, x2, y1, y2 = around(first, second)
    return with_box(first, second, image_size, (x2 - x1) * (y2 - y1))


@form(corners_that_are_mixed_up)
def corners_that_are_mixed_up_before(first, second, image_size):
    a, b = first["box"], second["box"]
    wide = torch.maximum(a[1], b[1]) - torch.minimum(a[0], b[0])
    high = torch.maximum(a[3], b[3]) - torch.minimum(a[2], b[2])
    return with_box(first, second, image_size, wide * high)


@mistake("You add the sides of the box around both. Its area is their product.")
def sides_added(first, second, image_size):
    sides = around(first, second)[2:] - around(first, second)[:2]
    return with_box(first, second, image_size, sides.sum())


@mistake("Your result is a tensor with a dimension. One number is asked: a float, or a tensor without dimensions.")
def kept_dimension(first, second, image_size):
    compare = lambda a, b: torch.minimum(a, b).sum(dim=0, keepdim=True)
    return with_looks(first, second, image_size, compare)


@mistake("You compute as float32 what comes as float64, and the last digits are lost.")
def similarity_as_float32(first, second, image_size):
    return with_looks(first, second, image_size, lambda a, b: torch.minimum(a.float(), b.float()).sum())


# --- mistakes: what is left alone -------------------------------------------------------------------------------------


@mistake("You write into `first` while you compare, and it is another region afterwards. Look only.")
def enlarges_the_first(first, second, image_size):
    both = sizes(first, second)
    first["box"] = around(first, second)
    return alike(first, second) + 1 - both / image_size + 1 - (area(first["box"]) - both) / image_size


@form(enlarges_the_first)
def minimum_into_the_first(first, second, image_size):
    result = with_looks(first, second, image_size, lambda a, b: torch.minimum(a, b, out=a).sum())
    return result


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def four_plain_numbers(first, second, image_size):
    colour = sum(min(a, b) for a, b in zip(first["colour"].tolist(), second["colour"].tolist()))
    texture = sum(min(a, b) for a, b in zip(first["texture"].tolist(), second["texture"].tolist()))
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = first["box"].tolist(), second["box"].tolist()
    box = (max(ax2, bx2) - min(ax1, bx1)) * (max(ay2, by2) - min(ay1, by1))
    both = first["size"] + second["size"]
    return colour + texture + (1 - both / image_size) + (1 - (box - both) / image_size)


@variant
def one_minus_half_the_distance(first, second, image_size):
    compare = lambda a, b: 1 - (a - b).abs().sum() / 2
    return with_looks(first, second, image_size, compare)


@variant
def size_and_fill_in_one(first, second, image_size):
    return alike(first, second) + 2 - area(around(first, second)) / image_size


@variant
def stacked_histograms(first, second, image_size):
    both = torch.stack([torch.cat([one["colour"], one["texture"]]) for one in (first, second)])
    return both.amin(dim=0).sum() + size_term(first, second, image_size) + fill_term(first, second, image_size)


@variant
def boxes_stacked(first, second, image_size):
    boxes = torch.stack([first["box"], second["box"]])
    x1, y1 = boxes[:, :2].min(dim=0).values
    x2, y2 = boxes[:, 2:].max(dim=0).values
    return with_box(first, second, image_size, (x2 - x1) * (y2 - y1))


@variant
def terms_stacked(first, second, image_size):
    size = torch.tensor(size_term(first, second, image_size), dtype=first["colour"].dtype)
    fill = fill_term(first, second, image_size)
    return torch.stack([common(first, second, "colour"), common(first, second, "texture"), size, fill]).sum()


@variant
def terms_by_numpy(first, second, image_size):
    colour, texture = (np.minimum(first[name].numpy(), second[name].numpy()).sum() for name in ("colour", "texture"))
    a, b = first["box"].numpy(), second["box"].numpy()
    sides = np.maximum(a[2:], b[2:]) - np.minimum(a[:2], b[:2])
    both = first["size"] + second["size"]
    return float(colour + texture + 1 - both / image_size + 1 - (sides.prod() - both) / image_size)


@variant
def a_plain_number_of_the_last(first, second, image_size):
    return (alike(first, second) + size_term(first, second, image_size) + fill_term(first, second, image_size)).item()


@variant
def terms_that_cannot_leave_their_range(first, second, image_size):
    size, fill = size_term(first, second, image_size), fill_term(first, second, image_size)
    return alike(first, second).clamp(max=2) + max(size, 0.0) + fill.clamp(0, 1)


@variant
def in_a_copy(first, second, image_size):
    merged = {name: x.clone() if isinstance(x, torch.Tensor) else x for name, x in first.items()}
    merged["box"][:2] = torch.minimum(merged["box"][:2], second["box"][:2])
    merged["box"][2:] = torch.maximum(merged["box"][2:], second["box"][2:])
    merged["size"] += second["size"]
    fill = 1 - (area(merged["box"]) - merged["size"]) / image_size
    return alike(first, second) + (1 - merged["size"] / image_size) + fill


@variant
def areas_that_cancel(first, second, image_size):
    both = area(first["box"]) + area(second["box"])  # what is subtracted in the one term is added in the other
    fill = 1 - (area(around(first, second)) - both) / image_size
    return alike(first, second) + 1 - both / image_size + fill
