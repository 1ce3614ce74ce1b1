"""The command `critique`: how good pictures look to people, in numbers and words.

Heavy imports happen inside the command, so that `--help` answers at once.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import track

from calibration.image import ImageError
from calibration.pictures import picture_names, printable
from predictor.commands.options import Artifact, Json, console, fail

if TYPE_CHECKING:
    from predictor.critic.file_critic import FileCritic

_TROUBLE = 1  # exit code


def critique(
    images: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.")],
    *,
    trust_anchors: Annotated[
        Path | None,
        typer.Option(
            help="PEM file of certificates: whose signatures of content credentials are trusted, such as "
            "C2PA's trust list. Without it signatures are checked, and nobody is trusted.",
            dir_okay=False,
        ),
    ] = None,
    artifact: Artifact = None,
    as_json: Json = False,
) -> None:
    """Judge how good pictures look to people, say why, and where they come from.

    mos is the mean opinion score people would give, 0 to 100, low and high its interval; brightness,
    colorfulness, contrast, noisiness and sharpness go from 0 to 100 likewise. description says what, where
    and how much. generated_probability is judged by the pixels alone, and null for pictures unlike those it
    was learned from. provenance is what the file says, each fact with its source and how far it can be
    trusted: anybody can write what is not signed. outside says why the scores are a guess: charts, pages and
    screens are unlike the photographs they were learned from, and their interval is 0 to 100; else null.

    One line per picture; one that cannot be judged says why in reason, and the exit code is 1.

    Example: jnd-predictor critique photos --json
    """
    from predictor.artifact import ArtifactError  # noqa: PLC0415 - loads torch
    from predictor.critic.content_credentials import ContentCredentials, TrustAnchorsError  # noqa: PLC0415
    from predictor.critic.file_critic import FileCritic  # noqa: PLC0415
    from predictor.critic.loading import load_critic  # noqa: PLC0415
    from predictor.critic.provenance import ProvenanceReader  # noqa: PLC0415

    try:
        credentials = ContentCredentials(b"" if trust_anchors is None else trust_anchors.read_bytes())
    except (TrustAnchorsError, OSError) as error:
        raise typer.BadParameter(f"--trust-anchors: {error}") from error
    try:
        critic = FileCritic(load_critic(artifact), ProvenanceReader(credentials))
    except ArtifactError as error:
        fail(error)
    files = [file for image in images for file in _files_of(image)]
    is_shown = console.is_terminal and len(files) > 1
    is_trouble = False
    for file in track(files, console=console, disable=not is_shown, transient=True):
        record = _record_of(file, critic)
        is_trouble |= bool(record["reason"])
        _show(record, as_json=as_json)
    critic.close()
    if is_trouble:
        raise typer.Exit(_TROUBLE)


def _files_of(image: Path) -> Iterator[Path]:
    """Give the pictures of a folder; of an empty one itself, which is then told to be no picture."""
    names: Sequence[str] = picture_names(image) if image.is_dir() else ()
    yield from (image / name for name in names) if names else (image,)


def _record_of(file: Path, critic: "FileCritic") -> dict[str, object]:
    from predictor.critic.critic import NotJudgedError  # noqa: PLC0415 - see the module's docstring
    from predictor.critic.record import as_record, without_critique  # noqa: PLC0415

    name = {"file": printable(str(file))}
    try:
        if file.is_dir():
            raise ImageError("empty", "the folder holds no PNG, JPEG, WebP or GIF file")
        return {**name, **as_record(critic.judge(file.read_bytes()))}
    except (ImageError, NotJudgedError, OSError) as error:
        return {**name, **without_critique(str(error))}


def _show(record: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(record, ensure_ascii=False), flush=True)
    else:
        told = record["description"] or f"not judged: {record['reason']}"
        console.print(f"{record['file']}: {told}", markup=False, highlight=False, soft_wrap=True)
