"""What the commands of `jnd-predictor` share: options, where words go, and how a command fails."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from calibration.known_profiles import resolve_profile
from calibration.profile import JndProfile

console = Console(stderr=True)

Artifact = Annotated[
    Path | None, typer.Option(help="Folder of a trained predictor; without it, the one that ships.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON line on stdout.")]
Model = Annotated[
    str, typer.Option(help="embedded, a published name such as gpt-4o, a profile.json, a calibration folder.")
]
Out = Annotated[
    Path,
    typer.Option(help="Artifact folder; its other parts stay as they are, or are those that ship."),
]
Images = Annotated[Path, typer.Option(help="Folder of reference pictures (PNG, JPEG, WebP).")]


def profile_of(model: str) -> JndProfile:
    """Find the profile that --model means; say so where nothing is known under that name.

    Raises:
        ProfileError: It is a path, and no readable profile is there.
    """
    profile = resolve_profile(model)
    if profile.source == "default":
        known = f"nothing is known of {model}: it is taken to see as well as people do"
        console.print(known, highlight=False, soft_wrap=True, markup=False)
    return profile


def fail(error: Exception) -> NoReturn:
    """Say why on stderr and end the program with 1."""
    console.print(f"[red]error:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
    sys.exit(1)
