"""What the commands of `jnd-predictor` share: options, where words go, and how a command fails."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

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


def fail(error: Exception) -> NoReturn:
    """Say why on stderr and end the program with 1."""
    console.print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
    sys.exit(1)
