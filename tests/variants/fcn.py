"""Right answers to the exercises of chapter 02 that look nothing like the reference. Every check must accept them."""

import copy
import math
from collections import Counter
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograde.building.bank import variant

# --- pixel_cross_entropy ----------------------------------------------------------------------------------------------


@variant("pixel_cross_entropy")
def loss_by_loops(logits, target, ignore_index=255):
    total, count = logits.sum() * 0, 0
    for n, i, j in product(*map(range, target.shape)):
        label = int(target[n, i, j])
        if label != ignore_index:
            scores = logits[n, :, i, j]
            total = total + torch.logsumexp(scores, dim=0) - scores[label]
            count += 1
    return total / max(count, 1)


@variant("pixel_cross_entropy")
def loss_by_logsumexp(scores: Tensor, labels: Tensor, void: int = 255) -> Tensor:
    counted = labels != void
    right = scores.gather(1, torch.where(counted, labels, 0).unsqueeze(1)).squeeze(1)
    each = torch.logsumexp(scores, dim=1) - right
    return torch.where(counted, each, torch.zeros_like(each)).sum() / max(int(counted.sum()), 1)


@variant("pixel_cross_entropy")
def loss_by_one_hot(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = F.one_hot(target.masked_fill(~counted, 0), logits.shape[1]).permute(0, 3, 1, 2)
    each = -(chosen * F.log_softmax(logits, dim=1)).sum(dim=1) * counted
    return each.sum() / counted.sum().clamp(min=1)


@variant("pixel_cross_entropy")
def loss_of_a_list_of_pixels(logits, target, ignore_index=255):
    rows = logits.permute(0, 2, 3, 1).reshape(-1, logits.shape[1])
    labels = target.reshape(-1)
    counted = labels != ignore_index
    if not counted.any():
        return logits.sum() * 0
    rows, labels = rows[counted], labels[counted]
    return -rows.log_softmax(dim=-1)[torch.arange(len(labels)), labels].mean()


@variant("pixel_cross_entropy")
def loss_by_mean_where_it_can(logits, target, ignore_index=255):
    counted = target != ignore_index
    log_p = nn.LogSoftmax(dim=1)(logits).movedim(1, -1)[counted]  # (pixels, K)
    if counted.sum() == 0:
        return log_p.sum() + 0.0 * logits.sum()
    return -torch.take_along_dim(log_p, target[counted][:, None], dim=1).mean()


@variant("pixel_cross_entropy")
def loss_with_the_maximum_taken_off(logits, target, ignore_index=255):
    shifted = logits - logits.max(dim=1, keepdim=True).values.detach()
    normaliser = shifted.exp().sum(dim=1).log()
    counted = target.ne(ignore_index)
    labels = target.clone()
    labels[~counted] = 0
    each = normaliser - shifted.gather(1, labels[:, None])[:, 0]
    return (each * counted.to(each.dtype)).sum() / counted.sum().clamp_min(1)


@variant("pixel_cross_entropy")
def loss_by_einsum(logits, target, ignore_index=255):
    classes = torch.arange(logits.shape[1], device=target.device).view(1, -1, 1, 1)
    hits = ((target[:, None] == classes) & (target[:, None] != ignore_index)).to(logits.dtype)
    total = -torch.einsum("nkhw,nkhw->", hits, logits.log_softmax(1))
    return total / torch.clamp((target != ignore_index).sum(), min=1)


@variant("pixel_cross_entropy")
def loss_an_image_at_a_time(logits, target, ignore_index=255):
    sums, count = [logits.sum() * 0], 0
    for scores, labels in zip(logits, target, strict=True):
        keep = labels != ignore_index
        picked = scores.log_softmax(0)[:, keep]
        sums.append(-picked[labels[keep], torch.arange(picked.shape[1])].sum())
        count += int(keep.sum())
    return torch.stack(sums).sum() / max(count, 1)


@variant("pixel_cross_entropy")
def loss_in_float64(logits, target, ignore_index=255):
    counted = target != ignore_index
    labels = target * counted  # 0 where it is ignored
    log_p = torch.log_softmax(logits.double(), dim=1)
    each = -log_p.gather(1, labels.unsqueeze(1)).squeeze(1)
    each = torch.where(counted, each, 0.0)
    return (each.sum() / counted.sum().clamp(min=1)).to(logits.dtype)


@variant("pixel_cross_entropy")
def loss_by_clamped_labels(logits, target, ignore_index=255):
    mask = (target != ignore_index).to(logits.dtype)
    labels = target.clamp(0, logits.shape[1] - 1)
    losses = F.log_softmax(logits, dim=1).neg().gather(dim=1, index=labels[:, None, :, :]).squeeze(1)
    total = mask.sum()
    return (losses * mask).sum() / total if total > 0 else (losses * mask).sum()


@variant("pixel_cross_entropy")
def loss_of_each_class(logits, target, ignore_index=255):
    log_p = torch.log_softmax(logits, dim=1)
    total = log_p.sum() * 0
    for k in range(logits.shape[1]):
        if k != ignore_index:
            total = total - log_p[:, k][target == k].sum()
    return total / (target != ignore_index).sum().clamp(min=1)


@variant("pixel_cross_entropy")
def loss_by_margins(logits, target, ignore_index=255):
    counted = target != ignore_index
    right = logits.gather(1, target.masked_fill(~counted, 0)[:, None])
    each = (logits - right).logsumexp(dim=1)
    return each[counted].sum() / max(counted.count_nonzero().item(), 1)


@variant("pixel_cross_entropy")
def loss_by_nansum(logits, target, ignore_index=255):
    counted = target != ignore_index
    labels = torch.where(counted, target, torch.zeros_like(target))
    each = -logits.log_softmax(1).gather(1, labels[:, None])[:, 0]
    weights = counted.to(logits.dtype) / max(counted.sum().item(), 1)
    return torch.sum(weights * each)


@variant("pixel_cross_entropy")
def loss_by_binary_parts(logits, target, ignore_index=255):
    """Cross-entropy as the binary one of the softmax's odds: −log σ(log p / (1 − p)), in float64."""
    counted = target != ignore_index
    classes = torch.arange(logits.shape[1])[:, None, None]
    hit = target[:, None] == classes
    wide = logits.double()
    if logits.shape[1] == 1:
        return (wide * 0).sum().to(logits.dtype)
    others = torch.where(hit, -math.inf, wide).logsumexp(dim=1)
    right = torch.where(hit, wide, 0.0).sum(dim=1)
    odds = torch.where(counted, right - others, 0.0)
    each = F.binary_cross_entropy_with_logits(odds, torch.ones_like(odds), reduction="none")
    return (torch.where(counted, each, 0.0).sum() / counted.sum().clamp(min=1)).to(logits.dtype)


# --- confusion_matrix -------------------------------------------------------------------------------------------------


@variant("confusion_matrix")
def counts_in_a_loop(pred, target, num_classes, ignore_index=255):
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for p, t in zip(pred.flatten().tolist(), target.flatten().tolist(), strict=True):
        if t != ignore_index:
            matrix[t, p] += 1
    return matrix


@variant("confusion_matrix")
def counts_each_pair(prediction: Tensor, truth: Tensor, k: int, void: int = 255) -> Tensor:
    kept = truth != void
    cells = [((truth == i) & (prediction == j) & kept).sum() for i in range(k) for j in range(k)]
    return torch.stack(cells).view(k, k)


@variant("confusion_matrix")
def counts_by_one_hot(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    rows = F.one_hot(target[counted], num_classes)
    columns = F.one_hot(pred[counted], num_classes)
    return rows.T @ columns


@variant("confusion_matrix")
def counts_by_einsum(pred, target, num_classes, ignore_index=255):
    classes = torch.arange(num_classes)
    rows = (target.reshape(-1, 1) == classes) & (target.reshape(-1, 1) != ignore_index)
    columns = pred.reshape(-1, 1) == classes
    return torch.einsum("pi,pj->ij", rows.double(), columns.double()).round().long()


@variant("confusion_matrix")
def counts_by_accumulating(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.long)
    one = torch.ones((), dtype=torch.long)
    return matrix.index_put_((target[counted], pred[counted]), one, accumulate=True)


@variant("confusion_matrix")
def counts_by_scatter(pred, target, num_classes, ignore_index=255):
    flat, labels = target.reshape(-1), pred.reshape(-1)
    counted = (flat != ignore_index).long()
    cells = flat.masked_fill(flat == ignore_index, 0) * num_classes + labels
    matrix = torch.zeros(num_classes * num_classes, dtype=torch.long)
    return matrix.scatter_add(0, cells, counted).reshape(num_classes, num_classes)


@variant("confusion_matrix")
def counts_in_an_extra_cell(pred, target, num_classes, ignore_index=255):
    cells = torch.where(target == ignore_index, num_classes**2, target * num_classes + pred)
    return cells.flatten().bincount(minlength=num_classes**2 + 1)[:-1].unflatten(0, (num_classes, num_classes))


@variant("confusion_matrix")
def counts_with_numpy(pred, target, num_classes, ignore_index=255):
    pred, target = pred.numpy().ravel(), target.numpy().ravel()
    matrix = np.zeros((num_classes, num_classes), dtype=np.int64)
    np.add.at(matrix, (target[target != ignore_index], pred[target != ignore_index]), 1)
    return torch.from_numpy(matrix)


@variant("confusion_matrix")
def counts_with_a_counter(pred, target, num_classes, ignore_index=255):
    pairs = Counter(zip(target.reshape(-1).tolist(), pred.reshape(-1).tolist(), strict=True))
    rows = [[pairs[i, j] if i != ignore_index else 0 for j in range(num_classes)] for i in range(num_classes)]
    return torch.tensor(rows)


@variant("confusion_matrix")
def counts_each_row(pred, target, num_classes, ignore_index=255):
    rows = [
        torch.bincount(pred[(target == k) & (target != ignore_index)], minlength=num_classes)
        for k in range(num_classes)
    ]
    return torch.stack(rows)


@variant("confusion_matrix")
def counts_by_a_sparse_matrix(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    places = torch.stack([target[counted], pred[counted]])
    ones = torch.ones(places.shape[1], dtype=torch.long)
    return torch.sparse_coo_tensor(places, ones, (num_classes, num_classes)).to_dense()


@variant("confusion_matrix")
def counts_by_histogram(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    cells = (target[counted] * num_classes + pred[counted]).double()
    bins = num_classes**2
    return torch.histc(cells, bins=bins, min=-0.5, max=bins - 0.5).long().view(num_classes, num_classes)


@variant("confusion_matrix")
def counts_by_unique(pred, target, num_classes, ignore_index=255):
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for i, j, count in _pairs(pred, target):
        if i != ignore_index:
            matrix[i, j] = count
    return matrix


def _pairs(pred, target):
    pairs = torch.stack([target.reshape(-1), pred.reshape(-1)], dim=1)
    if len(pairs) == 0:
        return []
    values, counts = torch.unique(pairs, dim=0, return_counts=True)
    return [(*value, count) for value, count in zip(values.tolist(), counts.tolist(), strict=True)]


@variant("confusion_matrix")
def counts_with_columns_first(pred, target, num_classes, ignore_index=255):
    counted = (target != ignore_index).reshape(-1)
    cells = pred.reshape(-1)[counted] * num_classes + target.reshape(-1)[counted]
    return torch.bincount(cells, minlength=num_classes**2).reshape(num_classes, -1).T


# --- mean_iou ---------------------------------------------------------------------------------------------------------


@variant("mean_iou")
def iou_in_a_loop(confusion):
    ious = []
    for k in range(len(confusion)):
        intersection = confusion[k, k].item()
        union = confusion[k].sum().item() + confusion[:, k].sum().item() - intersection
        if union > 0:
            ious.append(intersection / union)
    return sum(ious) / len(ious) if ious else float("nan")


@variant("mean_iou")
def iou_as_a_tensor(confusion):
    hits = confusion.diagonal()
    union = confusion.sum(0) + confusion.sum(1) - hits
    return (hits / union)[union != 0].mean()


@variant("mean_iou")
def iou_by_nanmean(confusion):
    matrix = confusion.double()
    hits = torch.diag(matrix)
    return (hits / (matrix.sum(dim=0) + matrix.sum(dim=1) - hits)).nanmean()


@variant("mean_iou")
def iou_of_true_and_false_positives(confusion):
    tp = confusion.diag().float()
    fp = confusion.sum(dim=0).float() - tp
    fn = confusion.sum(dim=1).float() - tp
    present = (tp + fp + fn) > 0
    if not present.any():
        return torch.tensor(float("nan"))
    return torch.mean(tp[present] / (tp[present] + fp[present] + fn[present]))


@variant("mean_iou")
def iou_with_numpy(confusion):
    matrix = confusion.numpy().astype(np.float64)
    with np.errstate(invalid="ignore"):
        ious = np.diag(matrix) / (matrix.sum(0) + matrix.sum(1) - np.diag(matrix))
    kept = ious[~np.isnan(ious)]
    return kept.mean() if len(kept) else math.nan


@variant("mean_iou")
def iou_in_numpys_float32(confusion):
    matrix = confusion.numpy()
    union = matrix.sum(0) + matrix.sum(1) - matrix.diagonal()
    kept = union > 0
    return np.float32(np.mean(matrix.diagonal()[kept] / union[kept])) if kept.any() else np.float32("nan")


@variant("mean_iou")
def iou_by_weights(confusion):
    hits = torch.diagonal(confusion).double()
    union = confusion.sum(dim=0) + confusion.sum(dim=1) - torch.diagonal(confusion)
    present = (union > 0).double()
    return ((hits / union.clamp(min=1)) * present).sum() / present.sum()


@variant("mean_iou")
def iou_by_trace_of_parts(confusion):
    k = confusion.shape[0]
    eye = torch.eye(k, dtype=torch.bool)
    each = []
    for c in range(k):
        touches = eye[c][:, None] | eye[c][None, :]
        union = int(confusion[touches].sum())
        if union:
            each.append(float(confusion[c, c]) / union)
    return torch.tensor(each).mean()


@variant("mean_iou")
def iou_from_dice(confusion):
    """IoU = D / (2 − D), where D is the Dice coefficient."""
    twice = 2 * confusion.diag().double()
    sizes = confusion.sum(0) + confusion.sum(1)
    dice = (twice / sizes)[sizes > 0]
    return (dice / (2 - dice)).mean().item()


@variant("mean_iou")
def iou_without_absent_rows_and_columns(confusion):
    anywhere = confusion.sum(0) + confusion.sum(1) > 0
    small = confusion[anywhere][:, anywhere].to(torch.float64)
    if small.numel() == 0:
        return small.new_tensor(math.nan)
    hits = small.diag()
    return (hits / (small.sum(0) + small.sum(1) - hits)).sum() / len(hits)


# --- activation_bytes -------------------------------------------------------------------------------------------------


@variant("activation_bytes")
def bytes_of_a_real_run(network, image_shape, bytes_per_number=4):
    x = torch.zeros(*image_shape)
    total = 0
    with torch.no_grad():
        for layer in copy.deepcopy(network):
            x = layer(x)
            total += x.numel() * bytes_per_number
    return total


@variant("activation_bytes")
def bytes_by_hooks(network: nn.Sequential, shape: tuple[int, ...], size: int = 4) -> int:
    numbers = []
    training = network.training
    network.eval()
    handles = [
        layer.register_forward_hook(lambda layer, inputs, output: numbers.append(output.numel())) for layer in network
    ]
    network(torch.rand(shape))
    for handle in handles:
        handle.remove()
    network.train(training)
    return size * sum(numbers)


@variant("activation_bytes")
def bytes_by_formula(network, image_shape, bytes_per_number=4):
    n, c, h, w = image_shape
    total = 0
    for layer in network:
        if isinstance(layer, nn.Upsample):
            h, w = int(h * layer.scale_factor), int(w * layer.scale_factor)
        elif isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d | nn.ConvTranspose2d):
            (kh, kw), (sh, sw), (ph, pw), (dh, dw) = (
                (value, value) if isinstance(value, int) else value
                for value in (layer.kernel_size, layer.stride, layer.padding, getattr(layer, "dilation", 1))
            )
            round_ = math.ceil if getattr(layer, "ceil_mode", False) else math.floor
            if isinstance(layer, nn.ConvTranspose2d):
                h = (h - 1) * sh - 2 * ph + dh * (kh - 1) + layer.output_padding[0] + 1
                w = (w - 1) * sw - 2 * pw + dw * (kw - 1) + layer.output_padding[1] + 1
            else:
                h = round_((h + 2 * ph - dh * (kh - 1) - 1) / sh) + 1
                w = round_((w + 2 * pw - dw * (kw - 1) - 1) / sw) + 1
            c = getattr(layer, "out_channels", c)
        total += n * c * h * w
    return total * bytes_per_number


@variant("activation_bytes")
def bytes_on_the_meta_device(network, image_shape, bytes_per_number=4):
    x = torch.empty(image_shape, device="meta")
    total = 0
    for layer in copy.deepcopy(network).to("meta"):
        x = layer(x)
        total += math.prod(x.shape)
    return total * bytes_per_number


@variant("activation_bytes")
def bytes_of_growing_networks(network, image_shape, bytes_per_number=4):
    x = torch.zeros(image_shape)
    network = copy.deepcopy(network).eval()
    return sum(network[: depth + 1](x).numel() for depth in range(len(network))) * bytes_per_number


@variant("activation_bytes")
def bytes_of_one_image_times_the_batch(network, image_shape, bytes_per_number=4):
    x = torch.zeros(1, *image_shape[1:])
    total = 0
    for layer in copy.deepcopy(network).eval().children():
        x = layer(x).detach()
        total += x.numel()
    return image_shape[0] * total * bytes_per_number


@variant("activation_bytes")
def bytes_with_fake_tensors(network, image_shape, bytes_per_number=4):
    outputs = []
    with torch.device("meta"):
        x = torch.zeros(tuple(image_shape))
    for layer in network:
        own = {name: tensor.to("meta") for name, tensor in layer.state_dict().items()}
        x = torch.func.functional_call(layer, own, (x,))
        outputs.append(x)
    return torch.tensor(sum(x.numel() for x in outputs) * bytes_per_number)


@variant("activation_bytes")
def bytes_with_the_state_put_back(network, image_shape, bytes_per_number=4):
    before = copy.deepcopy(network.state_dict())
    x, total = torch.rand(image_shape), 0
    for layer in network:
        x = layer(x)
        total += x.numel()
    network.load_state_dict(before)
    return total * bytes_per_number


@variant("activation_bytes")
def bytes_in_eval_mode_and_back(network, image_shape, bytes_per_number=4):
    modes = [layer.training for layer in network]
    x, total = torch.zeros(image_shape), 0
    with torch.inference_mode():
        for layer in network.eval():
            x = layer(x)
            total += math.prod(x.size()) * bytes_per_number
    for layer, mode in zip(network, modes, strict=True):
        layer.train(mode)
    return total


@variant("activation_bytes")
def bytes_by_hooks_on_a_copy(network, image_shape, bytes_per_number=4):
    network, sizes = copy.deepcopy(network), []
    for layer in network.children():
        layer.register_forward_hook(lambda layer, inputs, output: sizes.append(output.nelement()))
    network(torch.randn(tuple(image_shape)))
    return bytes_per_number * sum(sizes)


@variant("activation_bytes")
def bytes_in_eval_mode(network, image_shape, bytes_per_number=4):
    network.eval()
    x, total = torch.ones(image_shape), 0.0
    for name in dict(network.named_children()):
        x = getattr(network, name)(x)
        total += float(x.nelement()) * bytes_per_number
    return total


# --- encoder_decoder --------------------------------------------------------------------------------------------------


def halved(x):
    return F.max_pool2d(x, kernel_size=2, stride=2, ceil_mode=True)


def resized(x, size):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


@variant("encoder_decoder")
def down_and_up_with_a_stack(x, encoder, decoder, classifier):
    maps = []
    for number, stage in enumerate(encoder):
        if number > 0:
            x = halved(x)
        x = stage(x)
        maps.append(x)
    for stage, skip in zip(decoder, maps[-2::-1], strict=True):
        x = stage(torch.cat((resized(x, skip.shape[2:]), skip), 1))
    return classifier(x)


@variant("encoder_decoder")
def down_and_up_recursively(images, down, up, head):
    down, up = list(down), list(up)

    def level(x, depth):
        x = down[depth](x)
        if depth == len(down) - 1:
            return x
        below = level(halved(x), depth + 1)
        return up[len(up) - 1 - depth](torch.cat([resized(below, x.shape[-2:]), x], dim=1))

    return head(level(images, 0))


@variant("encoder_decoder")
def halves_after_the_stage(x, encoder, decoder, classifier):
    skips = []
    for stage in encoder[:-1]:
        skip = stage(x)
        skips.append(skip)
        x = halved(skip)
    x = encoder[-1](x)
    for number, stage in enumerate(decoder, start=1):
        skip = skips[-number]
        x = stage(torch.concat([resized(x, skip.shape[-2:]), skip], dim=1))
    return classifier(x)


@variant("encoder_decoder")
def with_modules_of_its_own(x, encoder, decoder, classifier):
    pool = nn.MaxPool2d(2, ceil_mode=True)
    maps = [encoder[0](x)]
    for stage in encoder[1:]:
        maps += [stage(pool(maps[-1]))]
    y = maps.pop()
    for stage in decoder:
        skip = maps.pop()
        y = stage(torch.cat([nn.Upsample(size=skip.shape[-2:], mode="bilinear")(y), skip], dim=1))
    return classifier(y)


@variant("encoder_decoder")
def resizes_with_matrices(x, encoder, decoder, classifier):
    def weights(before, after):
        places = ((torch.arange(after, dtype=torch.float64) + 0.5) * before / after - 0.5).clamp(min=0)
        low = places.floor().long().clamp(max=before - 1)
        high = (low + 1).clamp(max=before - 1)
        share = places - low
        matrix = torch.zeros(after, before, dtype=torch.float64)
        rows = torch.arange(after)
        matrix.index_put_((rows, low), 1 - share, accumulate=True)
        matrix.index_put_((rows, high), share, accumulate=True)
        return matrix.to(x.dtype)

    maps, y = [], x
    for stage in encoder:
        y = stage(halved(y)) if maps else stage(y)
        maps.append(y)
    maps.pop()
    for stage in decoder:
        skip = maps.pop()
        (h, w), (height, width) = y.shape[-2:], skip.shape[-2:]
        y = weights(h, height) @ y @ weights(w, width).T
        y = stage(torch.cat([y, skip], dim=1))
    return classifier(y)


@variant("encoder_decoder")
def pools_by_padding(x, encoder, decoder, classifier):
    def pool(x):
        height, width = x.shape[-2:]
        x = F.pad(x, (0, width % 2, 0, height % 2), value=-math.inf)
        return x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).amax(dim=(3, 5))

    maps = []
    for stage in encoder:
        x = stage(pool(maps[-1]) if maps else x)
        maps.append(x)
    for index, stage in enumerate(decoder):
        skip = maps[len(maps) - 2 - index]
        x = stage(torch.cat([resized(x, (skip.size(2), skip.size(3))), skip], dim=1))
    return classifier(x)


@variant("encoder_decoder")
def with_a_dictionary_of_maps(x, encoder, decoder, classifier):
    maps = {}
    for depth in range(len(encoder)):
        maps[depth] = encoder[depth](x)
        x = F.max_pool2d(maps[depth], 2, 2, 0, 1, True)
    x = maps[len(encoder) - 1]
    for depth in reversed(range(len(encoder) - 1)):
        fine = maps[depth]
        up = F.interpolate(x, fine.shape[2:], mode="bilinear")
        joined = torch.empty(fine.shape[0], up.shape[1] + fine.shape[1], *fine.shape[2:], dtype=fine.dtype)
        joined[:, : up.shape[1]], joined[:, up.shape[1] :] = up, fine
        x = decoder[len(decoder) - 1 - depth](joined)
    return classifier(x)


@variant("encoder_decoder")
def an_image_at_a_time(x, encoder, decoder, classifier):
    def one(image):
        maps = []
        for stage in encoder:
            image = stage(halved(image) if maps else image)
            maps.append(image)
        maps.pop()
        for stage in decoder:
            skip = maps.pop()
            image = stage(torch.cat([resized(image, skip.shape[-2:]), skip], dim=1))
        return classifier(image)

    return torch.cat([one(image[None]) for image in x]) if len(x) else one(x)
