"""`python -m solutions`: train the reference models, measure them, and look at what they see.

It starts without torch. What cannot be done is said in a sentence on stderr, with exit status 2.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from solutions.training.config import TrainConfig, TrainingError, continued, parse_budget, parse_options, parse_size
from solutions.training.models import MODELS, reference

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Train, evaluate and look at the reference models of From Pixels to Instances.",
)

_DEFAULT_BUDGET = "3m"

_Model = Annotated[str, typer.Argument(help="One of " + ", ".join(MODELS) + ".")]
_RunFolder = Annotated[Path | None, typer.Argument(metavar="RUN", help="The folder of a run, as `train` made it.")]
_Weights = Annotated[
    str | None,
    typer.Option(help="In place of RUN: coco, or a file of weights of torchvision's fasterrcnn_resnet50_fpn."),
]
_Root = Annotated[Path | None, typer.Option(help="For --weights: the folder of files in COCO's format.")]
_MinSize = Annotated[int, typer.Option(min=32, help="For --weights: the shorter side of a picture in the network.")]
_Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.")]
_Split = Annotated[str, typer.Option(help="train, val or test.")]
_DataSeed = Annotated[int | None, typer.Option(help="Of the pictures; another seed, other scenes.")]


@app.command()
def train(
    model: _Model,
    out: Annotated[Path | None, typer.Option(help="The run's folder; a new one in runs/ by default.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in --out stopped.")] = False,
    budget: Annotated[str | None, typer.Option(help=f"Time to train: 90s, 3m, 1h. [{_DEFAULT_BUDGET}]")] = None,
    steps: Annotated[int | None, typer.Option(help="Steps to train, instead of or besides a budget.")] = None,
    weights: Annotated[str | None, typer.Option(help="What a ResNet starts from: imagenet, or a file.")] = None,
    data: Annotated[str | None, typer.Option(help="farm, voc2007, voc2012, penn_fudan or coco.")] = None,
    root: Annotated[Path | None, typer.Option(help="The folder of the data set's files.")] = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch them, where that is possible.")] = False,
    data_seed: _DataSeed = None,
    option: Annotated[list[str] | None, typer.Option(help="A data set's option: clutter=0.8. Repeatable.")] = None,
    size: Annotated[str | None, typer.Option(help="HEIGHTxWIDTH of the pictures.")] = None,
    train_images: Annotated[int | None, typer.Option(help="How many pictures to train on.")] = None,
    val_images: Annotated[int | None, typer.Option(help="How many pictures to measure on.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Pictures a step, over all devices together.")] = None,
    lr: Annotated[float | None, typer.Option(help="The highest learning rate.")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="AdamW's.")] = None,
    clip_norm: Annotated[float | None, typer.Option(help="The largest norm of a gradient.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the weights and of the order of the pictures.")] = None,
    device: _Device = None,
    devices: Annotated[int | None, typer.Option(help="How many; torchrun's number counts under torchrun.")] = None,
    precision: Annotated[str | None, typer.Option(help="32, bf16-mixed or 16-mixed.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that load pictures.")] = None,
    looks: Annotated[int | None, typer.Option(help="How often to measure on the validation split.")] = None,
    checkpoint_every: Annotated[int | None, typer.Option(help="Steps between checkpoints.")] = None,
) -> None:
    """Train MODEL, and write its checkpoints, its log and metrics.json into a folder of its own."""
    with _told_in_a_sentence():
        wanted = reference(model)
        values = {
            "model": model, "weights": weights, "data": data, "root": str(root) if root else None,
            "download": download or None, "data_seed": data_seed, "train_images": train_images,
            "val_images": val_images, "batch_size": batch_size, "lr": lr, "weight_decay": weight_decay,
            "clip_norm": clip_norm, "seed": seed, "device": device, "devices": devices, "precision": precision,
            "workers": workers, "looks": looks, "checkpoint_every": checkpoint_every, "steps": steps,
            "size": parse_size(size) if size is not None else None,
            "budget_seconds": parse_budget(budget) if budget is not None else None,
            "data_options": parse_options(option) if option else None,
        }  # fmt: skip
        given: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
        if steps is not None or budget is not None:  # an end that is given takes the place of the one before
            given = {"steps": None, "budget_seconds": None, **given}
        if resume:
            from solutions.training.config import read_config

            if out is None:
                raise TrainingError("--resume needs --out, the folder of the run that goes on")
            config = continued(read_config(out), given, out)
        else:
            default_end = {"budget_seconds": parse_budget(_DEFAULT_BUDGET)}
            config = TrainConfig(**{**wanted.defaults, **default_end, **given})
        _require_libraries()
        from solutions.training.start import start

        report = start(config, out, resume=resume)
        if report:
            typer.echo(_summary(report))
            raise typer.Exit(0 if report["stopped_because"] == "budget" else 130)


@app.command()
def evaluate(
    run: _RunFolder = None,
    split: _Split = "test",
    images: Annotated[int | None, typer.Option(help="How many pictures.")] = None,
    data_seed: _DataSeed = None,
    device: _Device = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    weights: _Weights = None,
    root: _Root = None,
    min_size: _MinSize = 800,
) -> None:
    """Measure the best weights of RUN on a split that it has not seen; writes RUN/evaluation-SPLIT.json.

    With --weights and --root, a detector that was trained elsewhere is measured, and nothing is written.
    """
    with _told_in_a_sentence():
        _require_libraries()
        folder = _one_of(run, weights)
        if folder is None:
            from solutions.training.pretrained import measure_weights

            if root is None:
                raise TrainingError("--weights needs --root, the folder of files in COCO's format")
            report = measure_weights(str(weights), root, split, images, device, min_size)
        else:
            from solutions.training.start import measure

            report = measure(folder, split, images, data_seed, device)
        if as_json:
            typer.echo(json.dumps(report, indent=2))
            return
        for name, value in {**report["scores"], **report["per_class"]}.items():
            typer.echo(f"{name:>16}  {value:.3f}")


@app.command()
def predict(
    run: _RunFolder = None,
    image: Annotated[list[Path] | None, typer.Option(help="A picture of your own. Repeatable.")] = None,
    split: _Split = "test",
    count: Annotated[int, typer.Option(min=1, help="How many pictures of the split.")] = 6,
    out: Annotated[
        Path | None, typer.Option(help="Where the pictures go; RUN/predictions, or predictions, by default.")
    ] = None,
    score: Annotated[float, typer.Option(min=0, max=1, help="The least score of a detection that is drawn.")] = 0.5,
    data_seed: _DataSeed = None,
    device: _Device = None,
    weights: _Weights = None,
    root: _Root = None,
    min_size: _MinSize = 800,
) -> None:
    """Draw what the best weights of RUN see, in pictures of a split or in your own.

    With --weights, what a detector sees that was trained elsewhere; its detections go to predictions.json as well.
    """
    with _told_in_a_sentence():
        _require_libraries()
        folder = _one_of(run, weights)
        if folder is None:
            from solutions.training.pretrained import draw_with_weights

            paths = draw_with_weights(
                str(weights), image or [], root, split, count, out or Path("predictions"), score, device, min_size
            )
        else:
            from solutions.training.pictures import draw_predictions

            paths = draw_predictions(
                folder, image or [], split, count, out or folder / "predictions", score, data_seed, device
            )
        for path in paths:
            typer.echo(str(path))


@app.command()
def models() -> None:
    """List the models that can be trained."""
    for name, model in MODELS.items():
        typer.echo(f"{name:<20} {model.summary}")


def _summary(report: dict[str, Any]) -> str:
    scores = ", ".join(f"{name} {value:.3f}" for name, value in report["scores"].items())
    return (
        f"{report['folder']}: {scores}; "
        f"{report['steps']} steps in {report['wall_seconds']:.0f} s on {report['device']}, "
        f"{report['images_per_second']:.0f} images/s, {report['data_loading_share']:.0%} of the time waiting for data"
    )


def _one_of(run: Path | None, weights: str | None) -> Path | None:
    """Return the run that is asked for, or None where it is weights."""
    if (run is None) == (weights is None):
        raise TrainingError("say whose weights: the folder of a run, or --weights, and not both")
    return run


def _require_libraries() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("lightning", "torchmetrics", "tensorboard") if find_spec(name) is None]
    if missing:
        raise TrainingError(f"training needs {', '.join(missing)}: pip install 'pixels-to-instances[train]'")


@contextmanager
def _told_in_a_sentence() -> Iterator[None]:
    """Turn what is expected to go wrong into a sentence and exit status 2."""
    try:
        yield
    except TrainingError as error:
        _say(str(error))
        raise typer.Exit(2) from None
    except OSError as error:
        _say(f"{error.filename or 'a file'}: {error.strerror or error}")
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        _say("interrupted; train --resume goes on from the last checkpoint")
        raise typer.Exit(130) from None


def _say(sentence: str) -> None:
    print(f"solutions: {sentence}", file=sys.stderr)


if __name__ == "__main__":
    app()
