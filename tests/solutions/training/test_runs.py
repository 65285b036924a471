"""Runs from end to end: what they write, that a killed one goes on to the same result, many processes, pictures."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from typer.testing import CliRunner

from course.farm import CLASSES, KEYPOINTS
from solutions.__main__ import app
from solutions.training.checkpoint import read_checkpoint
from solutions.training.config import TrainConfig, TrainingError
from solutions.training.start import start
from solutions.training.tasks import Detection, Semantic

ROOT = Path(__file__).resolve().parents[3]
SMALL = ["--size", "32x32", "--train-images", "24", "--val-images", "8", "--batch-size", "8", "--device", "cpu"]


@pytest.fixture(autouse=True, scope="module")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    before = os.environ.get("COURSE_CACHE")
    os.environ["COURSE_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("COURSE_CACHE")
    if before is not None:
        os.environ["COURSE_CACHE"] = before


def command(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory: pytest.TempPathFactory, _cache: None) -> Path:
    out = tmp_path_factory.mktemp("runs") / "segmenter"
    result = command("train", "encoder-decoder", "--steps", "6", "--looks", "2", "--out", out, *SMALL)
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory, _cache: None) -> Path:
    out = tmp_path_factory.mktemp("runs") / "detector"
    options = ["--steps", "3", "--looks", "1", "--precision", "bf16-mixed", "--out", out]
    result = command("train", "mask-rcnn", *options, *SMALL)
    assert result.exit_code == 0, result.output
    return out


def config(**options: Any) -> TrainConfig:
    small = {"size": (32, 32), "train_images": 24, "val_images": 8, "batch_size": 8, "device": "cpu"}
    return TrainConfig(**{"model": "fcn-8s", "steps": 12, "looks": 3, "checkpoint_every": 5, **small, **options})


def test_run_writes_checkpoints_log_and_metrics(segmenter: Path) -> None:
    names = {path.name for path in segmenter.iterdir()}
    assert names == {"config.json", "last.pt", "best.pt", "metrics.json", "tensorboard"}
    assert any((segmenter / "tensorboard").iterdir())


def test_metrics_say_what_the_numbers_depend_on(segmenter: Path) -> None:
    report = json.loads((segmenter / "metrics.json").read_text())
    assert report["metric"]["name"] == "mIoU"
    assert 0 <= report["metric"]["value"] <= 1
    assert report["metric"]["value"] == max(look["mIoU"] for look in report["looks"])
    assert [look["step"] for look in report["looks"]] == [3, 6]
    assert (report["seed"], report["device"], report["devices"], report["precision"]) == (0, "cpu", 1, "32")
    assert (report["steps"], report["stopped_because"]) == (6, "budget")
    assert 0 < report["training_seconds"] <= report["wall_seconds"]
    assert 0 <= report["data_loading_share"] <= 1
    assert report["images_per_second"] == pytest.approx(48 / report["training_seconds"], rel=0.02)
    assert report["peak_memory_mib"] > 50
    assert {"python", "torch", "torchvision", "lightning"} <= set(report["versions"])


def test_log_can_be_read_by_tensorboard(segmenter: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(segmenter / "tensorboard"))
    events.Reload()
    assert {"loss/total", "lr", "val/mIoU"} <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("val/mIoU")] == [3, 6]


def test_evaluate_measures_the_best_weights_on_another_split(segmenter: Path) -> None:
    first = command("evaluate", segmenter, "--json", "--device", "cpu")
    report = json.loads(first.stdout)
    assert report["split"] == "test"
    assert json.loads((segmenter / "evaluation-test.json").read_text()) == report
    same = json.loads(command("evaluate", segmenter, "--split", "val", "--json", "--device", "cpu").stdout)
    kept = json.loads((segmenter / "metrics.json").read_text())
    assert same["metric"]["value"] == pytest.approx(kept["metric"]["value"], abs=1e-6)
    other = json.loads(command("evaluate", segmenter, "--data-seed", "5", "--json", "--device", "cpu").stdout)
    assert other["metric"]["value"] != report["metric"]["value"]


def test_predict_draws_a_picture_each(segmenter: Path, tmp_path: Path) -> None:
    result = command("predict", segmenter, "--count", "2", "--out", tmp_path, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert {path.name for path in tmp_path.iterdir()} == {"test-0000.png", "test-0001.png"}
    own = command("predict", segmenter, "--image", tmp_path / "test-0000.png", "--out", tmp_path / "own")
    assert own.exit_code == 0, own.output
    assert (tmp_path / "own" / "test-0000.png").exists()


def test_picture_that_is_none_is_named(segmenter: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.png"
    half.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    assert f"{half} is not a whole" in command("predict", segmenter, "--image", half).stderr
    assert "gone.png" in command("predict", segmenter, "--image", tmp_path / "gone.png").stderr


def test_detector_trains_in_bfloat16_is_measured_and_drawn(detector: Path, tmp_path: Path) -> None:
    report = json.loads((detector / "metrics.json").read_text())
    assert report["precision"] == "bf16-mixed"
    assert set(report["scores"]) == {"mAP", "mAP_50", "mAP_75", "mask_mAP", "mask_mAP_50", "mask_mAP_75"}
    result = command("predict", detector, "--count", "1", "--score", "0", "--out", tmp_path, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "test-0000.png").exists()


def test_folder_with_a_run_is_not_trained_over(segmenter: Path) -> None:
    result = command("train", "encoder-decoder", "--steps", "2", "--out", segmenter, *SMALL)
    assert result.exit_code == 2
    assert "holds a run already; --resume goes on with it, another --out begins anew" in result.stderr


def test_run_without_its_checkpoint_cannot_go_on(segmenter: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((segmenter / "config.json").read_text())
    result = command("train", "encoder-decoder", "--resume", "--out", tmp_path)
    assert result.exit_code == 2
    assert "has no checkpoint last.pt to go on from" in result.stderr
    result = command("evaluate", tmp_path)
    assert "has no checkpoint best.pt; python -m solutions train writes one" in result.stderr


class Killed(BaseException):
    """No handler expects it: as sudden as a kill."""


@pytest.mark.parametrize("model", ["fcn-8s", "faster-rcnn"])
def test_run_that_broke_off_goes_on_to_the_same_result(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = config(model=model, steps=7, looks=2, checkpoint_every=3, batch_size=4, val_images=4)
    whole = start(few, tmp_path / "whole", resume=False)
    task = Detection if model == "faster-rcnn" else Semantic
    calls, losses = 0, task.losses

    def breaks(self: Any, *arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise Killed
        return losses(self, *arguments)

    monkeypatch.setattr(task, "losses", breaks)
    with pytest.raises(Killed):
        start(few, tmp_path / "broken", resume=False)
    assert read_checkpoint(tmp_path / "broken" / "last.pt")["position"]["step"] == 3
    resumed = start(few, tmp_path / "broken", resume=True)
    _require_same(tmp_path / "whole", tmp_path / "broken")
    assert resumed["scores"] == pytest.approx(whole["scores"], abs=1e-6)


def test_interrupted_run_writes_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, losses = 0, Semantic.losses

    def interrupted(self: Any, *arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return losses(self, *arguments)

    monkeypatch.setattr(Semantic, "losses", interrupted)
    report = start(config(), tmp_path / "run", resume=False)
    assert (report["steps"], report["stopped_because"]) == (3, "interrupted")
    assert start(config(), tmp_path / "run", resume=True)["steps"] == 12


def test_time_budget_ends_a_run(tmp_path: Path) -> None:
    report = start(config(steps=None, budget_seconds=0.5, looks=1), tmp_path / "run", resume=False)
    assert report["steps"] > 0
    assert 0.5 <= report["wall_seconds"] < 5


def test_checkpoint_of_another_model_is_refused(segmenter: Path, tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_bytes((segmenter / "last.pt").read_bytes())
    with pytest.raises(TrainingError, match=r"last\.pt does not fit fcn-8s"):
        start(config(model="fcn-8s"), tmp_path, resume=True)
    settings = TrainConfig.from_json((segmenter / "config.json").read_text())
    (segmenter / "config.json").write_text(TrainConfig(**{**vars(settings), "model": "encoder-decoder"}).to_json())


def _require_same(a: Path, b: Path) -> None:
    one, other = read_checkpoint(a / "last.pt"), read_checkpoint(b / "last.pt")
    assert one["position"]["step"] == other["position"]["step"]
    for name, value in one["model"].items():
        torch.testing.assert_close(other["model"][name], value, rtol=1e-5, atol=1e-6)
    looks = [json.loads((folder / "metrics.json").read_text())["looks"] for folder in (a, b)]
    for first, second in zip(*looks, strict=True):
        assert first["step"] == second["step"]
        assert second["mIoU" if "mIoU" in first else "mAP"] == pytest.approx(
            first["mIoU" if "mIoU" in first else "mAP"]
        )


def _arguments(out: Path, *options: str) -> list[str]:
    steps = ["--steps", "60", "--checkpoint-every", "7", "--looks", "3"]
    return [sys.executable, "-m", "solutions", "train", "fcn-8s", *steps, "--out", str(out), *SMALL, *options]


@pytest.mark.slow
def test_killed_process_goes_on_to_the_same_result(tmp_path: Path) -> None:
    subprocess.run(_arguments(tmp_path / "whole"), cwd=ROOT, check=True, capture_output=True)
    process = subprocess.Popen(_arguments(tmp_path / "killed"), cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        last = tmp_path / "killed" / "last.pt"
        if last.exists() and 20 <= read_checkpoint(last)["position"]["step"] < 60:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed" / "metrics.json").exists()
    resume = _arguments(tmp_path / "killed", "--resume")
    subprocess.run(resume, cwd=ROOT, check=True, capture_output=True)
    _require_same(tmp_path / "whole", tmp_path / "killed")
    assert not list((tmp_path / "killed").glob(".*.tmp"))


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["fabric", "torchrun"])
def test_two_processes_train_one_model(launcher: str, tmp_path: Path) -> None:
    arguments = _arguments(tmp_path / "run", "--devices", "2")
    arguments[arguments.index("60")] = "4"
    if launcher == "torchrun":
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
        arguments = [*torchrun, *arguments[1:-2]]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        arguments, cwd=ROOT, check=False, capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert (report["devices"], report["steps"]) == (2, 4)
    assert len(read_checkpoint(tmp_path / "run" / "last.pt")["random"]) == 2
    assert done.stdout.count("mIoU") == 1


def test_a_resnet_starts_from_weights_in_a_file_and_goes_on_without_it(tmp_path: Path) -> None:
    torch.manual_seed(3)
    file = tmp_path / "resnet18.pt"
    resnet = torchvision.models.resnet18(weights=None)
    torch.save(resnet.state_dict(), file)
    out = tmp_path / "run"
    result = command(
        "train", "fcn-8s-resnet18", "--weights", file, "--lr", "1e-9", "--steps", "1", "--out", out, *SMALL
    )
    assert result.exit_code == 0, result.output
    trained = read_checkpoint(out / "best.pt")["model"]["backbone.layer4.1.conv2.weight"]
    torch.testing.assert_close(trained, resnet.layer4[1].conv2.weight, atol=1e-6, rtol=0)
    file.unlink()
    result = command("evaluate", out, "--images", "2", "--device", "cpu", "--json")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("model", "weights", "sentence"),
    [
        ("fcn-8s", "imagenet", "fcn-8s takes no --weights; there are some for fcn-32s-resnet18"),
        ("fcn-8s-resnet18", "nowhere.pt", "--weights nowhere.pt: "),
    ],
)
def test_weights_that_cannot_be_had_are_answered_with_a_sentence_and_leave_no_folder(
    model: str, weights: str, sentence: str, tmp_path: Path
) -> None:
    result = command("train", model, "--weights", weights, "--steps", "1", "--out", tmp_path / "run", *SMALL)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("model", "headline", "names"),
    [
        ("localizer", "mean_IoU", CLASSES[1:]),
        ("localizer-one-box", "mean_IoU", CLASSES[1:]),
        ("pose-net", "PCK_0.2", KEYPOINTS),
        ("coordinate-net", "PCK_0.2", KEYPOINTS),
        ("sliding-window", "mAP", CLASSES[1:]),
        ("rcnn", "mAP", CLASSES[1:]),
        ("fast-rcnn", "mAP", CLASSES[1:]),
        ("yolo", "mAP", CLASSES[1:]),
        ("faster-rcnn", "mAP", CLASSES[1:]),
    ],
)
def test_models_that_find_objects_are_trained_measured_and_drawn(
    model: str, headline: str, names: tuple[str, ...], tmp_path: Path
) -> None:
    result = command("train", model, "--steps", "3", "--out", tmp_path / "run", *SMALL)
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert report["metric"]["name"] == headline
    assert set(report["per_class"]) <= set(names)
    assert report["per_class"]
    assert all(0 <= value <= 1 for value in report["scores"].values())
    result = command("predict", tmp_path / "run", "--count", "2", "--out", tmp_path / "pictures")
    assert result.exit_code == 0, result.output
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 2
    result = command("evaluate", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert headline in result.output


@pytest.mark.parametrize("model", ["segnet", "full-resolution"])
def test_other_semantic_models_report_each_class(model: str, tmp_path: Path) -> None:
    result = command("train", model, "--steps", "2", "--out", tmp_path / "run", *SMALL)
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert {"sky", "grass", "cow"} <= set(report["per_class"])
    assert report["scores"]["mIoU"] == pytest.approx(sum(report["per_class"].values()) / len(report["per_class"]))
