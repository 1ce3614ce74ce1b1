"""The command `jnd-predictor upgrade`: bring an artifact of an earlier release to today's version."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from predictor.commands.options import Json, fail

if TYPE_CHECKING:
    from predictor.artifact import PartKind


def upgrade(
    artifact: Annotated[Path, typer.Argument(help="Folder of a trained predictor.")], as_json: Json = False
) -> None:
    """Bring an artifact of an earlier release to today's version; what was trained and still fits stays.

    A part that no longer fits is replaced by the one that ships, and a missing one is added: nothing can be
    made of old arrays that are not in them. Train a replaced part again where it was your own.

    Exit code 0: it can be served. 1: it is no artifact, or of a newer release.
    """
    from predictor.artifact import ArtifactError  # noqa: PLC0415 - `--help` is to answer at once

    try:
        replaced = bring_up_to_date(artifact)
    except (ArtifactError, OSError) as error:
        fail(error)
    kept = "every part fits" if not replaced else f"replaced by the shipped one: {', '.join(replaced)}"
    typer.echo(json.dumps({"artifact": str(artifact), "replaced": replaced}) if as_json else kept)


def bring_up_to_date(directory: Path) -> "list[PartKind]":
    """Replace the parts of an artifact that no longer fit by those that ship; return which.

    Raises:
        ArtifactError: It is no artifact, or of a newer release.
        OSError: It cannot be written; nothing is lost.
    """
    from predictor.artifact import (  # noqa: PLC0415 - as above
        FILE_FIELDS,
        KINDS,
        Part,
        complete,
        default_directory,
        has_part,
        mark_current,
        read_part,
        write_part,
    )

    replaced = [kind for kind in KINDS if has_part(directory, kind) and not _fits(directory, kind)]
    for kind in replaced:
        shipped = read_part(default_directory(), kind)
        described = {name: value for name, value in shipped.card.items() if name not in FILE_FIELDS}
        write_part(directory, kind, Part(shipped.tensors, described))
    complete(directory)
    mark_current(directory)
    return replaced


def _fits(directory: Path, kind: "PartKind") -> bool:
    from predictor.artifact import ArtifactError  # noqa: PLC0415 - as above

    try:
        for load in _loaders()[kind]:
            load(directory)
    except ArtifactError:
        return False
    return True


def _loaders() -> "Mapping[PartKind, list[Callable[[Path], object]]]":
    """Return what reads each part; each raises `ArtifactError` where it does not fit."""
    from predictor.answer_change.change import AnswerModel  # noqa: PLC0415 - as above
    from predictor.artifact import read_part  # noqa: PLC0415
    from predictor.critic.specialist import load_specialist  # noqa: PLC0415
    from predictor.noticeability.full_size import FullSizeModel  # noqa: PLC0415
    from predictor.noticeability.known_references import KnownReferences  # noqa: PLC0415
    from predictor.noticeability.model import NoticeabilityModel  # noqa: PLC0415
    from predictor.residual.detector import ResidualDetector  # noqa: PLC0415
    from predictor.residual.reencoding import ReencodingJudge  # noqa: PLC0415
    from predictor.thresholds.full_size import FullSizeDelivery  # noqa: PLC0415
    from predictor.thresholds.model import ThresholdModel  # noqa: PLC0415

    return {
        "noticeability": [lambda at: NoticeabilityModel.from_part(read_part(at, "noticeability"))],
        "residual": [
            lambda at: ResidualDetector.from_part(read_part(at, "residual")),
            lambda at: ReencodingJudge.from_tensors(read_part(at, "residual").tensors),
        ],
        "answer_change": [lambda at: AnswerModel.from_part(read_part(at, "answer_change"))],
        "thresholds": [lambda at: ThresholdModel.from_part(read_part(at, "thresholds"))],
        "people": [
            lambda at: FullSizeModel.from_part(read_part(at, "people"), KnownReferences()),
            lambda at: FullSizeDelivery.from_part(read_part(at, "people"), KnownReferences()),
        ],
        "critic": [load_specialist],
    }
