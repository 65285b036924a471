"""What is shown of the first failing case: how it was called, also where there is nothing to draw, and what differs."""

import torch
from torch import nn

from course.checking.calling import Answer, Outcome, call
from course.checking.display import as_html, as_text
from course.checking.judging import judge
from course.checking.report import Report
from course.exercises.exercise import Case, Exercise


def report(expected: object, answer: Answer, **inputs: object) -> Report:
    case = Case("a case", inputs)
    exercise = Exercise("thing", "00", 1, 1, 1, "nowhere:thing", lambda rng: (case,), hints=(), outputs=("layer",))
    got = call(exercise, answer, case)
    verdict = judge(exercise, "a case", Outcome(expected), got)
    return Report(exercise, (case,), (Outcome(expected),), (got,), (verdict,), "")


def test_numbers_alone_are_shown_as_they_were_given() -> None:
    shown = report(15, lambda height, width, stride: 8, height=5, width=7, stride=1)
    for told in (as_text(shown), as_html(shown)):
        assert "called with height = 5, width = 7, stride = 1" in told


def test_networks_are_named_by_their_layers() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
    shown = as_text(report(15, lambda *_: 8, network=network, stages=[nn.ReLU(), network]))
    assert "called with network = Sequential(Conv2d, ReLU), stages = [ReLU(), Sequential(Conv2d, ReLU)]" in shown


def test_of_a_layer_the_tensor_is_shown_that_differs() -> None:
    expected = nn.Linear(2, 1)
    with torch.no_grad():
        expected.bias.fill_(0.25)

    def forgets_the_bias(linear: nn.Linear) -> nn.Linear:
        copy = nn.Linear(2, 1)
        copy.weight = linear.weight
        nn.init.zeros_(copy.bias)
        return copy

    shown = as_text(report(expected, forgets_the_bias, linear=expected))
    assert "numbers of the layer's bias differ" in shown
    assert "[0.25]" in shown
    assert "linear.bias" in shown
    assert "weight" not in shown
