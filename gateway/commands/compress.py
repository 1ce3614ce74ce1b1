"""The command `jnd-gateway compress`: write picture files as the gateway would send them.

Heavy imports happen inside the command, so that `--help` answers at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.options import (
    MODEL_HELP,
    PROVIDER_HELP,
    Artifact,
    DetailOption,
    EffortOption,
    Images,
    Json,
    TierOption,
    print_lines,
    warn_of_unknown,
    with_progress,
)


def compress(  # noqa: PLR0917 - typer reads the options from the signature; all are passed by name
    images: Images,
    out: Annotated[Path, typer.Option(help="Folder for the lighter files; made if it is not there.")],
    model: Annotated[str, typer.Option(help=MODEL_HELP)] = "embedded",
    provider: Annotated[str, typer.Option(help=PROVIDER_HELP)] = "openai",
    tier: TierOption = "faithful",
    detail: DetailOption = "",
    effort: EffortOption = "normal",
    artifact: Artifact = None,
    as_json: Json = False,
) -> None:
    """Lighten images by as much as the model cannot notice; never more bytes or tokens than before.

    Name the model and its provider, for instance `--model claude-sonnet-4-5 --provider anthropic`: how far a
    picture may be lightened depends on the size at which it is shown. Without them, the small model that
    ships with the package is meant, which sees far less.

    Every picture gets a file in `--out`, under its own name: the same bytes where nothing is gained, and then
    it is told why. The originals stay as they are.

    Exit code 0, 1 when a file cannot be read, 2 for bad use.
    """
    from gateway.offline import compress_files  # noqa: PLC0415 - see the module's docstring
    from gateway.providers.rules import Recipient  # noqa: PLC0415

    warn_of_unknown(provider)
    lines = compress_files(
        with_progress(images, without=out),
        recipient=Recipient(provider, model, detail),
        tier=tier,
        effort=effort,
        out=out,
        artifact=artifact,
    )
    print_lines(lines, as_json)
