"""Wrong and right answers to `average_precision`."""

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant


def envelope(precision):
    """Return the highest precision from each place on."""
    return precision.double().flip(0).cummax(dim=0).values.flip(0) if len(precision) else precision.double()


def grid(points):
    """Return so many values from 0 to 1."""
    return [k / (points - 1) for k in range(points)]


def at(recall, values, r, otherwise=0.0):
    """Return the value at the first recall that is at least r."""
    reached = (recall.double() >= r - 1e-6).nonzero()[:, 0]
    return float(values[reached[0]]) if len(reached) else otherwise


def points_of(method):
    """Return the recalls at which a method asks."""
    return grid(101) if method == "coco" else grid(11)


def area(recall, values):
    """Return the area of the rectangles that end at each recall."""
    return float((recall.double().diff(prepend=torch.zeros(1, dtype=torch.float64)) * values).sum())


def by_definition(recall, precision, method, values=None):
    """Return the right answer, or with `values` one that takes them for the envelope."""
    values = envelope(precision) if values is None else values
    if method == "area":
        return area(recall, values)
    points = points_of(method)
    return sum(at(recall, values, r) for r in points) / len(points)


# --- mistakes: the envelope -------------------------------------------------------------------------------------------


@mistake(
    "You take the precision as it is. At a recall r the *highest* precision counts that is reached at any recall of at least r."
)
def no_envelope(recall, precision, method="coco"):
    return by_definition(recall, precision, method, precision.double())


@mistake(
    "Your envelope runs from the left: it is the highest precision *so far*. It has to be the highest from here *on*, at any larger recall."
)
def envelope_from_the_left(recall, precision, method="coco"):
    values = precision.double().cummax(dim=0).values if len(precision) else precision.double()
    return by_definition(recall, precision, method, values)


@mistake("You take the *lowest* precision from each place on. The envelope is the highest.")
def lowest_from_here_on(recall, precision, method="coco"):
    values = precision.double().flip(0).cummin(dim=0).values.flip(0) if len(precision) else precision.double()
    return by_definition(recall, precision, method, values)


@mistake("You sort the precisions. Each belongs to its place; the envelope is the highest from each place on.")
def sorted_precisions(recall, precision, method="coco"):
    return by_definition(recall, precision, method, precision.double().sort(descending=True).values)


@mistake("Your envelope compares neighbours only. The highest precision may come much later in the list.")
def envelope_of_neighbours(recall, precision, method="coco"):
    values = precision.double()
    values = torch.maximum(values, torch.cat([values[1:], values.new_zeros(1)])) if len(values) else values
    return by_definition(recall, precision, method, values)


@mistake("You take the same highest precision everywhere. Only what is reached at a recall of at least r counts at r.")
def highest_of_all(recall, precision, method="coco"):
    top = precision.double().max() if len(precision) else torch.zeros(())
    return by_definition(recall, precision, method, top.expand(len(precision)))


@mistake(
    "The area has no envelope in your function. Since VOC 2010 too, the precision at r is the highest at any recall of at least r."
)
def area_without_envelope(recall, precision, method="coco"):
    return by_definition(recall, precision, method, precision.double() if method == "area" else None)


@mistake(
    "The mean over recalls has no envelope in your function. There too, the precision at r is the highest at any recall of at least r."
)
def points_without_envelope(recall, precision, method="coco"):
    return by_definition(recall, precision, method, precision.double() if method != "area" else None)


# --- mistakes: beyond the end -----------------------------------------------------------------------------------------


@mistake(
    "You take the mean over those recalls only that are reached. Where recall ends below r the precision is 0, and counts."
)
def mean_over_what_is_reached(recall, precision, method="coco"):
    if method == "area" or not len(recall):
        return by_definition(recall, precision, method)
    reached = [r for r in points_of(method) if r <= float(recall[-1]) + 1e-6]
    return sum(at(recall, envelope(precision), r) for r in reached) / max(len(reached), 1)


@mistake(
    "Beyond the highest recall you go on with the last precision. Nothing reaches these recalls: there the precision is 0."
)
def goes_on_beyond_the_end(recall, precision, method="coco"):
    if not len(recall):
        return 0.0
    values = envelope(precision)
    if method == "area":
        return area(recall, values) + float((1 - recall[-1].double()) * values[-1])
    points = points_of(method)
    return sum(at(recall, values, r, float(values[-1])) for r in points) / len(points)


@form(goes_on_beyond_the_end)
def goes_on_beyond_the_end_of_the_points(recall, precision, method="coco"):
    if method == "area" or not len(recall):
        return by_definition(recall, precision, method)
    return goes_on_beyond_the_end(recall, precision, method)


@mistake("You divide the area by the highest recall. It is the area from 0 to 1, also where the curve ends earlier.")
def area_over_the_highest_recall(recall, precision, method="coco"):
    result = by_definition(recall, precision, method)
    return result / float(recall[-1]) if method == "area" and len(recall) and recall[-1] > 0 else result


# --- mistakes: the points ---------------------------------------------------------------------------------------------


@mistake("You ask at 11 recalls for `coco`, too. COCO's definition has 101: 0, 0.01, …, 1.")
def eleven_for_coco(recall, precision, method="coco"):
    return by_definition(recall, precision, "voc11" if method == "coco" else method)


@mistake("You ask at 101 recalls for `voc11`, too. VOC's old definition has 11: 0, 0.1, …, 1.")
def hundred_for_voc11(recall, precision, method="coco"):
    return by_definition(recall, precision, "coco" if method == "voc11" else method)


@mistake("Your recalls end before 1: `arange(0, 1, …)` leaves the last out. There are 11, or 101, both ends included.")
def one_point_missing(recall, precision, method="coco"):
    if method == "area":
        return by_definition(recall, precision, method)
    points = points_of(method)[:-1]
    return sum(at(recall, envelope(precision), r) for r in points) / len(points)


@mistake(
    "At r = 1 your precision is 0 even where recall gets there. *At least* r includes a recall of exactly r, and r = 1 is among those that are asked for."
)
def one_point_missing_of_eleven(recall, precision, method="coco"):
    if method == "area":
        return by_definition(recall, precision, method)
    points = points_of(method)
    return sum(at(recall, envelope(precision), r) for r in points[:-1]) / len(points)


@mistake("Your recalls begin after 0. There are 11, or 101, both ends included.")
def begins_after_zero(recall, precision, method="coco"):
    if method == "area":
        return by_definition(recall, precision, method)
    points = points_of(method)[1:]
    return sum(at(recall, envelope(precision), r) for r in points) / len(points)


@mistake("You divide by 10, or by 100. From 0 to 1, both ends included, there are 11 recalls, or 101.")
def divides_by_one_less(recall, precision, method="coco"):
    result = by_definition(recall, precision, method)
    return result if method == "area" else result * len(points_of(method)) / (len(points_of(method)) - 1)


@mistake("You add up the precisions and forget to divide by how many recalls there are.")
def sum_over_the_points(recall, precision, method="coco"):
    result = by_definition(recall, precision, method)
    return result if method == "area" else result * len(points_of(method))


@mistake("You take the last recall that is *at most* r. What counts is reached at a recall of at least r.")
def last_recall_below(recall, precision, method="coco"):
    if method == "area" or not len(recall):
        return by_definition(recall, precision, method)
    points, values, total = points_of(method), envelope(precision), 0.0
    for r in points:
        below = (recall.double() <= r + 1e-6).nonzero()[:, 0]
        total += float(values[below[-1]]) if len(below) else float(values[0])
    return total / len(points)


@form(last_recall_below)
def last_recall_below_or_nothing(recall, precision, method="coco"):
    if method == "area" or not len(recall):
        return by_definition(recall, precision, method)
    points, values, total = points_of(method), envelope(precision), 0.0
    for r in points:
        below = (recall.double() <= r + 1e-6).nonzero()[:, 0]
        total += float(values[below[-1]]) if len(below) else 0.0
    return total / len(points)


@mistake(
    "You look for the highest precision at any recall of *at most* r. It is the other side that counts: at least r."
)
def highest_at_most(recall, precision, method="coco"):
    if method == "area" or not len(recall):
        return by_definition(recall, precision, method)
    points = points_of(method)
    below = [precision[recall.double() <= r + 1e-6] for r in points]
    return sum(float(some.max()) if len(some) else 0.0 for some in below) / len(points)


@mistake(
    "You put a straight line between the points of the curve. Between two of them the precision at r is that of the next: a staircase."
)
def straight_lines(recall, precision, method="coco"):
    if method == "area" or not len(recall):
        return by_definition(recall, precision, method)
    values = np.interp(points_of(method), recall.numpy(), envelope(precision).numpy(), right=0.0)
    return float(values.mean())


@form(straight_lines)
def straight_lines_without_envelope(recall, precision, method="coco"):
    if method == "area" or not len(recall):
        return by_definition(recall, precision, method)
    return float(np.interp(points_of(method), recall.numpy(), precision.numpy(), right=0.0).mean())


@form(straight_lines)
def straight_lines_beyond_the_end(recall, precision, method="coco"):
    if method == "area" or not len(recall):
        return by_definition(recall, precision, method)
    return float(np.interp(points_of(method), recall.numpy(), envelope(precision).numpy()).mean())


# --- mistakes: the area -----------------------------------------------------------------------------------------------


@mistake(
    "Your area is one of trapezoids, with slopes between the points. The curve is a staircase: rectangles as high as the envelope."
)
def trapezoids(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    return float(torch.trapezoid(envelope(precision), recall.double()))


@form(trapezoids)
def trapezoids_from_zero(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    values = envelope(precision)
    return float(torch.trapezoid(torch.cat([values[:1], values]), torch.cat([torch.zeros(1), recall]).double()))


@form(trapezoids)
def trapezoids_without_envelope(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    return float(torch.trapezoid(precision.double(), recall.double()))


@form(trapezoids)
def trapezoids_from_zero_without_envelope(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    values, start = precision.double(), torch.zeros(1)
    return float(torch.trapezoid(torch.cat([values[:1], values]), torch.cat([start, recall]).double()))


@mistake("Your area begins at the first recall. It begins at 0: the first step is a rectangle, too.")
def first_step_missing(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    return float((recall.double().diff() * envelope(precision)[1:]).sum())


@mistake("Each step of recall is as high as the point *before* it. It is as high as the envelope where the step ends.")
def height_before_the_step(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    values = envelope(precision)
    return area(recall, torch.cat([values[:1], values[:-1]]))


@form(height_before_the_step)
def height_before_the_step_from_nothing(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    values = envelope(precision)
    return float((recall.double().diff() * values[:-1]).sum())


@mistake(
    "Your area is the mean of the precisions. How far recall moves between two of them has to weigh in; a wrong detection does not move it."
)
def mean_of_the_precisions(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    return float(precision.double().mean())


@form(mean_of_the_precisions)
def mean_of_the_envelope(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    return float(envelope(precision).mean())


@form(mean_of_the_precisions)
def mean_of_the_precisions_always(recall, precision, method="coco"):
    return float(precision.double().mean()) if len(recall) else 0.0


@form(mean_of_the_precisions)
def mean_of_the_envelope_always(recall, precision, method="coco"):
    return float(envelope(precision).mean()) if len(recall) else 0.0


@mistake(
    "You take the mean of the precisions where recall rises. That divides by what was found, and forgets the targets that nobody found."
)
def mean_where_recall_rises(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    rises = recall.diff(prepend=torch.zeros(1, dtype=recall.dtype)) > 0
    return float(envelope(precision)[rises].mean()) if rises.any() else 0.0


@form(mean_where_recall_rises)
def mean_precision_where_recall_rises(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    rises = recall.diff(prepend=torch.zeros(1, dtype=recall.dtype)) > 0
    return float(precision.double()[rises].mean()) if rises.any() else 0.0


# --- mistakes: which definition ---------------------------------------------------------------------------------------


@mistake("You compute the area whatever `method` says. `coco` and `voc11` are means over given recalls.")
def always_the_area(recall, precision, method="coco"):
    return by_definition(recall, precision, "area")


@mistake("You always take COCO's 101 recalls, whatever `method` says. There are three definitions.")
def always_coco(recall, precision, method="coco"):
    return by_definition(recall, precision, "coco")


@mistake("You always take VOC's 11 recalls, whatever `method` says. There are three definitions.")
def always_voc11(recall, precision, method="coco"):
    return by_definition(recall, precision, "voc11")


@mistake("Called without `method` your function computes another definition than COCO's, which is the default here.")
def another_default(recall, precision, method="area"):
    return by_definition(recall, precision, method)


@form(another_default)
def default_of_voc11(recall, precision, method="voc11"):
    return by_definition(recall, precision, method)


@mistake("`coco` and `area` are one to you. COCO's is a mean over 101 recalls, the area has no gaps.")
def coco_as_area(recall, precision, method="coco"):
    return by_definition(recall, precision, "area" if method == "coco" else method)


@form(coco_as_area)
def area_as_coco(recall, precision, method="coco"):
    return by_definition(recall, precision, "coco" if method == "area" else method)


@mistake("`recall` and `precision` are exchanged in your function. The first argument is recall.")
def exchanged_arguments(recall, precision, method="coco"):
    return by_definition(precision, recall, method)


# --- mistakes: nothing, and what is returned --------------------------------------------------------------------------


@mistake("Without a detection your function fails. Nothing was found then: 0.")
def fails_without_a_curve(recall, precision, method="coco"):
    values = precision.double().flip(0).cummax(dim=0).values.flip(0)
    top = float(values[0])
    return by_definition(recall, precision, method) if top else 0.0


@mistake("Without a detection you return NaN. Nothing was found then: 0.")
def nan_without_a_curve(recall, precision, method="coco"):
    return by_definition(recall, precision, method) if len(recall) else float("nan")


@mistake("Without a detection you return 1. Nothing was found then: 0.")
def one_without_a_curve(recall, precision, method="coco"):
    return by_definition(recall, precision, method) if len(recall) else 1.0


@mistake("Your result is in percent. A number from 0 to 1 is wanted.")
def average_in_percent(recall, precision, method="coco"):
    return 100 * by_definition(recall, precision, method)


@mistake("You return the precisions that are to be averaged. One number is wanted, their mean.")
def the_precisions_themselves(recall, precision, method="coco"):
    if method == "area":
        return recall.double().diff(prepend=torch.zeros(1, dtype=torch.float64)) * envelope(precision)
    return torch.tensor([at(recall, envelope(precision), r) for r in points_of(method)])


@form(the_precisions_themselves)
def the_envelope_itself(recall, precision, method="coco"):
    return envelope(precision).to(precision.dtype)


@mistake("You overwrite `precision` with its envelope. The caller still needs it: work on a copy.")
def overwrites_precision(recall, precision, method="coco"):
    for k in range(len(precision) - 2, -1, -1):
        precision[k] = max(precision[k], precision[k + 1])
    return by_definition(recall, precision, method)


@mistake(
    "You take the mean over the detections, or over single recalls of the curve, for `coco` and `voc11`. The recalls at which it is asked are given: 101, or 11."
)
def mean_over_the_curve_for_points(recall, precision, method="coco"):
    if method == "area" or not len(recall):
        return by_definition(recall, precision, method)
    return float(envelope(precision).mean())


@form(mean_over_the_curve_for_points)
def mean_of_precision_for_points(recall, precision, method="coco"):
    if method == "area" or not len(recall):
        return by_definition(recall, precision, method)
    return float(precision.double().mean())


# --- mistakes: seen later ---------------------------------------------------------------------------------------------


@form(envelope_from_the_left)
def envelope_from_the_left_for_the_area(recall, precision, method="coco"):
    return (envelope_from_the_left if method == "area" else by_definition)(recall, precision, method)


@form(envelope_from_the_left)
def envelope_from_the_left_for_the_points(recall, precision, method="coco"):
    return (by_definition if method == "area" else envelope_from_the_left)(recall, precision, method)


@form(envelope_from_the_left)
def envelope_from_the_left_to_the_end(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    top = precision.double().cummax(dim=0).values
    return area(torch.cat([recall, torch.ones(1)]), torch.cat([top, top[-1:]]))


@form(trapezoids)
def trapezoids_from_zero_to_one(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    at_end, values = torch.tensor([0.0, 1.0], dtype=torch.float64), envelope(precision)
    places = torch.cat([at_end[:1], recall.double(), at_end[1:]])
    return float(torch.trapezoid(torch.cat([at_end[1:], values, at_end[:1]]), places))


@form(trapezoids)
def trapezoids_to_one_without_envelope(recall, precision, method="coco"):
    if method != "area" or not len(recall):
        return by_definition(recall, precision, method)
    at_end = torch.tensor([0.0, 1.0], dtype=torch.float64)
    places = torch.cat([at_end[:1], recall.double(), at_end[1:]])
    return float(torch.trapezoid(torch.cat([at_end[1:], precision.double(), at_end[:1]]), places))


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def from_the_definition(recall, precision, method="coco"):
    def p(r):
        reached = precision[recall >= r]
        return reached.max().item() if len(reached) else 0.0

    if method == "voc11":
        return sum(p(k / 10) for k in range(11)) / 11
    if method == "coco":
        return sum(p(k / 100) for k in range(101)) / 101
    total, before = 0.0, 0.0
    for r in recall.unique().tolist():
        total += (r - before) * p(r)
        before = r
    return total


@variant
def as_voc_code_does(recall, precision, method="coco"):
    rec, prec = recall.numpy(), precision.numpy()
    if method == "area":
        mrec = np.concatenate(([0.0], rec, [1.0]))
        mpre = np.concatenate(([0.0], prec, [0.0]))
        for i in range(mpre.size - 1, 0, -1):
            mpre[i - 1] = np.maximum(mpre[i - 1], mpre[i])
        i = np.where(mrec[1:] != mrec[:-1])[0]
        return float(np.sum((mrec[i + 1] - mrec[i]) * mpre[i + 1]))
    ap = 0.0
    points = 11 if method == "voc11" else 101
    for t in np.linspace(0, 1, points):
        ap += (0 if np.sum(rec >= t) == 0 else np.max(prec[rec >= t])) / points
    return float(ap)


@variant
def as_coco_code_does(recall, precision, method="coco"):
    if method == "area":
        return area(recall, envelope(precision))
    rec_thrs = np.linspace(0.0, 1.0, 101 if method == "coco" else 11)
    pr, q = precision.tolist(), np.zeros(len(rec_thrs))
    for i in range(len(pr) - 1, 0, -1):
        if pr[i] > pr[i - 1]:
            pr[i - 1] = pr[i]
    for ri, pi in enumerate(np.searchsorted(recall.numpy(), rec_thrs, side="left")):
        if pi < len(pr):
            q[ri] = pr[pi]
    return torch.tensor(q.mean())


@variant
def a_table_of_comparisons(recall, precision, method="coco"):
    if recall.numel() == 0:
        return torch.tensor(0.0)
    if method == "area":
        best = torch.stack([precision[k:].max() for k in range(len(precision))])
        return (torch.diff(recall, prepend=recall.new_zeros(1)) * best).sum()
    r = torch.linspace(0, 1, {"coco": 101, "voc11": 11}[method], dtype=recall.dtype)
    return torch.where(recall >= r[:, None], precision, torch.zeros_like(precision)).amax(dim=1).mean()


@variant
def backwards_in_plain_python(recall, precision, method="coco"):
    curve = list(zip(recall.tolist(), precision.tolist(), strict=True))
    stairs, best = [], 0.0
    for r, p in reversed(curve):
        best = max(best, p)
        stairs.insert(0, (r, best))
    if method == "area":
        ends = [0.0] + [r for r, _ in stairs]
        return sum((r - before) * p for before, (r, p) in zip(ends, stairs, strict=False))
    steps = 100 if method == "coco" else 10
    return sum(next((p for r, p in stairs if r >= k / steps), 0.0) for k in range(steps + 1)) / (steps + 1)


@variant
def as_a_number_of_numpy(recall, precision, method="coco"):
    value = by_definition(recall, precision, method)
    return np.float64(value)
