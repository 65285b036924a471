"""`load`: names, splits, seeds and options."""

import pytest
import torch

from course.data import CLASSES, SEMANTIC_CLASSES, load
from course.data.loading import farm_split
from course.farm import Farm


@pytest.mark.parametrize(("wrong", "right"), [("voc2021", "voc20"), ("fram", "farm"), ("PennFudan", "penn_fudan")])
def test_an_unknown_data_set_names_the_nearest(wrong: str, right: str) -> None:
    with pytest.raises(ValueError, match=rf"there is no data set '{wrong}', only farm, .*; did you mean '{right}"):
        load(wrong)


def test_a_name_like_no_other_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match=r"penn_fudan, coco$"):
        load("imagenet")


def test_an_unknown_option_names_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"farm has the options length, seed, .*size.*; got 'sizes'"):
        load("farm", sizes=(32, 32))
    with pytest.raises(ValueError, match="voc2007 has the options task, classes, strict; got 'seed'"):
        load("voc2007", seed=3)


def test_the_farm_is_the_farm() -> None:
    farm = load("farm", "train", length=2, seed=0, size=(32, 48))
    image, target = farm[1]
    drawn, truth = Farm(2, seed=0, size=(32, 48))[1]
    assert torch.equal(image, drawn)
    assert set(target) == set(truth)


def test_an_impossible_size_is_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"size must be \(height, width\) with sides from 32 to 512, got \(0, 64\)"):
        load("farm", size=(0, 64))


def test_no_two_splits_of_any_seeds_share_a_seed() -> None:
    seeds = [farm_split(split, 1, seed).seed for seed in range(20) for split in ("train", "val", "test")]
    assert len(set(seeds)) == 60


def test_a_private_seed_gives_a_test_set_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    public = farm_split("test", 1).seed
    secret = farm_split("test", 1, private_seed="a class of 2026").seed
    assert secret > 2**62
    assert farm_split("test", 1, private_seed="a class of 2027").seed != secret != public
    assert farm_split("test", 1, private_seed=7).seed == farm_split("test", 1, private_seed="7").seed
    monkeypatch.setenv("COURSE_PRIVATE_SEED", "a class of 2026")
    assert farm_split("test", 1).seed == secret
    assert farm_split("train", 1).seed == 0
    with pytest.raises(ValueError, match="private_seed is for the split 'test' alone, got split 'train'"):
        load("farm", private_seed=3)


@pytest.mark.parametrize("seed", [-1, 1.5, "3"])
def test_a_seed_that_is_none_is_named(seed: object) -> None:
    with pytest.raises(ValueError, match="seed must be a whole number from 0 up, got"):
        load("farm", seed=seed)


def test_an_unknown_split_is_named() -> None:
    with pytest.raises(ValueError, match="split must be one of train, val, test for the farm, got 'all'"):
        load("farm", "all")


def test_every_data_set_has_its_classes() -> None:
    assert set(CLASSES) == set(SEMANTIC_CLASSES) == {"farm", "voc2007", "voc2012", "penn_fudan", "coco"}
    assert all(names[0] == "background" and len(set(names)) == len(names) for names in CLASSES.values())
    assert len(CLASSES["voc2007"]) == 21


def test_what_is_missing_in_the_package_is_an_attribute_error() -> None:
    import course.data

    assert {"load", "export", "preview"} <= set(dir(course.data))
    with pytest.raises(AttributeError, match="has no attribute 'lode'"):
        course.data.lode  # noqa: B018
