"""The cases of chapter 02 are what they say: no accident makes a wrong answer look right, or two right ones differ."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograde.building.answers import reference_of
from course.checking.guard import find_in_source
from course.checking.patterns import NO_GRADIENT
from course.checking.report import examine
from course.exercises.catalogue import of_chapter
from course.exercises.exercise import Case

EXERCISES = {exercise.name: exercise for exercise in of_chapter("02_fcn")}
SEEDS = [*range(10), *(f"hidden-{number}" for number in range(4))]


def drawn(exercise: str) -> list[Case]:
    return [case for seed in SEEDS for case in EXERCISES[exercise].draw(seed)]


def tensor(case: Case, name: str) -> Tensor:
    value = case.inputs[name]
    assert isinstance(value, Tensor)
    return value


def number(case: Case, name: str, default: int) -> int:
    value = case.inputs.get(name, default)
    assert isinstance(value, int)
    return value


def test_every_label_is_a_class_or_ignored() -> None:
    for case in drawn("pixel_cross_entropy"):
        logits, target = tensor(case, "logits"), tensor(case, "target")
        assert target.shape == (len(logits), *logits.shape[2:])
        counted = target[target != number(case, "ignore_index", 255)]
        assert counted.numel() == 0 or (counted.min() >= 0 and counted.max() < logits.shape[1]), case.name
        assert ("no pixel counts" in case.name or "empty" in case.name) == (counted.numel() == 0)
        assert "pixel" in case.name or logits.shape[2] != logits.shape[3]
    for case in drawn("confusion_matrix"):
        pred, target = tensor(case, "pred"), tensor(case, "target")
        counted = target[target != number(case, "ignore_index", 255)]
        classes = number(case, "num_classes", 0)
        assert pred.shape == target.shape
        assert pred.numel() == 0 or (pred.min() >= 0 and pred.max() < classes), case.name
        assert counted.numel() == 0 or (counted.min() >= 0 and counted.max() < classes), case.name


def test_images_have_different_numbers_of_pixels_that_count_where_a_case_says_so() -> None:
    for case in drawn("pixel_cross_entropy"):
        if "in each image another number" in case.name:
            counts = (tensor(case, "target") != 255).flatten(1).sum(dim=1).tolist()
            assert len(set(counts)) == len(counts)
            assert min(counts) > 0


def test_the_loss_agrees_with_torch_on_its_own_cases() -> None:
    reference = reference_of(EXERCISES["pixel_cross_entropy"])
    for case in drawn("pixel_cross_entropy"):
        logits, target, ignore = tensor(case, "logits"), tensor(case, "target"), number(case, "ignore_index", 255)
        if (target != ignore).any():
            expected = F.cross_entropy(logits, target, ignore_index=ignore)
            torch.testing.assert_close(reference(logits, target, ignore), expected)


def test_a_transposed_matrix_differs_wherever_there_is_more_than_one_class() -> None:
    reference = reference_of(EXERCISES["confusion_matrix"])
    for case in drawn("confusion_matrix"):
        matrix = reference(*case.args.values(), **case.options)
        assert isinstance(matrix, Tensor)
        alike = len(matrix) == 1 or not matrix.any()
        assert torch.equal(matrix, matrix.T) == alike, case.name


def test_no_byte_holds_the_counts_or_the_pairs_where_a_case_is_about_it() -> None:
    reference = reference_of(EXERCISES["confusion_matrix"])
    for case in drawn("confusion_matrix"):
        matrix = reference(*case.args.values(), **case.options)
        assert isinstance(matrix, Tensor)
        assert (matrix.max() > 255) == (case.name == "many pixels, most of one class")
        pairs = matrix.flatten().nonzero()
        assert (matrix.any() and int(pairs.max()) > 255) == (case.name == "many classes")


def test_a_class_of_one_pixel_has_a_union_of_one() -> None:
    for case in drawn("mean_iou"):
        confusion = tensor(case, "confusion")
        union = confusion.sum(0) + confusion.sum(1) - confusion.diag()
        if "single pixel" in case.name:
            assert int((union == 1).sum()) == 1


def test_absent_classes_are_where_a_case_says_so_and_nowhere_else() -> None:
    for case in drawn("mean_iou"):
        confusion = tensor(case, "confusion")
        absent = int((confusion.sum(0) + confusion.sum(1) == 0).sum())
        expected = {
            "a class that is nowhere is left out": 1, "several classes are nowhere": 3,
            "no class is there: NaN": len(confusion),
        }.get(case.name, 0)  # fmt: skip
        assert absent == expected, case.name


def test_an_integer_division_would_show() -> None:
    for case in drawn("mean_iou"):
        if case.name in ("three classes", "five classes"):
            confusion = tensor(case, "confusion")
            union = confusion.sum(0) + confusion.sum(1) - confusion.diag()
            assert (confusion.diag() % union != 0).all()


def test_networks_take_their_images_and_no_side_ends_at_zero() -> None:
    for case in drawn("activation_bytes"):
        network, shape = case.inputs["network"], case.inputs["image_shape"]
        assert isinstance(network, nn.Sequential)
        assert isinstance(shape, tuple)
        x = torch.zeros(shape)
        for layer in network:
            assert not getattr(layer, "inplace", False)
            x = layer(x)
        assert x.shape[0] == shape[0]
        assert min(x.shape[1:]) >= 1
        assert shape[2] != shape[3] or "one pixel" in case.name


def test_a_batch_norm_in_training_sees_more_than_one_number() -> None:
    """Of one number a batch norm takes no variance: torch raises."""
    found = 0
    for case in drawn("activation_bytes"):
        network, shape = case.inputs["network"], case.inputs["image_shape"]
        assert isinstance(network, nn.Sequential)
        assert isinstance(shape, tuple)
        x = torch.zeros(shape)
        for layer in network:
            x = layer(x)
            if isinstance(layer, nn.BatchNorm2d):
                assert layer.training
                assert x.numel() // x.shape[1] > 1
                found += 1
    assert found == len(SEEDS)


def test_rounding_up_and_down_differ_where_a_case_is_about_it() -> None:
    reference = reference_of(EXERCISES["activation_bytes"])
    for case in drawn("activation_bytes"):
        if "rounds up" in case.name or "odd row" in case.name:
            network, shape = case.inputs["network"], case.inputs["image_shape"]
            assert isinstance(network, nn.Sequential)
            before = reference(network, shape)
            for layer in network:
                if isinstance(layer, nn.MaxPool2d):
                    layer.ceil_mode = not layer.ceil_mode
            assert reference(network, shape) != before


def test_no_maximum_is_shared_where_gradients_are_compared() -> None:
    """Where two pixels of a window tie, right answers may send the gradient to either. One draw of 150 tied."""
    for case in (*drawn("encoder_decoder"), *EXERCISES["encoder_decoder"].draw("hidden-25")):
        if case.gradient:
            encoder = case.inputs["encoder"]
            assert isinstance(encoder, nn.ModuleList)
            with torch.no_grad():
                fine = encoder[0](tensor(case, "x"))
            padded = F.pad(fine, (0, fine.shape[3] % 2, 0, fine.shape[2] % 2), value=-torch.inf)
            windows = padded.unfold(2, 2, 2).unfold(3, 2, 2).flatten(-2)
            best = windows.topk(2, dim=-1).values
            ties = best[..., 0] == best[..., 1]
            assert not (ties & (best[..., 0] != 0)).any()


@pytest.mark.parametrize("cut", ["detach", "item", "no_grad"])
def test_a_loss_without_a_graph_is_told_so_however_it_was_cut(cut: str) -> None:
    def answer(logits: Tensor, target: Tensor, ignore_index: int = 255) -> Tensor | float:
        counted = target != ignore_index
        with torch.set_grad_enabled(cut != "no_grad"):
            scores = logits.detach() if cut == "detach" else logits
            losses = -scores.log_softmax(1).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
            loss = losses[counted].sum() / counted.sum().clamp(min=1)
        return loss.item() if cut == "item" else loss

    assert examine(EXERCISES["pixel_cross_entropy"], answer).diagnosis == NO_GRADIENT


def test_dividing_by_zero_for_one_class_is_not_dividing_by_no_classes() -> None:
    def each(confusion: Tensor) -> float:
        rows, columns = confusion.sum(1).tolist(), confusion.sum(0).tolist()
        hits = confusion.diag().tolist()
        return float(sum(h / (r + c - h) for h, r, c in zip(hits, rows, columns, strict=True)) / len(hits))

    def none(confusion: Tensor) -> float:
        rows, columns = confusion.sum(1).tolist(), confusion.sum(0).tolist()
        ious = [h / (r + c - h) for h, r, c in zip(confusion.diag().tolist(), rows, columns, strict=True) if r + c]
        return float(sum(ious) / len(ious))

    assert examine(EXERCISES["mean_iou"], each).diagnosis.startswith("A single class that is nowhere")
    assert examine(EXERCISES["mean_iou"], none).diagnosis.startswith("Where no class is left")


@pytest.mark.parametrize(
    "source",
    [
        "F.cross_entropy(logits, target)",
        "nn.CrossEntropyLoss()(logits, target)",
        "torch.nn.functional.nll_loss(logits, target)",
        "nn.NLLLoss2d()",
        "torch.ops.aten.nll_loss2d_forward(logits, target, None, 1, 255)",
        "torch.ops.aten.cross_entropy_loss.default(logits, target)",
        "getattr(F, 'cross_entropy')(logits, target)",
    ],
)
def test_the_loss_itself_is_forbidden_in_all_spellings(source: str) -> None:
    known = {"F": "torch.nn.functional", "nn": "torch.nn", "torch": "torch"}
    assert find_in_source(source, EXERCISES["pixel_cross_entropy"].forbidden, known)


@pytest.mark.parametrize(
    "source",
    [
        "F.log_softmax(x, 1)", "F.binary_cross_entropy_with_logits(x, y)", "nn.BCEWithLogitsLoss()(x, y)",
        "F.gaussian_nll_loss(x, y, z)", "torch.logsumexp(x, 1).gather(1, y)", "pixel_cross_entropy(x, y)",
        "def cross_entropy(x, y): return x.log_softmax(1)\ncross_entropy(x, y)",
    ],
)  # fmt: skip
def test_what_the_loss_is_made_of_is_not(source: str) -> None:
    known = {"F": "torch.nn.functional", "nn": "torch.nn", "torch": "torch"}
    assert find_in_source(source, EXERCISES["pixel_cross_entropy"].forbidden, known) == []


@pytest.mark.parametrize("exercise", ["confusion_matrix", "mean_iou"])
def test_libraries_that_count_are_forbidden_and_numpy_is_not(exercise: str) -> None:
    forbidden = EXERCISES[exercise].forbidden
    assert find_in_source("from sklearn.metrics import confusion_matrix as count", forbidden)
    assert find_in_source("import torchmetrics\ntorchmetrics.functional.confusion_matrix(p, t)", forbidden)
    assert find_in_source("from torchmetrics.classification import MulticlassJaccardIndex", forbidden)
    assert find_in_source("import numpy as np\nnp.add.at(matrix, (t, p), 1); np.bincount(t)", forbidden) == []
