"""The commands that ask about pictures: compare, thresholds, answer.

Heavy imports happen inside the commands, so that `--help` answers at once.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from calibration.image import ImageError
from calibration.profile import ProfileError
from predictor.commands.options import Artifact, Json, Model, console, fail, profile_of

if TYPE_CHECKING:
    from predictor.guarantees.risk_control import RiskLimit


def compare(
    reference: Annotated[Path, typer.Argument(help="The original picture.")],
    image: Annotated[Path, typer.Argument(help="The changed picture; may be of another size.")],
    model: Model = "embedded",
    *,
    heat_map: Annotated[
        Path | None,
        typer.Option("--map", help="Write a PNG that shows where the model would notice.", dir_okay=False),
    ] = None,
    artifact: Artifact = None,
    as_json: Json = False,
) -> None:
    """Predict whether the model notices the change between two pictures.

    jnd_ratio is the size of the change: 1 is one just noticeable difference, 4 stands for four or more: by
    then everything is noticed. The numbers are the same whichever picture comes first; where the pictures are
    of unlike size, both are judged at the larger one's. low and high bound the model's own chance of saying
    "different" of pairs like this one, also of a model nobody learned from. What mattered most is told in
    words on stderr.

    Example: jnd-predictor compare original.png edited.png --model gpt-4o --map where.png
    """
    from calibration.directory import DirectoryError, write_whole  # noqa: PLC0415
    from calibration.image import encode_png, load  # noqa: PLC0415
    from predictor.noticeability.heat_map import paint  # noqa: PLC0415
    from predictor.predict import ArtifactError, PairError, Predictor  # noqa: PLC0415 - loads torch

    try:
        first, second = load(reference), load(image)
        predictor, profile = Predictor.load(artifact), profile_of(model)
        found = predictor.compare(first, second, profile)
        explanation = predictor.against(first, profile).explain(second)
        if heat_map is not None:
            write_whole(heat_map, encode_png(paint(second, explanation.local_map)))
    except (ImageError, PairError, ProfileError, ArtifactError, DirectoryError, OSError) as error:
        fail(error)
    if as_json:
        print(json.dumps(asdict(found)))
    else:
        console.print(
            f"P(notice) {found.probability:.3f} ({found.low:.3f}-{found.high:.3f}), {found.jnd_ratio:.2f} JND"
        )
    for reason in explanation.reasons:
        console.print(f"- {reason}")


def thresholds(
    images: Annotated[list[Path], typer.Argument(help="Pictures.")],
    *,
    model: Model = "embedded",
    noticed: Annotated[
        float,
        typer.Option(help="How surely the model may notice the loss when the picture is sent, 0 to 1."),
    ] = 0.05,
    artifact: Artifact = None,
    as_json: Json = False,
) -> None:
    """Predict from which level on the model notices each distortion of a picture, and how to send it.

    level is where the model says "different" halfway between its false alarms and its best; unit_value is
    the same in the distortion's physical unit. low and high bound the model's own such level on this very
    picture, for at least 90 of 100 pictures and models, also ones nobody learned from. basis says what is
    known of the model's own threshold: where it never or hardly noticed the strongest level (censored,
    blunt), level and high lie at the end of the scale or beyond; where it is unmeasurable, they are what its
    trials leave open, or a guess from its others; what is assumed of a model is taken for granted.

    delivery is what may be done to the picture at its own size, each alone; the best there is where even that
    is noticed more surely, as JPEG of a picture no larger than the model's input can be. One line per
    picture.

    Example: jnd-predictor thresholds photo.jpg --model gpt-4o
    """
    from calibration.image import load  # noqa: PLC0415
    from predictor.commands.threshold_summary import as_record, as_table, describe_delivery  # noqa: PLC0415
    from predictor.predict import ArtifactError, Predictor  # noqa: PLC0415 - loads torch

    if not 0 < noticed < 1:
        raise typer.BadParameter(f"--noticed must lie between 0 and 1, got {noticed}")
    try:
        predictor, profile = Predictor.load(artifact), profile_of(model)
        for file in images:
            image = load(file)
            found = predictor.thresholds(image, profile)
            delivery = predictor.forecast(image, profile).settings(noticed)
            if as_json:
                print(json.dumps({"file": str(file), **as_record(found, delivery)}), flush=True)
            else:
                console.print(as_table(escape(f"What {profile.model} notices in {file.name}"), found))
                console.print(describe_delivery(delivery, noticed))
    except (ImageError, ProfileError, ArtifactError, OSError) as error:
        fail(error)


def answer(
    original: Annotated[Path, typer.Argument(help="The picture as it came in.")],
    version: Annotated[Path, typer.Argument(help="What would be sent instead; may be of another size.")],
    *,
    model: Model = "embedded",
    margin: Annotated[
        float | None,
        typer.Option(help="Where known: the model's likeliest answer's probability minus the second's."),
    ] = None,
    artifact: Artifact = None,
    as_json: Json = False,
) -> None:
    """Predict whether the model's answer about a picture changes with the version it is sent.

    kl is the expected divergence of its answer distribution, in nats; low and high bound it for 95 % of
    pictures like this one. On stderr stand the limits that keep a promised rate of changed answers, where the
    margin is unknown.
    """
    from calibration.image import load  # noqa: PLC0415
    from predictor.predict import ArtifactError, PairError, Predictor  # noqa: PLC0415 - loads torch

    try:
        first, second = load(original), load(version)
        predictor = Predictor.load(artifact)
        found = predictor.answer_change(first, second, profile_of(model), margin)
    except (ImageError, PairError, ProfileError, ArtifactError, ValueError, OSError) as error:
        fail(error)
    if as_json:
        print(json.dumps(asdict(found)))
    else:
        console.print(
            f"P(answer changes) {found.probability:.3f}, KL {found.kl:.4f} ({found.low:.4f}-{found.high:.4f})"
        )
    if margin is None:
        for limit in predictor.answer_limits:
            console.print(f"- {_describe_limit(limit)}")


def _describe_limit(limit: "RiskLimit") -> str:
    kept = f"at most {limit.alpha:g} of answers change"
    surely = "on average" if limit.delta is None else f"with {1 - limit.delta:.0%} certainty"
    if limit.knob is None:
        return f"no limit keeps that {kept}, {surely}: send originals"
    return (
        f"sending only what is below {limit.knob:.3f}, {kept} {surely}, for models and photographs like ours"
    )
