"""Wrong and right answers to `select_class_boxes`."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT

# --- mistakes ---------------------------------------------------------------------------------------------------------


@mistake(
    "`boxes[:, labels]` takes, from every image, the boxes of all labels: N boxes an image. Each image has one label "
    "only, its own."
)
def every_label_from_every_image_when_selecting(boxes, labels):
    return boxes[:, labels]


@mistake("You use the labels as numbers of images. The first dimension counts the images; the classes are the second.")
def labels_as_images_when_selecting(boxes, labels):
    return boxes[labels]


@form(labels_as_images_when_selecting)
def labels_as_images_first_class(boxes, labels):
    return boxes[labels, 0]


@form(labels_as_images_when_selecting)
def labels_as_images_and_counting_as_classes(boxes, labels):
    return boxes[labels, torch.arange(len(labels))]


@form(labels_as_images_when_selecting)
def labels_as_images_and_as_classes(boxes, labels):
    return boxes[labels, labels]


@mistake("You take the box of class 0 from every image. Which class an image has, `labels` says.")
def always_the_first_class(boxes, labels):
    return boxes[:, 0]


@mistake("You take the box of the last class from every image. Which class an image has, `labels` says.")
def always_the_last_class(boxes, labels):
    return boxes[:, -1]


@mistake("You take the first label's class from every image. Each image has a label of its own.")
def the_first_label_for_all(boxes, labels):
    return boxes[:, labels[0]]


@form(the_first_label_for_all)
def the_first_label_for_all_by_item(boxes, labels):
    return boxes[:, int(labels[0])] if len(labels) else boxes[:, 0]


@mistake("You average the boxes of all classes. Only the box of the image's own class says something about it.")
def mean_over_the_classes(boxes, labels):
    return boxes.mean(dim=1)


@mistake("You add up the boxes of all classes. Only the box of the image's own class says something about it.")
def sum_over_the_classes(boxes, labels):
    return boxes.sum(dim=1)


@mistake("You count the labels from 1, as if 0 were a background. Here label 0 is the first class.")
def labels_from_one(boxes, labels):
    return boxes[torch.arange(len(labels)), labels - 1]


@form(labels_from_one)
def labels_from_one_clamped(boxes, labels):
    return boxes[torch.arange(len(labels)), (labels - 1).clamp(min=0)]


@mistake("You add 1 to the labels, as if box 0 were a background's. Here box 0 is that of label 0.")
def boxes_from_one(boxes, labels):
    return boxes[torch.arange(len(labels)), labels + 1]


@mistake(
    "Your result still has a dimension of size 1 where the classes were. Each image has one box left, so there is "
    "nothing to count there."
)
def keeps_the_dimension(boxes, labels):
    return boxes.gather(1, labels[:, None, None].expand(-1, 1, 4))


@form(keeps_the_dimension)
def keeps_the_dimension_in_a_loop(boxes, labels):
    return torch.stack([boxes[n, label : label + 1] for n, label in enumerate(labels.tolist())])


@mistake(
    "`.squeeze()` takes away every dimension of size 1, the batch's too if there is one image. Say which dimension "
    "it is to take."
)
def squeezes_everything_when_selecting(boxes, labels):
    return boxes.gather(1, labels.view(-1, 1, 1).expand(-1, -1, 4)).squeeze()


@mistake(
    "`gather` returns as many numbers as its index has, and yours has one an image: so you get the first "
    "coordinate alone."
)
def gathers_one_coordinate(boxes, labels):
    return boxes.gather(1, labels[:, None, None])[:, 0]


@form(gathers_one_coordinate)
def gathers_one_coordinate_and_its_dimension(boxes, labels):
    return boxes.gather(1, labels[:, None, None])


@form(gathers_one_coordinate)
def gathers_one_coordinate_flat(boxes, labels):
    return boxes.gather(1, labels[:, None, None]).flatten()


@mistake(
    "You set the boxes of the other classes to zero and leave them there. One box an image is wanted; the dimension "
    "of the classes has to go."
)
def masks_the_others(boxes, labels):
    return boxes * F.one_hot(labels, boxes.shape[1])[..., None]


@mistake(
    "`one_hot` without a number of classes makes as many columns as the highest label asks for. The classes are as "
    "many as there are boxes, even if the last has no image."
)
def one_hot_of_unknown_width(boxes, labels):
    return (boxes * F.one_hot(labels)[..., None]).sum(dim=1)


@mistake(
    "All of your boxes come from the first image. Each image has boxes of its own; flattened to (N·K, 4), those of "
    "image n start only at row n·K."
)
def forgets_where_an_image_starts(boxes, labels):
    return boxes.reshape(-1, 4)[labels]


@mistake("Flattened, an image's boxes start at row n·K, and you have n·4 or n·N: K is the number of classes.")
def starts_at_another_multiple(boxes, labels):
    return boxes.reshape(-1, 4)[(torch.arange(len(labels)) * 4 + labels) % max(boxes.shape[0] * boxes.shape[1], 1)]


@mistake(
    "You read the numbers as if they lay (N, 4, K) in memory, first every x1, then every y1. They lie box by box: (N, "
    "K, 4)."
)
def coordinate_by_coordinate(boxes, labels):
    count, classes, _ = boxes.shape
    return boxes.reshape(count, 4, classes)[torch.arange(count), :, labels]


@mistake(
    "You go through the labels in sorted order, and so the boxes change places. Row n of the result belongs to image n."
)
def class_by_class(boxes, labels):
    rows = [boxes[labels == k, k] for k in range(boxes.shape[1])]
    return torch.cat(rows)


@form(class_by_class)
def sorted_labels_on_images_in_order(boxes, labels):
    return boxes[torch.arange(len(labels)), labels.sort().values]


@mistake(
    "You take each class once, `labels.unique()`. There is a box for every image, also where several are of one class."
)
def each_class_once(boxes, labels):
    return torch.stack([boxes[(labels == k).nonzero()[0, 0], k] for k in labels.unique()])


@mistake("You choose the largest numbers among the classes, coordinate by coordinate. The labels choose the box.")
def largest_of_the_classes(boxes, labels):
    return boxes.max(dim=1).values


@mistake(NO_GRADIENT)
def detached_when_selecting(boxes, labels):
    return boxes.detach()[torch.arange(len(labels)), labels]


@mistake(
    "You set the boxes of the other classes to zero and then average. One box is left: add up instead, or the zeros "
    "pull it down."
)
def mean_with_zeros_when_selecting(boxes, labels):
    return (boxes * F.one_hot(labels, boxes.shape[1])[..., None]).mean(dim=1)


@mistake(
    "You set the boxes of the other classes to zero and take the largest numbers. Where a coordinate is negative, a "
    "zero wins."
)
def largest_with_zeros(boxes, labels):
    return (boxes * F.one_hot(labels, boxes.shape[1])[..., None]).amax(dim=1)


@mistake("You count the classes where you should count the images: `arange` gets K numbers, and there are N labels.")
def counts_the_classes(boxes, labels):
    return boxes[torch.arange(boxes.shape[1]), labels]


@mistake("In a row of K·4 numbers, the box of class k starts at 4·k. You start at k.")
def starts_at_the_label(boxes, labels):
    rows = boxes.flatten(1)
    return rows.gather(1, (labels[:, None] + torch.arange(4)).clamp(max=rows.shape[1] - 1))


@mistake("You write into `boxes` itself. The caller still needs the boxes of the other classes: work on a copy.")
def clears_the_others_in_place(boxes, labels):
    boxes[torch.arange(boxes.shape[1]) != labels[:, None]] = 0
    return boxes.sum(dim=1)


@form(every_label_from_every_image_when_selecting)
def mean_of_every_label(boxes, labels):
    return boxes[:, labels].mean(dim=1)


@form(every_label_from_every_image_when_selecting)
def mean_of_every_image(boxes, labels):
    return boxes[:, labels].mean(dim=0)


@form(every_label_from_every_image_when_selecting)
def sum_of_every_image(boxes, labels):
    return boxes[:, labels].sum(dim=0)


@form(every_label_from_every_image_when_selecting)
def every_label_of_exchanged_dimensions(boxes, labels):
    return boxes.transpose(0, 1)[labels]


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def by_gather(boxes, labels):
    index = labels.reshape(-1, 1, 1).expand(-1, 1, boxes.shape[-1])
    return torch.gather(boxes, 1, index).squeeze(1)


@variant
def by_a_loop(boxes, labels):
    rows = [boxes[n, labels[n]] for n in range(len(labels))]
    return torch.stack(rows) if rows else boxes.new_zeros(0, 4)


@variant
def by_one_hot(boxes, labels):
    mask = F.one_hot(labels, num_classes=boxes.size(1)).to(boxes.dtype)
    return torch.einsum("nk,nkc->nc", mask, boxes)


@variant
def by_a_matrix_product(boxes, labels):
    mask = (torch.arange(boxes.shape[1]) == labels.unsqueeze(1)).to(boxes.dtype)
    return torch.bmm(mask.unsqueeze(1), boxes).squeeze(1)


@variant
def by_a_boolean_mask(boxes, labels):
    return boxes[torch.arange(boxes.shape[1])[None] == labels[:, None]]


@variant
def by_flat_rows(boxes, labels):
    count, classes, _ = boxes.shape
    return boxes.reshape(count * classes, 4).index_select(0, torch.arange(count) * classes + labels)


@variant
def by_take_along_dim(boxes, labels):
    return boxes.take_along_dim(labels[:, None, None], dim=1)[:, 0]


@variant
def by_the_diagonal(boxes, labels):
    return boxes[:, labels].diagonal(dim1=0, dim2=1).T


@variant
def by_writing_into_a_new_tensor(boxes, labels):
    out = torch.zeros(boxes.shape[0], 4, dtype=boxes.dtype)
    for n, k in enumerate(labels.tolist()):
        out[n] = boxes[n, k]
    return out


@variant
def by_where(boxes, labels):
    out = boxes[:, 0]
    for k in range(1, boxes.shape[1]):
        out = torch.where((labels == k)[:, None], boxes[:, k], out)
    return out
