"""The command `jnd-gateway estimate`: what would be saved on somebody's own traffic.

Heavy imports happen inside the command, so that `--help` answers at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from calibration.profile import ProfileError
from gateway.commands.options import (
    MODEL_HELP,
    PROVIDER_HELP,
    Artifact,
    DetailOption,
    EffortOption,
    TierOption,
    bad_use,
)


def estimate(  # noqa: PLR0917 - typer reads the options from the signature; all are passed by name
    paths: Annotated[
        list[Path],
        typer.Argument(help="Pictures, folders, recorded requests: HAR, or JSON lines of request bodies."),
    ],
    model: Annotated[str, typer.Option(help=MODEL_HELP)] = "embedded",
    provider: Annotated[str, typer.Option(help=PROVIDER_HELP)] = "openai",
    compare: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            help="PROVIDER:MODEL instead of the two above, such as anthropic:claude-sonnet-4-5; repeat it "
            "to compare.",
        ),
    ] = None,
    tier: TierOption = "faithful",
    detail: DetailOption = "",
    effort: EffortOption = "normal",
    price: Annotated[
        float | None, typer.Option(help="Dollars for a million input tokens, instead of the list price.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write an HTML page with totals and pictures before and after.")
    ] = None,
    artifact: Artifact = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON line per picture on stdout, and one with the sums last.")
    ] = False,
) -> None:
    """Tell what would be saved on your own traffic, in bytes, tokens and money, before anything is deployed.

    Nothing is sent anywhere. Bytes buy latency, tokens buy money: a picture is billed by its size in pixels.
    A model without a known price gets no money told; `--price` gives one. What cannot be read is counted with
    its reason, and the run goes on. `--detail` is for pictures whose recorded request asks for none.

    Exit code 0, 1 when something cannot be read, is flagged, or no picture is found, 2 for bad use.
    """
    from gateway.estimate.run import estimate_traffic  # noqa: PLC0415 - see the module's docstring
    from gateway.estimate.summary import TargetError, read_targets  # noqa: PLC0415
    from gateway.estimate.totals import Manner  # noqa: PLC0415
    from gateway.providers.prices import PricesError  # noqa: PLC0415
    from predictor.predict import ArtifactError  # noqa: PLC0415

    try:
        targets = read_targets(compare or [f"{provider}:{model}"], price)
        is_trouble = estimate_traffic(
            paths,
            targets=targets,
            manner=Manner(tier, effort, detail),
            report=report,
            artifact=artifact,
            as_json=as_json,
        )
    except (TargetError, PricesError, ArtifactError, ProfileError, OSError) as error:
        bad_use(error)
    raise typer.Exit(1 if is_trouble else 0)
