"""Numbers in prose come from evidence, comparisons hold in it, and what cannot be filled is one sentence."""

import pytest

from autograde.building.chapter import Cell, ChapterError
from autograde.building.evidence import Evidence
from autograde.building.numbers import Numbers, fill, written


def evidence(**tables: dict[str, dict[str, object]]) -> Evidence:
    return Evidence.model_validate(
        {
            "chapter": "03_unpooling",
            "tier": "small",
            "runs": 2,
            "device": "CPU",
            "threads": 1,
            "versions": {},
            "cpu_seconds": 1.0,
            "cells": {},
            "made_from": {},
            "tables": tables,
        }
    )


COSTS = {
    "mean IoU": {"SegNet": [0.5512, 0.5312], "FCN-8s": [0.6221, 0.6321]},
    "IoU of cow": {"SegNet": [0.25, 0.31], "FCN-8s": 0.5},
    "parameters": {"SegNet": 100_000, "FCN-8s": 446_120},
    "device": {"SegNet": "CPU", "FCN-8s": None},
}
KNOWN = evidence(costs=COSTS, ways={"encoder–decoder, 0.5": {"right": 0.2871}})


def filled(text: str, known: Evidence | None = KNOWN) -> str:
    (cell,) = fill("03_unpooling", [Cell("prose", "", text)], known)
    return cell.text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("costs.mean IoU.SegNet:.2f", "0.55"),
        ("costs.mean IoU.SegNet:.0%", "55%"),
        ("costs.parameters.FCN-8s:,.0f", "446,120"),
        ("costs.parameters.FCN-8s:~1", "400,000"),
        ("costs.parameters.FCN-8s / costs.parameters.SegNet:.1f", "4.5"),
        ("costs.mean IoU.FCN-8s - costs.mean IoU.SegNet:.2f", "0.07"),
        ("1 - costs.IoU of cow.FCN-8s:.0%", "50%"),
        ("costs.parameters.SegNet / 1e3:.0f", "100"),
        ("ways.encoder-decoder, 0.5.right:.1%", "28.7%"),
        ("ways.encoder–decoder, 0.5.right:~1", "0.3"),
        ("spread costs.mean IoU.SegNet:.2f", "0.02"),
        ("spread costs.*.SegNet:.2f", "0.06"),
        ("spread costs.parameters.SegNet:.0f", "0"),
        ("costs.mean IoU.SegNet\n/ costs.IoU of cow.SegNet:.1f", "2.2"),
    ],
)
def test_a_number_is_filled_in_as_it_was_asked_for(number: str, text: str) -> None:
    assert filled(f"Before {{n}}`{number}`, after.") == f"Before {text}, after."


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.0, "~1", "0"),
        (0.0043, "~1", "0.004"),
        (9.7, "~1", "10"),
        (-31.4, "~1", "-30"),
        (0.0999, "~1%", "10%"),
        (12345.6, "~2", "12,000"),
    ],
)
def test_about_keeps_the_digits_that_count(value: float, form: str, text: str) -> None:
    assert written(value, form) == text


@pytest.mark.parametrize(
    "text",
    [
        "costs 3 and `code`, but no number",
        r"$\frac{n}{2} + \sum_{{n}} x_{n}$ and {{costs.mean IoU.SegNet}}",
        "<!-- an author's note -->",
    ],
)
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    assert filled(text) == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "{n}`costs.mean IoU.SagNet:.2f`",
            "there is no number 'costs.mean IoU.SagNet'; the nearest are costs.mean IoU.Seg",
        ),
        ("{n}`cost.mean IoU.SegNet:.2f`", "the nearest are costs.mean IoU.SegNet"),
        ("{n}`costs.device.SegNet:.2f`", "there is no number 'costs.device.SegNet'"),
        ("{n}`costs.mean IoU.*:.2f`", "there is no number"),
        ("{n}`costs.mean IoU.SegNet`", "does not say how to write the number"),
        ("{n}`costs.mean IoU.SegNet:.2g%`", "Invalid format specifier"),
        ("{n}`gpu costs.mean IoU.SegNet:.2f`", "there is no number 'gpu costs"),
        ("{n}`1 + 1 + 1:.0f`", "joins more than two numbers"),
        ("{n}`1 / 0:.0f`", "divides by zero"),
        ("{n}`costs.mean IoU.SegNet:.2f", "'{n}`' begins what does not end"),
        ("<!-- holds: 1 < 2", "'<!-- holds' begins what does not end"),
        ("<!-- holds: costs.mean IoU.SegNet -->", "compares nothing"),
    ],
)
def test_what_cannot_be_filled_is_one_sentence_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(ChapterError) as caught:
        filled(text)
    assert str(caught.value).startswith("03_unpooling, in “")
    assert sentence in str(caught.value)


def test_missing_evidence_names_the_command_that_makes_it() -> None:
    with pytest.raises(ChapterError, match="uv run autograde evidence 03_unpooling"):
        filled("{n}`costs.mean IoU.SegNet:.2f`", None)
    assert filled("no number", None) == "no number"


def test_a_claim_that_holds_leaves_no_trace() -> None:
    claims = "costs.mean IoU.FCN-8s > costs.mean IoU.SegNet > 0.5;\n  costs.IoU of cow.SegNet <= 0.31"
    assert filled(f"Better.\n<!-- holds: {claims} -->\nNext line.") == "Better.\nNext line."


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("costs.mean IoU.FCN-8s < costs.mean IoU.SegNet", "does not hold in run 1: it is 0.6221 < 0.5512"),
        (
            "costs.mean IoU.FCN-8s > costs.mean IoU.SegNet > 0.54",
            "does not hold in run 2: it is 0.6321 > 0.5312 > 0.54",
        ),
        ("costs.mean IoU.FCN-8s - costs.mean IoU.SegNet < 0.1", "does not hold in run 2: it is 0.1009 < 0.1"),
    ],
)
def test_a_claim_has_to_hold_in_every_run(claim: str, sentence: str) -> None:
    with pytest.raises(ChapterError) as caught:
        filled(f"So it is.\n<!-- holds: {claim} -->")
    assert sentence in str(caught.value)


def test_numbers_of_the_full_tier_are_called_gpu() -> None:
    full = evidence(costs={"mean IoU": {"SegNet": 0.8}})
    assert Numbers(KNOWN, full).value("gpu costs.mean IoU.SegNet - costs.mean IoU.SegNet") == pytest.approx(0.2488)


def test_one_run_has_no_spread() -> None:
    once = KNOWN.model_copy(update={"runs": 1})
    with pytest.raises(ChapterError, match=r"needs two runs at least: .* 03_unpooling --runs 2"):
        filled("{n}`spread costs.mean IoU.SegNet:.2f`", once)


def test_code_is_left_alone() -> None:
    cell = Cell("figure", "true", "x = '{n}`costs.mean IoU.SegNet:.2f`'")
    assert fill("03_unpooling", [cell], KNOWN) == [cell]
