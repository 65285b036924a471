"""What is shown of the first failing case: how it was called, also where there is nothing to draw, and what differs."""

import html

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


def test_what_lies_in_a_dict_is_shown_by_the_name_that_python_gives_it() -> None:
    region = {"size": 12, "box": torch.tensor([1.0, 2.0, 7.0, 9.0])}
    shown = report(15, lambda region, image_size: 8, region=region, image_size=320)
    for told in (as_text(shown), html.unescape(as_html(shown))):
        assert 'called with region["size"] = 12, image_size = 320' in told
        assert 'region["box"]' in told


def test_of_a_long_histogram_what_is_not_zero_is_shown() -> None:
    colour = torch.zeros(75)
    colour[[3, 40, 74]] = torch.tensor([0.25, 0.5, 0.125])
    shown = as_text(report(15, lambda region: 8, region={"colour": colour}))
    assert 'region["colour"], all of 75 numbers that are not 0, by index' in shown
    for told in ("[3]", "[40]", "[74]", "0.25", "0.5", "0.125"):
        assert told in shown
    assert "0 0" not in " ".join(shown.split())


def test_a_long_row_is_shown_where_it_differs() -> None:
    expected = torch.arange(75.0) / 8
    got = expected.clone()
    got[60] += 1
    shown = as_text(report(expected, lambda x: got, x=torch.ones(2)))
    assert "[8.5]" in shown
    assert "7.5" in shown
