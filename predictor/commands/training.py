"""The commands that learn and measure: train, evaluate, train-answers.

Heavy imports happen inside the commands, so that `--help` answers at once.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from predictor.commands.options import Artifact, Images, Json, Out, console, fail, profile_of

Report = Callable[[str, int, int | None], None]  # stage, done, total


def train(
    more: Annotated[
        list[Path] | None, typer.Argument(help="Further calibration folders.", show_default=False)
    ] = None,
    *,
    images: Images,
    out: Out,
    calibration: Annotated[
        list[Path] | None, typer.Option(help="Calibration folder whose trials to learn from; repeatable.")
    ] = None,
    observer: Annotated[
        list[str] | None,
        typer.Option(
            help="Ask this observer about fresh pairs, too: embedded, openai:MODEL@URL, anthropic:MODEL, "
            "gemini:MODEL, transformers:PATH, python:MODULE:FACTORY …, as jnd-calibrate; repeatable. With "
            "three or more and 3,000 pairs, it is also learned how sure to be of models never met."
        ),
    ] = None,
    profile: Annotated[
        list[Path] | None,
        typer.Option(
            help="Measured profile, or calibration folder, of an observer asked: saves the questions that "
            "look for its thresholds; repeatable."
        ),
    ] = None,
    pairs: Annotated[
        int,
        typer.Option(
            min=100,
            help="Fresh pairs to ask about, shared by the observers; two questions each. Up to 240 more per "
            "observer and distortion look for thresholds that no profile has: the total is said first.",
        ),
    ] = 10_000,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Use only the first LIMIT pictures, sorted by name, when asking."),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the observers' answers; without it they lie in OUT.asked until the artifact is "
            "written. The same command goes on from them, were it cut short."
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Passes over the pairs, where a network is trained anew.", show_default=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Fixes pairs, split and weights.")] = 0,
    as_json: Json = False,
) -> None:
    """Learn to predict what observers notice, or when their answers change.

    From trials, their model is learned, from a hundred on: how far its profile is off, distortion by
    distortion, how its answers follow, and how sure to be of it. The network and what is known of other
    models stay: those of OUT, if it is an artifact, else those that ship. With --observer,
    fresh pairs are asked about, too; from 3,000 --pairs on, they train a new network, which knows the models
    asked alone. A calibration on a task question teaches when this model's answers change: see the command
    answer.

    Example: jnd-predictor train --calibration calibrated --images photos --out artifact
    """
    from predictor.learning.noticeability.training import FEW_PAIRS  # noqa: PLC0415
    from predictor.learning.train import TrainingRequest, run_training  # noqa: PLC0415 - loads torch

    folders = (*(calibration or ()), *(more or ()))
    if not folders and not observer:
        raise typer.BadParameter("give --calibration or --observer: without answers nothing can be learned")
    request = TrainingRequest(
        images=images,
        out=out,
        calibrations=folders,
        observers=tuple(observer or ()),
        profiles=tuple(profile or ()),
        pairs=pairs,
        limit=limit,
        epochs=epochs,
        seed=seed,
        keep=keep,
    )
    if epochs is not None and not request.starts_anew:
        raise typer.BadParameter(
            f"--epochs needs --observer and {FEW_PAIRS:,} --pairs: else no network is trained"
        )
    if request.profiles and not request.observers:
        raise typer.BadParameter("--profile is of an observer asked: give --observer, too")
    figures = _with_progress(partial(run_training, request, tell=_tell))
    if as_json:
        print(json.dumps({"out": str(out), **figures}))
    else:
        console.print(f"wrote what was learned to {out}: {figures}", markup=False)


def evaluate(
    calibration: Annotated[Path, typer.Option(help="Calibration folder with trials to predict.")],
    images: Images,
    model: Annotated[
        str | None,
        typer.Option(
            help="Whose profile to judge by: a calibration folder or profile.json made of other trials, "
            "embedded, a published name. Without it, the profile made of these very trials.",
            show_default=False,
        ),
    ] = None,
    artifact: Artifact = None,
    as_json: Json = False,
) -> None:
    """Measure predictions against a calibration's trials, each pair as it was shown.

    A prediction is the chance that one question, its polarity and order drawn at random, is answered
    "different". Prints the AUC of noticed by predicted, the expected Brier score of one answer, the median
    error of thresholds (natural logarithm; predictions and answers fitted the same way), the coverage of the
    95 % intervals, and the AUC of PSNR, SSIM and GMSD on the same pairs.

    The intervals are of the model's own chance of saying "different" of one pair. Where it states chances,
    coverage_95 is the share of pairs whose chance lies inside; where it says yes or no, the share of ten
    groups of pairs of like prediction whose count of "different" such chances could give.

    Two things flatter the figures, and both are said: learned_from, the artifact learned from these very
    trials; profile_saw_these_trials, the profile was fitted to them, as is the calibration's own. What to
    expect of new pictures is told by --model with a calibration of other photographs.

    Example: jnd-predictor evaluate --calibration second --images fresh --model first
    """
    from predictor.learning.noticeability.evaluation import evaluate as measure  # noqa: PLC0415 - loads torch
    from predictor.learning.noticeability.history import has_learned  # noqa: PLC0415
    from predictor.learning.noticeability.recorded import read_recorded  # noqa: PLC0415
    from predictor.learning.train import tell_left_out  # noqa: PLC0415
    from predictor.predict import Predictor  # noqa: PLC0415

    try:
        predictor = Predictor.load(artifact)
        lesson = read_recorded(calibration, images)
        tell_left_out(lesson, calibration, _tell)
        learned_from = has_learned(artifact, lesson.pairs.digest())
        profile = lesson.profile if model is None else profile_of(model)
        saw_trials = profile.distortions == lesson.profile.distortions
        found = {
            **asdict(measure(predictor, lesson.pairs, profile)),
            "learned_from": learned_from,
            "profile_from": str(calibration) if model is None else model,
            "profile_saw_these_trials": saw_trials,
        }
    except (ValueError, OSError, RuntimeError) as error:
        fail(error)
    if learned_from:
        _tell("the artifact learned from these very trials: on fresh ones it will do less well")
    if saw_trials:
        _tell(
            "judged by the profile of these very trials: by one of other trials, --model, it does less well"
        )
    if as_json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            console.print(f"{name}: {value}")


def train_answers(
    *,
    classifiers: Annotated[
        Path, typer.Option(help="Folder of torch.export classifiers: NAME.pt2 beside its card NAME.json.")
    ],
    images: Images,
    out: Out,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Do not ask this classifier, to test on it later; repeatable.")
    ] = None,
    first: Annotated[
        int | None, typer.Option(min=4, help="Draw from the first FIRST pictures only, sorted by name.")
    ] = None,
    limit: Annotated[int, typer.Option(min=4, help="Photographs drawn.")] = 560,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the classifiers' answers here: a second run need not ask again.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Fixes photographs, versions and weights.")] = 0,
    as_json: Json = False,
) -> None:
    """Learn to predict whether a compressed version changes a model's answer.

    Example: jnd-predictor train-answers --classifiers models --images photos --out artifact
    """
    from predictor.learning.train_answers import AnswerTrainingRequest, run_answer_training  # noqa: PLC0415

    request = AnswerTrainingRequest(
        classifiers, images, out, tuple(leave_out or ()), first=first, limit=limit, keep=keep, seed=seed
    )
    figures = _with_progress(partial(run_answer_training, request))
    if as_json:
        print(json.dumps({"out": str(out), **figures}))
    else:
        console.print(f"wrote the answer_change part to {out}: {figures}", markup=False)


def _tell(sentence: str) -> None:
    console.print(sentence, highlight=False, markup=False, soft_wrap=True)


def _with_progress(work: Callable[[Report], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Carry out a long command and show how far it is; a failure ends the program with a sentence."""
    try:
        with Progress(console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("training", total=None)
            return work(
                lambda stage, done, total: bar.update(task, description=stage, completed=done, total=total)
            )
    except (ValueError, LookupError, OSError, RuntimeError) as error:
        fail(error)
