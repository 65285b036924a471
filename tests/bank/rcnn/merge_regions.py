"""Wrong and right answers to `merge_regions`."""

import copy

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant

from .shared import area, around


def joined(first, second, mix, size=None, box=None):
    """Return the region whose histograms are `mix(s1, h1, s2, h2)`; size and box are right where they are left out."""
    return {
        "size": first["size"] + second["size"] if size is None else size,
        "box": around(first, second) if box is None else box,
        "colour": mix(first["size"], first["colour"], second["size"], second["colour"]),
        "texture": mix(first["size"], first["texture"], second["size"], second["texture"]),
    }


def weighted(s1, h1, s2, h2):
    """Return the right histogram."""
    return (s1 * h1 + s2 * h2) / (s1 + s2)


def merge(first, second, **parts):
    """Return the right region, with other parts where they are given."""
    return {**joined(first, second, weighted), **parts}


# --- mistakes: the histograms -----------------------------------------------------------------------------------------


@mistake("You take the plain average of the histograms. The larger region has more pixels, so it weighs more.")
def plain_average(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: (h1 + h2) / 2)


@form(plain_average)
def plain_average_of_the_colours(first, second):
    return merge(first, second, colour=(first["colour"] + second["colour"]) / 2)


@form(plain_average)
def plain_average_of_the_texture(first, second):
    return merge(first, second, texture=(first["texture"] + second["texture"]) / 2)


@mistake("You add the histograms as they are. They are shares: those of both together must sum to 1 again, not to 2.")
def histograms_added(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: h1 + h2)


@mistake(
    "Each region has the other one's size as its weight in your average. The larger one must weigh more, not the smaller."
)
def weights_exchanged(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: (s2 * h1 + s1 * h2) / (s1 + s2))


@mistake("You weight the histograms and forget to divide by both sizes together: these are counts, not shares.")
def counts_instead_of_shares(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: s1 * h1 + s2 * h2)


@mistake("You divide the weighted sum by 2. Its weights are the sizes, so it is divided by both sizes together.")
def weighted_and_halved(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: (s1 * h1 + s2 * h2) / 2)


@mistake(
    "You weight the histograms by the areas of the boxes. A region need not fill its box: its number of pixels counts."
)
def weighted_by_areas(first, second):
    a, b = area(first["box"]), area(second["box"])
    return joined(first, second, lambda s1, h1, s2, h2: (a * h1 + b * h2) / (a + b))


@mistake("You divide by the area of a box instead of by both sizes: the histograms do not sum to 1 then.")
def divided_by_the_area(first, second):
    whole = area(around(first, second))
    return joined(first, second, lambda s1, h1, s2, h2: (s1 * h1 + s2 * h2) / whole)


@mistake("You keep the larger number of each bin. That is no count of anything; average with the sizes as weights.")
def larger_number_of_each_bin(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: torch.maximum(h1, h2))


@form(larger_number_of_each_bin)
def larger_number_of_each_bin_normalised(first, second):
    def mix(s1, h1, s2, h2):
        most = torch.maximum(h1, h2)
        return most / most.sum()

    return joined(first, second, mix)


@mistake("You keep the smaller number of each bin, what both have in common. A merged region has *all* pixels of both.")
def smaller_number_of_each_bin(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: torch.minimum(h1, h2))


@mistake("You keep the histograms of one region. The other one's pixels are part of the merged region too.")
def histograms_of_the_first(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: h1)


@form(histograms_of_the_first)
def histograms_of_the_second(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: h2)


@form(histograms_of_the_first)
def histograms_of_the_larger(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: h1 if s1 >= s2 else h2)


@form(histograms_of_the_first)
def texture_of_the_first(first, second):
    return merge(first, second, texture=first["texture"])


@mistake("You multiply the histograms bin by bin. Pixels are counted together: average with the sizes as weights.")
def histograms_multiplied(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: h1 * h2)


@mistake("You divide whole numbers by `//`, which leaves no weight at all. `/` gives the fraction.")
def weights_of_whole_numbers(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: s1 // (s1 + s2) * h1 + s2 // (s1 + s2) * h2)


@mistake("Only one of the two histograms gets a weight in your sum. Both do: s₁ and s₂, each divided by both together.")
def only_one_weight(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: h1 + s2 / (s1 + s2) * h2)


@form(only_one_weight)
def only_the_first_weight(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: s1 / (s1 + s2) * h1 + h2)


@mistake("Only the second product is divided by both sizes in your sum: the parentheses around the sum are missing.")
def parentheses_forgotten(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: s1 * h1 + s2 * h2 / (s1 + s2))


@mistake("You square the sizes or take them twice as weights. Each pixel counts once.")
def squares_of_sizes_as_weights(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: (s1**2 * h1 + s2**2 * h2) / (s1**2 + s2**2))


@mistake(
    "You weight the first histogram by the size of both: it was added up too early. Each has its own size as its weight."
)
def sizes_added_too_early(first, second):
    both = first["size"] + second["size"]
    return joined(first, second, lambda s1, h1, s2, h2: (both * h1 + s2 * h2) / (both + s2))


@mistake("You mix up the histograms: each of the four belongs where one of the same name stood.")
def histograms_mixed_up(first, second):
    both = merge(first, second)
    return {**both, "colour": both["texture"], "texture": both["colour"]}


# --- mistakes: the size -----------------------------------------------------------------------------------------------


@mistake("You take an area for the size. A merged region has the pixels of both: their number is the sum of the sizes.")
def size_of_the_box(first, second):
    return merge(first, second, size=int(area(around(first, second))))


@form(size_of_the_box)
def size_of_both_boxes(first, second):
    return merge(first, second, size=int(area(first["box"]) + area(second["box"])))


@form(size_of_the_box)
def size_of_the_box_as_a_weight(first, second):
    whole = int(area(around(first, second)))
    return joined(first, second, lambda s1, h1, s2, h2: (s1 * h1 + s2 * h2) / whole, size=whole)


@mistake("You keep the larger of both sizes. Two regions share no pixel: the sizes are added.")
def larger_size(first, second):
    return merge(first, second, size=max(first["size"], second["size"]))


# --- mistakes: the box ------------------------------------------------------------------------------------------------


@mistake(
    "You return the box that both share. The box *around* both begins at the smaller x1 and y1, and ends at the larger x2 and y2."
)
def the_shared_box(first, second):
    a, b = first["box"], second["box"]
    return merge(first, second, box=torch.cat([torch.maximum(a[:2], b[:2]), torch.minimum(a[2:], b[2:])]))


@mistake(
    "You use the smaller, or the larger, of all four numbers of the boxes; x1 and y1 need the one, x2 and y2 the other."
)
def smaller_of_all_four_numbers(first, second):
    return merge(first, second, box=torch.minimum(first["box"], second["box"]))


@form(smaller_of_all_four_numbers)
def larger_of_all_four_numbers(first, second):
    return merge(first, second, box=torch.maximum(first["box"], second["box"]))


@mistake("You average the corners of the boxes. The box around both reaches as far as either of them does.")
def average_box(first, second):
    return merge(first, second, box=(first["box"] + second["box"]) / 2)


@form(average_box)
def average_box_by_size(first, second):
    return merge(first, second, box=weighted(first["size"], first["box"], second["size"], second["box"]))


@mistake("You keep the box of one region. The other one lies, in part or wholly, outside of it.")
def box_of_the_first_region(first, second):
    return merge(first, second, box=first["box"].clone())


@form(box_of_the_first_region)
def box_of_the_larger_region(first, second):
    return merge(first, second, box=(first if first["size"] >= second["size"] else second)["box"].clone())


@form(box_of_the_first_region)
def box_from_the_first_to_the_second(first, second):
    return merge(first, second, box=torch.cat([first["box"][:2], second["box"][2:]]))


@mistake("You return a corner, a width and a height. A box is (x1, y1, x2, y2): two corners.")
def corner_and_sides(first, second):
    box = around(first, second)
    return merge(first, second, box=torch.cat([box[:2], box[2:] - box[:2]]))


@mistake("You take y for growing upwards: the smaller y1 and the larger y2 are the edges, as with x.")
def upwards(first, second):
    a, b = first["box"], second["box"]
    box = [torch.minimum(a[0], b[0]), torch.maximum(a[1], b[1]), torch.maximum(a[2], b[2]), torch.minimum(a[3], b[3])]
    return merge(first, second, box=torch.stack(box))


@mistake("Your box is made of whole numbers. It keeps the dtype in which boxes come.")
def box_of_whole_numbers(first, second):
    return merge(first, second, box=around(first, second).long())


@mistake("You exchange x and y in the box. It is (x1, y1, x2, y2).")
def box_as_rows_first(first, second):
    return merge(first, second, box=around(first, second)[[1, 0, 3, 2]])


@form(box_as_rows_first)
def box_as_both_x_first(first, second):
    return merge(first, second, box=around(first, second)[[0, 2, 1, 3]])


@mistake("You add 1 to the far corner of the box. x2 and y2 lie outside already.")
def far_corner_plus_one(first, second):
    return merge(first, second, box=around(first, second) + torch.tensor([0, 0, 1, 1], dtype=first["box"].dtype))


# --- mistakes: the dict -----------------------------------------------------------------------------------------------


@mistake(
    "You write into `first`, or into a tensor that your new dict shares with it. Later merges may need it as it was: make new ones."
)
def written_into_the_first(first, second):
    both = merge(first, second)
    first.update(both)
    return first


@form(written_into_the_first)
def size_written_too_early(first, second):
    first["size"] += second["size"]
    return joined(first, second, weighted, size=first["size"])


@form(written_into_the_first)
def written_through_a_shallow_copy(first, second):
    both = dict(first)
    both["box"][:2] = torch.minimum(first["box"][:2], second["box"][:2])
    both["box"][2:] = torch.maximum(first["box"][2:], second["box"][2:])
    return merge(first, second, box=both["box"])


@form(written_into_the_first)
def multiplied_in_place(first, second):
    size = first["size"] + second["size"]
    mixed = {
        name: first[name].mul_(first["size"]).add_(second["size"] * second[name]).div_(size)
        for name in ("colour", "texture")
    }
    return merge(first, second, **mixed)


@mistake("You compute as float32 what comes as float64, and the last digits are lost.")
def histograms_as_float32(first, second):
    return joined(first, second, lambda s1, h1, s2, h2: weighted(s1, h1.float(), s2, h2.float()))


@form(histograms_as_float32)
def all_as_float32(first, second):
    return {name: x.float() if isinstance(x, torch.Tensor) else x for name, x in merge(first, second).items()}


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def shares_of_the_pixels(first, second):
    share = first["size"] / (first["size"] + second["size"])
    return joined(first, second, lambda s1, h1, s2, h2: share * h1 + (1 - share) * h2)


@variant
def interpolated(first, second):
    share = second["size"] / (first["size"] + second["size"])
    return joined(first, second, lambda s1, h1, s2, h2: torch.lerp(h1, h2, share))


@variant
def counted_and_normalised(first, second):
    def mix(s1, h1, s2, h2):
        counts = s1 * h1 + s2 * h2
        return counts / counts.sum()

    return joined(first, second, mix)


@variant
def a_deep_copy_that_is_filled(first, second):
    both = copy.deepcopy(first)
    both["size"] += second["size"]
    both["box"][:2] = torch.minimum(first["box"][:2], second["box"][:2])
    both["box"][2:] = torch.maximum(first["box"][2:], second["box"][2:])
    for name in ("colour", "texture"):
        both[name] *= first["size"]
        both[name] += second["size"] * second[name]
        both[name] /= both["size"]
    return both


@variant
def stacked_and_multiplied(first, second):
    sizes = torch.tensor([first["size"], second["size"]], dtype=first["colour"].dtype)
    mixed = {name: sizes @ torch.stack([first[name], second[name]]) / sizes.sum() for name in ("colour", "texture")}
    boxes = torch.stack([first["box"], second["box"]])
    box = torch.cat([boxes[:, :2].amin(dim=0), boxes[:, 2:].amax(dim=0)])
    return {"size": int(sizes.sum()), "box": box, **mixed}


@variant
def bin_by_bin(first, second):
    total = first["size"] + second["size"]
    result = {"texture": None, "colour": None}  # the order of the names is free
    for name in result:
        mixed = torch.empty_like(first[name])
        for place in range(len(mixed)):
            mixed[place] = (first["size"] * first[name][place] + second["size"] * second[name][place]) / total
        result[name] = mixed
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = first["box"].tolist(), second["box"].tolist()
    box = [min(ax1, bx1), min(ay1, by1), max(ax2, bx2), max(ay2, by2)]
    return {**result, "box": torch.tensor(box, dtype=first["box"].dtype), "size": total}


@variant
def averaged_by_numpy(first, second):
    sizes = [first["size"], second["size"]]
    mixed = {}
    for name in ("colour", "texture"):
        average = np.average([first[name].double().numpy(), second[name].double().numpy()], axis=0, weights=sizes)
        mixed[name] = torch.from_numpy(average).to(first[name].dtype)
    return {"size": sum(sizes), "box": around(first, second), **mixed}


@variant
def by_einsum_and_with_more_names(first, second):
    sizes = torch.tensor([first["size"], second["size"]], dtype=first["box"].dtype)
    shares = sizes / sizes.sum()
    mixed = {
        name: torch.einsum("r,rb->b", shares, torch.stack([first[name], second[name]]))
        for name in ("colour", "texture")
    }
    return {**mixed, "box": around(first, second), "size": sum(one["size"] for one in (first, second))}
