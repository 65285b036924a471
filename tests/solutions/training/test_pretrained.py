"""The detector with weights that were trained elsewhere: from a file, on a folder in COCO's format, in COCO's ids."""

import json
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights
from torchvision.models.detection import fasterrcnn_resnet50_fpn as torchvisions
from typer.testing import CliRunner, Result

from solutions.__main__ import app
from solutions.training.config import TrainingError
from solutions.training.pretrained import category_names, load_detector, measure_weights

pytestmark = [pytest.mark.slow, pytest.mark.compute]

DOG, TOOTHBRUSH = 18, 90
SQUARE = [2, 3, 18, 21]


def command(*words: object) -> Result:
    return CliRunner().invoke(app, list(map(str, words)))


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """Return random weights of torchvision's model, which take every region for a dog."""
    torch.manual_seed(0)
    model = torchvisions(weights=None, weights_backbone=None)
    state = model.state_dict()
    for name, values in state.items():
        if name.endswith("bn3.weight"):  # or fifty layers of random weights leave the range of numbers
            values.fill_(0.2)
    state["roi_heads.box_predictor.cls_score.bias"][DOG] = 8.0
    return {name: values.contiguous() for name, values in state.items()}


@pytest.fixture(scope="module")
def weights(state: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "detector.safetensors"
    save_file(state, path)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder in COCO's format: a picture 64 wide and 48 high with a dog, and one with nothing."""
    (tmp_path / "annotations").mkdir()
    (tmp_path / "val2017").mkdir()
    for number in (7, 42):
        Image.new("RGB", (64, 48), (90, 140, number)).save(tmp_path / "val2017" / f"{number}.png")
    x1, y1, x2, y2 = SQUARE
    dog = {
        "id": 1, "image_id": 42, "category_id": DOG, "bbox": [x1, y1, x2 - x1, y2 - y1], "iscrowd": 0,
        "segmentation": [[x1, y1, x2, y1, x2, y2, x1, y2]], "area": (x2 - x1) * (y2 - y1),
    }  # fmt: skip
    whole = {
        "images": [{"id": n, "file_name": f"{n}.png", "width": 64, "height": 48} for n in (7, 42)],
        "annotations": [dog],
        "categories": [{"id": DOG, "name": "dog"}, {"id": TOOTHBRUSH, "name": "toothbrush"}],
    }
    (tmp_path / "annotations" / "instances_val2017.json").write_text(json.dumps(whole))
    return tmp_path


@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_a_file_of_torchvisions_weights_gives_its_detections(
    state: dict[str, Tensor], ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"weights.{ending}"
    save_file(state, path) if ending == "safetensors" else torch.save(state, path)
    theirs = torchvisions(weights=None, weights_backbone=None, min_size=64, max_size=106).eval()
    theirs.load_state_dict(state)
    image = torch.rand(3, 48, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        (found,), (expected,) = load_detector(str(path), 64)([image]), theirs([image])
    assert len(expected["labels"]) > 5
    assert set(found["labels"].tolist()) == {DOG}  # type: ignore[index]
    torch.testing.assert_close(found["scores"], expected["scores"], rtol=0, atol=1e-4)  # type: ignore[index]


def test_what_it_finds_is_measured_in_categories_not_in_places(
    weights: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from solutions.training import pretrained

    box = torch.tensor([SQUARE], dtype=torch.float32)
    for label, expected in ((DOG, 1.0), (1, 0.0)):  # 1 is the dog's place in the file, and a person's category
        said = {"boxes": box, "labels": torch.tensor([label]), "scores": torch.tensor([0.9])}
        monkeypatch.setattr(pretrained, "_look", lambda network, image, place, said=said: said)
        report = measure_weights(str(weights), root, "val", None, "cpu", 64)
        # the picture without a dog comes first, with a detection as sure: half of what is found is wrong
        assert report["scores"]["mAP_50"] == pytest.approx(expected / 2)
        assert report["images"] == 2
        assert report["per_class"] == {"dog": pytest.approx(expected / 2)}


def test_the_commands_measure_and_draw(weights: Path, root: Path, tmp_path: Path) -> None:
    result = command("evaluate", "--weights", weights, "--root", root, "--split", "val", "--min-size", 64, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert 0 <= report["scores"]["mAP"] <= 1
    assert set(report["per_class"]) == {"dog"}
    out = tmp_path / "seen"
    picture = root / "val2017" / "42.png"
    for asked, names in ((("--root", root, "--split", "val"), (7, 42)), (("--image", picture), ("42",))):
        result = command("predict", "--weights", weights, *asked, "--out", out, "--min-size", 64, "--score", 0.1)
        assert result.exit_code == 0, result.output
        results = json.loads((out / "predictions.json").read_text())
        assert {one["image_id"] for one in results} == set(names)
        assert {one["category_id"] for one in results} == {DOG}
        for one in results:
            x, y, width, height = one["bbox"]
            assert width > 0
            assert height > 0
            assert x + width <= 64 + 1e-3
            assert y + height <= 48 + 1e-3
    assert sorted(path.name for path in out.glob("*.png")) == ["42.png", *(f"val-{n:012d}.png" for n in (7, 42))]


def test_names_are_cocos_where_the_categories_are() -> None:
    names = category_names(91)
    assert (names[0], names[1], names[DOG], names[TOOTHBRUSH]) == ("background", "person", "dog", "toothbrush")
    assert category_names(3) == ("0", "1", "2")


def test_without_a_network_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr(FasterRCNN_ResNet50_FPN_Weights, "get_state_dict", unreachable)
    with pytest.raises(TrainingError, match=r"there is no network \(Name or service not known\): pass the file"):
        load_detector("coco")


def test_weights_that_are_none_are_told_in_a_sentence(weights: Path, root: Path, tmp_path: Path) -> None:
    (tmp_path / "half.pt").write_bytes(weights.read_bytes()[:1000])
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pt")
    for words, sentence in (
        (("--weights", tmp_path / "none.pt"), "there is no file"),
        (("--weights", tmp_path / "half.pt"), "is not a whole file of tensors"),
        (("--weights", tmp_path / "other.pt"), "is not a state dict of torchvision's fasterrcnn_resnet50_fpn"),
        ((), "say whose weights: the folder of a run, or --weights, and not both"),
        ((tmp_path, "--weights", weights), "say whose weights"),
    ):
        result = command("evaluate", *words, "--root", root)
        assert result.exit_code == 2
        assert sentence in result.stderr
    assert "--weights needs --root" in command("evaluate", "--weights", weights).stderr
    assert "say what to look at" in command("predict", "--weights", weights).stderr
