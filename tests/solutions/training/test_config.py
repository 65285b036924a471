"""What a run is: configurations that hold together, and one sentence for each that does not."""

import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from solutions.__main__ import app
from solutions.training.checkpoint import read_checkpoint, write_checkpoint
from solutions.training.config import TrainConfig, TrainingError, continued, parse_budget, parse_size, read_config
from solutions.training.data import StepSampler


def test_configuration_survives_json() -> None:
    config = TrainConfig("fcn-8s", steps=5, size=(48, 64), data_options={"animals": [1, 2]})
    assert TrainConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "a run needs an end: --budget 3m or --steps 1000"),
        ({"steps": 0}, "--steps must be above zero, got 0"),
        ({"steps": 5, "device": "tpu"}, "--device must be one of auto, cpu, cuda, mps, got 'tpu'"),
        ({"steps": 5, "precision": "8"}, "--precision must be one of 32, bf16-mixed, 16-mixed, got '8'"),
        ({"steps": 5, "batch_size": 15, "devices": 2}, "--batch-size 15 cannot be shared equally by --devices 2"),
        ({"steps": 5, "train_images": 8}, "--batch-size 16 is more than the --train-images 8"),
        ({"steps": 5, "seed": -1}, "--seed must not be negative, got -1"),
    ],
)
def test_impossible_run_is_refused(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(TrainingError) as refused:
        TrainConfig("fcn-8s", **options)  # type: ignore[arg-type]
    assert str(refused.value) == sentence


@pytest.mark.parametrize("text", ["3 parsecs", "", "m", "-3m", "three minutes", "3mm"])
def test_budget_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(TrainingError, match=r"--budget must be seconds, minutes or hours, such as 90s, 3m or 1\.5h"):
        parse_budget(text)


@pytest.mark.parametrize("text", ["big", "64x", "64x64x3", "-64"])
def test_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(TrainingError, match="--size must be HEIGHTxWIDTH in pixels, such as 64x96"):
        parse_size(text)


def test_resumed_run_may_change_where_and_how_long_but_not_what() -> None:
    saved, folder = TrainConfig("fcn-8s", steps=5), Path("runs/x")
    assert continued(saved, {"steps": 9, "device": "cpu", "lr": 3e-3}, folder).steps == 9
    with pytest.raises(TrainingError, match=r"--lr was 0.003 when runs/x began, got 0.1; leave it out"):
        continued(saved, {"lr": 0.1}, folder)


def test_damaged_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"holds no training run: it has no config\.json"):
        read_config(tmp_path)
    (tmp_path / "config.json").write_text('{"model": ')
    with pytest.raises(TrainingError, match=r"config.json cannot be read"):
        read_config(tmp_path)


def test_order_depends_on_seed_and_step_alone() -> None:
    def batches(start: int, count: int, seed: int = 0) -> list[list[int]]:
        stream = iter(StepSampler(11, 3, seed, start))
        return [next(stream) for _ in range(count)]

    whole = batches(0, 9)
    assert batches(4, 5) == whole[4:]
    assert all(len(set(chain.from_iterable(whole[first : first + 3]))) == 9 for first in (0, 3, 6))
    assert whole[:3] != whole[3:6]
    assert batches(0, 3, seed=1) != whole[:3]


def test_ranks_share_each_batch() -> None:
    whole = iter(StepSampler(20, 6, 3, 2))
    parts = [iter(StepSampler(20, 6, 3, 2, rank, 3)) for rank in range(3)]
    for _ in range(5):
        shared = [next(part) for part in parts]
        assert all(len(part) == 2 for part in shared)
        assert sorted(chain.from_iterable(shared)) == sorted(next(whole))


def test_checkpoint_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.pt"
    write_checkpoint(path, {"step": 1, "weights": torch.ones(2)})

    def fails(state: object, file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError("no space left")

    monkeypatch.setattr(torch, "save", fails)
    with pytest.raises(OSError, match="no space left"):
        write_checkpoint(path, {"step": 2})
    assert read_checkpoint(path)["step"] == 1
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]


@pytest.mark.parametrize("content", [b"", b"half a zip", b"PK\x03\x04" + bytes(60)])
def test_damaged_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "last.pt").write_bytes(content)
    with pytest.raises(TrainingError, match=r"last.pt is not a whole checkpoint"):
        read_checkpoint(tmp_path / "last.pt")


def test_checkpoint_with_code_in_it_is_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "ran",)  # type: ignore[return-value]

    torch.save({"format": 1, "evil": Evil()}, tmp_path / "last.pt")
    with pytest.raises(TrainingError, match="is not a whole checkpoint"):
        read_checkpoint(tmp_path / "last.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "fcn-8"], "there is no model 'fcn-8'; did you mean fcn-8s?"),
        (["train", "EncoderDecoder"], "did you mean encoder-decoder?"),
        (["train", "zzz"], "there is no model 'zzz'; There are encoder-decoder, full-resolution, fcn-32s"),
        (["train", "fcn-8s", "--budget", "3 parsecs"], "--budget must be seconds, minutes or hours, such as 90s"),
        (["train", "fcn-8s", "--size", "big"], "--size must be HEIGHTxWIDTH"),
        (["train", "fcn-8s", "--option", "clutter"], "--option must be NAME=VALUE, such as clutter=0.8, got 'clutter'"),
        (["train", "fcn-8s", "--resume"], "--resume needs --out, the folder of the run that goes on"),
        (["train", "fcn-8s", "--resume", "--out", "nowhere"], "nowhere holds no training run: it has no config.json"),
        (["evaluate", "nowhere"], "nowhere holds no training run: it has no config.json"),
        (["predict", "nowhere"], "nowhere holds no training run: it has no config.json"),
        (["train", "fcn-8s", "--precision", "16-mixed", "--device", "cpu"], "--precision 16-mixed needs a CUDA GPU"),
        (["train", "fcn-8s", "--data", "from"], "there is no data set 'from', only farm"),
        (["train", "fcn-8s", "--option", "clutter=7"], "clutter must lie between 0 and 1, got 7"),
        (["train", "fcn-8s", "--option", "sheeps=7"], "farm has the options"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.output
    assert len(result.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_command_line_starts_without_torch() -> None:
    code = "import sys, solutions.__main__; sys.exit('torch' in sys.modules or 'lightning' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_models_are_listed_with_what_they_are() -> None:
    result = CliRunner().invoke(app, ["models"])
    assert result.exit_code == 0
    assert "fcn-8s" in result.stdout
