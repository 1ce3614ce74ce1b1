"""Options that commands about pictures share, how they print what they found, and how they fail."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import track

from calibration.image import ImageError
from calibration.pictures import PicturesError, picture_names
from calibration.profile import ProfileError
from calibration.shown_text import shown
from gateway.compression.plan import Effort, Tier
from gateway.providers.detail import LEVELS, level_named

if TYPE_CHECKING:
    from gateway.offline import Line

MODEL_HELP = (
    "Whose eyes count: a model by its name in requests, such as gpt-4o or claude-sonnet-4-5; `embedded`: "
    "the small one that ships; a profile.json; a calibration folder."
)
PROVIDER_HELP = (
    "Whose rules of sizes, tokens and formats apply: openai, anthropic, gemini, qwen, vertex, bedrock, "
    "openrouter, vllm, ollama, ...; `other`: anything else."
)

Images = Annotated[list[Path], typer.Argument(help="Picture files: PNG, JPEG, WebP or GIF; folders of them.")]
Artifact = Annotated[
    Path | None, typer.Option(help="Folder of a trained predictor; without it, the one that ships.")
]
_OTHERS_SHOWN = 5
Json = Annotated[bool, typer.Option("--json", help="One JSON line per image on stdout.")]
TierOption = Annotated[
    Tier,
    typer.Option(help="exact: same pixels; faithful: unnoticed by the model; lean: seldom noticed."),
]
EffortOption = Annotated[
    Effort,
    typer.Option(
        help="fast: one JPEG, corrected once at most; normal: a tenth lighter in three times the time."
    ),
]


def read_level(name: str) -> str:
    """Read `--detail`.

    Raises:
        BadParameter: There is no such level.
    """
    try:
        return level_named(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


DetailOption = Annotated[
    str,
    typer.Option(
        callback=read_level,
        metavar="|".join(name for name in LEVELS if name != "ultra_high"),
        help="Level of detail (at Gemini: media_resolution) that requests ask for; auto, none, or one "
        "that the model does not have: the provider's default.",
    ),
]


def with_progress(images: list[Path], without: Path | None = None) -> Iterable[Path]:
    """Look into folders, and show at a terminal how far it is.

    Args:
        images: Files and folders, as they were named.
        without: The folder that is written to: what lies in it is no input.

    Raises:
        Exit: A folder holds no picture.
    """
    files = _with_those_below(images, without)
    is_shown = sys.stderr.isatty() and len(files) > 1
    return track(files, console=Console(stderr=True), disable=not is_shown, transient=True)


def _with_those_below(paths: list[Path], without: Path | None) -> list[Path]:
    """List files as they were named, and in a folder's place the pictures below it."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)  # what is missing is told in its own line
            continue
        try:
            below = picture_names(path, without)
        except (OSError, PicturesError) as error:
            bad_use(error)
        if not below:
            bad_use(PicturesError(f"expected pictures (PNG, JPEG, WebP, GIF) below {path}, found none"))
        _tell_of_others(path, below, without)
        found += [path / name for name in below]
    return found


def _tell_of_others(folder: Path, below: list[str], without: Path | None) -> None:
    """Say on stderr what of a folder is not looked at: a picture may bear another name, or none."""
    names = picture_names(folder, without, suffixes=None)
    if others := sorted({*names} - {*below}):
        some = ", ".join(map(shown, others[:_OTHERS_SHOWN])) + (" ..." if len(others) > _OTHERS_SHOWN else "")
        left = f"{len(others)} files below {shown(str(folder))} are not named as PNG, JPEG, WebP or GIF"
        typer.echo(f"jnd-gateway: {left} and left out: {some}", err=True)


def alpha_inside(alpha: float) -> float:
    """Check the share of clean images that may be flagged.

    Raises:
        BadParameter: It would flag nothing, or everything.
    """
    if not 0.0 < alpha < 1.0:
        raise typer.BadParameter(f"expected a number above 0 and below 1, got {alpha:g}")
    return alpha


def warn_of_unknown(provider: str) -> None:
    """Say so on stderr if nobody described a provider."""
    from gateway.configuration.meaning import why_unknown  # noqa: PLC0415 - `--help` is to answer at once

    if message := why_unknown(provider):
        typer.echo(f"jnd-gateway: --provider: {message} Until then the rules of `other` apply.", err=True)


def print_lines(lines: "Iterable[Line]", as_json: bool) -> NoReturn:
    """Print each as it comes, and exit with 1 if one told of trouble, 2 if it could not begin.

    Raises:
        Exit: Always.
    """
    from predictor.predict import ArtifactError  # noqa: PLC0415 - as above

    is_trouble = False
    try:
        for line in lines:
            is_trouble |= line.is_trouble
            typer.echo(json_line(line.fields) if as_json else shown(line.summary))
    except (ArtifactError, ProfileError, ImageError, OSError) as error:
        bad_use(error)
    raise typer.Exit(1 if is_trouble else 0)


def json_line(fields: Mapping[str, object]) -> str:
    """Return fields as one line of JSON, in UTF-8 whatever bytes the name of a file is made of."""
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def bad_use(error: Exception) -> NoReturn:
    """Say what is wrong and exit with 2.

    Raises:
        Exit: Always.
    """
    typer.echo(f"jnd-gateway: {error}", err=True)
    raise typer.Exit(2)
