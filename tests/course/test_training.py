"""`fit`: it learns, keeps to its budget, stops cleanly, keeps the best, and does nothing while a notebook is graded."""

import re
import sys
import time
import types
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import torch
import torch.nn.functional as F
from nbclient import NotebookClient
from torch import Tensor, nn

from course.live import LiveCurve, draw_curve
from course.training import History, batches, best_device, by_tier, endless_batches, fit, schedule


class Line:
    """Points of y = 3x − 1."""

    def __init__(self, length: int = 64) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        x = torch.tensor([2 * index / self.length - 1])
        return x, 3 * x - 1


def squared(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return F.mse_loss(model(x), y)


@pytest.fixture(autouse=True)
def _not_graded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NBGRADER_EXECUTION", "COURSE_GRADING", "COURSE_TIER"):
        monkeypatch.delenv(name, raising=False)


def test_fit_learns_a_line() -> None:
    torch.manual_seed(1)
    line = nn.Linear(1, 1)
    history = fit(line, squared, Line(), steps=300, learning_rate=0.1, device="cpu")
    assert line.weight.item() == pytest.approx(3, abs=0.02)
    assert line.bias.item() == pytest.approx(-1, abs=0.02)
    assert len(history.losses) == 300
    assert history.losses[-1] < 0.01 * history.losses[0]
    assert history.stopped_because == "budget"
    assert not line.training


def test_same_seed_gives_the_same_weights_and_another_seed_another_order() -> None:
    def weights(seed: int) -> Tensor:
        model = nn.Linear(1, 1)
        nn.init.zeros_(model.weight)
        nn.init.zeros_(model.bias)
        fit(model, squared, Line(), steps=7, device="cpu", seed=seed)
        return model.weight.detach()

    assert torch.equal(weights(4), weights(4))
    assert not torch.equal(weights(4), weights(5))


def test_fit_stops_when_its_minutes_are_over() -> None:
    history = fit(nn.Linear(1, 1), squared, Line(), minutes=0.3 / 60, device="cpu")
    assert 0.3 <= history.seconds < 3
    assert history.stopped_because == "budget"
    assert history.losses


def test_whichever_ends_first_ends_it() -> None:
    history = fit(nn.Linear(1, 1), squared, Line(), minutes=5, steps=4, device="cpu")
    assert len(history.losses) == 4


def test_best_weights_come_back_although_training_went_on_to_worse() -> None:
    model, heights = nn.Linear(1, 1), iter([0.2, 0.9, 0.4])
    seen: list[dict[str, Tensor]] = []

    def height(network: nn.Module, _: object) -> float:
        assert not network.training
        seen.append({name: value.clone() for name, value in network.state_dict().items()})
        return next(heights)

    history = fit(model, squared, Line(), validation=Line(8), metric=height, steps=9, looks=3, device="cpu")
    assert [value for _, value in history.metrics] == [0.2, 0.9, 0.4]
    assert torch.equal(model.weight, seen[1]["weight"])
    assert not torch.equal(model.weight, seen[2]["weight"])


def test_slow_looks_do_not_queue_up() -> None:
    def slow(network: nn.Module, _: object) -> float:
        time.sleep(0.3)
        return 0.0

    history = fit(
        nn.Linear(1, 1), squared, Line(), validation=Line(8), metric=slow, minutes=0.01, looks=20, device="cpu"
    )
    steps = [step for step, _ in history.metrics]
    assert len(steps) <= 4
    assert all(later - earlier > 1 for earlier, later in pairwise(steps[:-1]))


def test_without_a_metric_the_lowest_validation_loss_is_best() -> None:
    model = nn.Linear(1, 1)
    history = fit(model, squared, Line(), validation=Line(8), steps=60, looks=4, learning_rate=0.1, device="cpu")
    values = [value for _, value in history.metrics]
    kept = sum(squared(model, x, y).item() for x, y in batches(Line(8), 16, torch.device("cpu")))
    assert kept == pytest.approx(min(values), abs=1e-5)


def test_measuring_leaves_running_statistics_alone() -> None:
    model = nn.Sequential(nn.Linear(1, 2), nn.BatchNorm1d(2), nn.Linear(2, 1))
    counts = []

    def count(network: nn.Module, seen: object) -> float:
        for x, _ in seen:  # type: ignore[attr-defined]
            network(x)
        counts.append(int(model[1].num_batches_tracked))  # type: ignore[arg-type]
        return len(counts)

    fit(model, squared, Line(), validation=Line(), metric=count, steps=6, looks=3, device="cpu")
    assert counts == [2, 4, 6]


def test_interrupt_returns_what_was_learned(capsys: pytest.CaptureFixture[str]) -> None:
    calls = 0

    def interrupted(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt
        return squared(model, x, y)

    model = nn.Linear(1, 1)
    history = fit(model, interrupted, Line(), steps=100, device="cpu")
    assert history.stopped_because == "interrupted"
    assert len(history.losses) == 5
    assert not model.training


@pytest.mark.parametrize("variable", ["NBGRADER_EXECUTION", "COURSE_GRADING"])
def test_nothing_is_trained_while_a_notebook_is_graded(
    variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, "1")
    model = nn.Linear(1, 1)
    before = model.weight.clone()
    history = fit(model, squared, Line(), minutes=10)
    assert history == History(stopped_because="graded")
    assert torch.equal(model.weight, before)
    assert capsys.readouterr().out == "Training is skipped while this notebook is graded.\n"


def test_detection_targets_stay_a_dict_an_image_and_images_of_two_sizes_a_list() -> None:
    class Two:
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> tuple[Tensor, dict[str, object]]:
            return torch.zeros(3, 4 + index, 5), {"boxes": torch.ones(index, 4), "image_id": index}

    images, targets = next(batches(Two(), 2, torch.device("cpu")))
    assert [tuple(image.shape) for image in images] == [(3, 4, 5), (3, 5, 5)]
    assert [len(target["boxes"]) for target in targets] == [0, 1]


def test_each_epoch_brings_every_sample_once_in_another_order() -> None:
    stream = endless_batches(Line(12), 4, 0, torch.device("cpu"))
    first, second = ([x.item() for _ in range(3) for x in next(stream)[0]] for _ in range(2))
    assert sorted(first) == sorted(second) == [Line(12)[index][0].item() for index in range(12)]
    assert first != second


def test_learning_rate_rises_and_falls_to_nothing() -> None:
    shares = [schedule(progress / 100) for progress in range(101)]
    assert shares[0] == pytest.approx(0.1)
    assert max(shares) == pytest.approx(1, abs=0.02)
    assert shares[-1] == pytest.approx(0)


def test_tier_chooses_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    assert by_tier(1, 20) == 1
    monkeypatch.setenv("COURSE_TIER", "full")
    assert by_tier(1, 20) == 20
    monkeypatch.setenv("COURSE_TIER", "smoke")
    assert (by_tier(1, 20), by_tier(500, 4000), by_tier(1.5, 20.0)) == (1, 80, 1.5)
    assert len(fit(nn.Linear(1, 1), squared, Line(), minutes=5, device="cpu").losses) == 2
    monkeypatch.setenv("COURSE_TIER", "huge")
    with pytest.raises(ValueError, match='COURSE_TIER must be "small", "full" or "smoke", got \'huge\''):
        by_tier(1, 20)


def test_device_is_one_that_is_here() -> None:
    assert torch.zeros(1, device=best_device()).device.type == best_device()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "fit needs a budget: minutes=2, or steps=500"),
        ({"minutes": -1}, "minutes must be above zero, got -1"),
        ({"steps": 3, "batch_size": 0}, "batch_size must be above zero, got 0"),
        ({"steps": 3, "validation": Line(0)}, "a data set is empty"),
        ({"steps": 3, "metric": lambda model, seen: 1.0}, "a metric needs validation data"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        fit(nn.Linear(1, 1), squared, Line(), **options)  # type: ignore[arg-type]


def test_loss_that_is_not_a_number_stops_the_training() -> None:
    def broken(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return squared(model, x, y) * float("nan")

    with pytest.raises(ValueError, match="the loss became nan at step 0; a smaller learning_rate may help"):
        fit(nn.Linear(1, 1), broken, Line(), steps=3, device="cpu")


def test_a_file_gets_a_line_for_each_look_and_for_the_end_and_no_carriage_return(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fit(nn.Linear(1, 1), squared, Line(), validation=Line(8), steps=40, looks=2, device="cpu")
    said = capsys.readouterr()
    assert said.out == ""
    assert "\r" not in said.err
    first, look, other_look, end = said.err.splitlines()
    assert re.fullmatch(r"training: step 1 of 40, 0 s, loss [\d.]+", first)
    assert re.fullmatch(r"step 20: loss [\d.]+, validation loss [\d.]+", look)
    assert other_look.startswith("step 40: ")
    assert re.fullmatch(r"training: step 40 of 40, \d s, loss [\d.]+", end)


def test_notebook_gets_one_picture_that_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, picture: object) -> None:
            shown.append("update")

    def display(picture: object, display_id: bool) -> Handle:
        assert display_id
        assert picture.data[:4] == b"\x89PNG"  # type: ignore[attr-defined]
        shown.append("display")
        return Handle()

    monkeypatch.setattr("course.live.in_notebook", lambda: True)
    fake = types.ModuleType("IPython.display")
    fake.display, fake.Image = display, lambda data, **options: types.SimpleNamespace(data=data)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    curve, history = LiveCurve("mIoU"), History(losses=[2.0, 1.0], metrics=[(2, 0.25)])
    for _ in range(50):
        curve.update(history)
    curve.update(history, last=True)
    assert shown == ["display", "update"]


def test_curve_shows_loss_and_metric_on_axes_of_their_own() -> None:
    figure = draw_curve(History(losses=[3.0, 2.0, 1.0], metrics=[(3, 0.5)]), "mIoU")
    left, right = figure.axes
    assert left.get_ylabel() == "training loss"
    assert right.get_ylabel() == "validation mIoU"
    assert list(right.lines[0].get_ydata()) == [0.5]


def test_losses_of_training_and_validation_share_one_axis_and_both_fit_on_it() -> None:
    figure = draw_curve(History(losses=[3.0, 2.0, 1.0], metrics=[(1, 4.5), (3, 1.5)]), None)
    (axis,) = figure.axes
    assert axis.get_ylabel() == "loss"
    assert list(axis.lines[-1].get_ydata()) == [4.5, 1.5]
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["training", "validation"]
    low, high = axis.get_ylim()
    assert (low, high >= 4.5) == (0, True)


def test_running_mean_stands_over_the_steps_that_it_is_of() -> None:
    losses = [
        float(200 - step) for step in range(1, 201)
    ]  # a straight line is its own running mean, where it is not shifted
    _, mean = draw_curve(History(losses=losses), None).axes[0].lines
    steps, values = mean.get_xdata(), mean.get_ydata()
    assert len(steps) == 191  # windows of ten
    assert values == pytest.approx([200 - step for step in steps])


def test_interrupted_training_says_that_what_was_learned_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        raise KeyboardInterrupt

    fit(nn.Linear(1, 1), interrupted, Line(), steps=100, device="cpu")
    assert capsys.readouterr().err.endswith("; stopped, and what was learned is kept\n")


@pytest.mark.slow
def test_saved_notebook_holds_one_picture_and_one_line_that_says_how_it_ended(tmp_path: Path) -> None:
    source = """
from torch import nn
from course.segmentation import SemanticSet, pixel_loss
from course.farm import Farm
from course.training import fit
scenes = SemanticSet(Farm(32), keep=True)
fit(nn.Conv2d(3, 8, 3, padding=1), pixel_loss, scenes, validation=scenes, steps=60, device="cpu");
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, timeout=200, kernel_name="python3").execute(cwd=str(tmp_path))
    line, picture = notebook.cells[0].outputs
    assert re.fullmatch(r"training: step 60 of 60, .+ s, loss [\d.]+", line.data["text/plain"])
    assert set(picture.data) == {"image/png", "text/plain"}
    assert "widgets" not in notebook.metadata
