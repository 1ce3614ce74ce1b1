"""The command `jnd-gateway`: serve the proxy, or show on files what it would do to images.

Heavy imports happen inside the commands, so that `--help` answers at once.
"""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import track

from calibration.extras import ExtrasGroup
from calibration.image import ImageError
from calibration.profile import ProfileError
from gateway.commands.audit import audit
from gateway.compression.plan import Tier
from gateway.configuration.reference import settings_reference
from gateway.configuration.yaml_file import UnreadableFileError
from gateway.settings import Settings
from gateway.settings_file import SettingsError, load_settings

if TYPE_CHECKING:
    from gateway.offline import Line

app = typer.Typer(
    cls=ExtrasGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="A proxy in front of LMM APIs: it flags edits hidden below what the model can notice, and lightens "
    "images by as much as the model cannot.",
)
app.command()(audit)
_console = Console(stderr=True)

_MODEL_HELP = (
    "Whose eyes count: embedded, a published name such as gpt-4o, a profile.json, a calibration folder."
)
_ARTIFACT_HELP = "Folder of a trained predictor; without it, the one that ships."

Images = Annotated[list[Path], typer.Argument(help="Picture files: PNG, JPEG, WebP or GIF.")]
Model = Annotated[str, typer.Option(help=_MODEL_HELP)]
Artifact = Annotated[Path | None, typer.Option(help=_ARTIFACT_HELP)]
Json = Annotated[bool, typer.Option("--json", help="One JSON line per image on stdout.")]


@app.command(epilog=settings_reference())
def serve(
    config: Annotated[
        Path | None, typer.Option(help="YAML file; without it, every setting has its default.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to bind instead of listen.host.")] = None,
    port: Annotated[str | None, typer.Option(help="Port to bind instead of listen.port.")] = None,
) -> None:
    """Serve the proxy until SIGTERM or Ctrl-C; running answers are finished first.

    Point an SDK at it with OPENAI_BASE_URL=http://127.0.0.1:8080/v1. Health is at /livez and /readyz, numbers
    for Prometheus are at /metrics. SIGHUP reads the settings again, without dropping a request.

    Environment variables win over the file: JND_UPSTREAM__BASE_URL overrides upstream.base_url; lists and
    maps are JSON there. A value ${NAME} in the file is taken from the environment: so keys stay out of it.
    HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured on the way to the upstream. `jnd-gateway check-config`
    tells what is wrong with a file, and what it amounts to.
    """
    source = str(config) if config is not None else "the environment's settings"
    _serve(lambda: load_settings(config, options={"host": host, "port": port}), source)


@app.command("check-config")
def check_config(
    file: Annotated[Path, typer.Argument(help="The YAML file that `serve --config` would read.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Check a file of settings without serving: every mistake with its line and what to write instead.

    A file that can be used is told as the gateway understands it: for each upstream its host, provider and
    whose key is sent (never the key), for each model where its profile comes from, and what is off. `JND_`
    variables count as they would for `serve`; run it in the same environment.

    Exit code 0: it can be used, warnings or not. 1: it has errors. 2: it cannot be opened.
    """
    from gateway.check_config import check_file  # noqa: PLC0415 - see the module's docstring

    try:
        text, is_usable = check_file(file, as_json=as_json)
    except UnreadableFileError as error:
        _bad_use(error)
    print(text)
    raise typer.Exit(0 if is_usable else 1)


@app.command()
def metrics() -> None:
    """List what /metrics counts: each number's name, type, labels and meaning.

    The names are Prometheus'; a histogram has `_bucket`, `_sum` and `_count` behind its own.
    """
    from gateway.metrics import metrics_reference  # noqa: PLC0415 - see the module's docstring

    print(metrics_reference())


@app.command()
def inspect(  # noqa: PLR0917 - typer reads the options from the signature; all are passed by name
    images: Images,
    model: Model = "embedded",
    reference: Annotated[
        Path | None, typer.Option(help="The picture as it should be; each image is compared with it.")
    ] = None,
    alpha: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of clean images that may be flagged.")
    ] = 0.01,
    artifact: Artifact = None,
    as_json: Json = False,
) -> None:
    """Tell whether images carry an edit, and whether the model would notice it.

    Exit code 1 when an image is flagged or cannot be checked.
    """
    from gateway.offline import inspect_files  # noqa: PLC0415 - see the module's docstring

    lines = inspect_files(
        _with_progress(images), model=model, reference=reference, alpha=alpha, artifact=artifact
    )
    _print_lines(lines, as_json)


@app.command()
def compress(  # noqa: PLR0917 - as above
    images: Images,
    out: Annotated[Path, typer.Option(help="Folder for the lighter files.")],
    model: Model = "embedded",
    provider: Annotated[
        str, typer.Option(help="Whose size and token rules apply: openai, embedded, ...")
    ] = "openai",
    tier: Annotated[
        Tier,
        typer.Option(help="exact: same pixels; faithful: unnoticed by the model; lean: seldom noticed."),
    ] = "faithful",
    artifact: Artifact = None,
    as_json: Json = False,
) -> None:
    """Lighten images by as much as the model cannot notice; never more bytes or tokens than before.

    Exit code 1 when a file cannot be read.
    """
    from gateway.configuration.meaning import why_unknown  # noqa: PLC0415 - see the module's docstring
    from gateway.offline import compress_files  # noqa: PLC0415

    if message := why_unknown(provider):
        typer.echo(f"jnd-gateway: --provider: {message} Until then the rules of `other` apply.", err=True)
    lines = compress_files(
        _with_progress(images), model=model, provider=provider, tier=tier, out=out, artifact=artifact
    )
    _print_lines(lines, as_json)


@app.command()
def tokens(  # noqa: PLR0917 - as above
    images: Images,
    model: Annotated[str, typer.Option(help="As requests name it, whatever the cloud: gpt-5.4, ...")],
    provider: Annotated[
        str, typer.Option(help="Whose rules apply: openai, anthropic, gemini, ...")
    ] = "openai",
    detail: Annotated[
        str,
        typer.Option(
            help="Level the request asks for: low, medium, high, ultra, original; none: the default."
        ),
    ] = "",
    together: Annotated[
        int, typer.Option("--images", min=1, help="Images in the request; some limits depend on it.")
    ] = 1,
    as_json: Json = False,
) -> None:
    """Tell at which size a model is shown images, what they cost in tokens, and which limits they exceed.

    By the provider's published rules, from headers alone: nothing is decoded, sent or changed. Where public
    sources of a rule contradict each other, that is said on stderr (in JSON: `conflict`).

    Exit code 1 when a file cannot be read, or a request with it would be refused.
    """
    from gateway.configuration.meaning import why_unknown  # noqa: PLC0415 - see the module's docstring
    from gateway.image_tokens import ImageTokens, count_tokens, table_of  # noqa: PLC0415
    from gateway.providers.rules import Recipient, load_rules  # noqa: PLC0415

    if message := why_unknown(provider):
        typer.echo(f"jnd-gateway: --provider: {message} Until then the rules of `other` apply.", err=True)
    recipient = Recipient(provider, model, detail.lower(), together)
    found = list(count_tokens(_with_progress(images), load_rules(), recipient))
    if as_json:
        for each in found:
            print(json.dumps(each.fields, ensure_ascii=False))
    else:
        print(table_of(found))
        for conflict in dict.fromkeys(each.conflict for each in found if isinstance(each, ImageTokens)):
            if conflict:
                typer.echo(f"jnd-gateway: sources disagree: {conflict}", err=True)
    is_trouble = any(not isinstance(each, ImageTokens) or each.limits_exceeded for each in found)
    raise typer.Exit(1 if is_trouble else 0)


@app.command()
def estimate(  # noqa: PLR0917 - as above
    paths: Annotated[
        list[Path],
        typer.Argument(help="Pictures, folders, recorded requests: HAR, or JSON lines of request bodies."),
    ],
    model: Model = "embedded",
    provider: Annotated[str, typer.Option(help="Whose size and token rules apply.")] = "openai",
    compare: Annotated[
        list[str] | None,
        typer.Option("--for", help="PROVIDER:MODEL instead of the two above; repeat it to compare."),
    ] = None,
    tier: Annotated[Tier, typer.Option(help="As for compress.")] = "faithful",
    price: Annotated[
        float | None, typer.Option(help="Dollars for a million input tokens, instead of the list price.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a page with totals and pictures before and after.")
    ] = None,
    artifact: Artifact = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON line per picture on stdout, and one with the sums last.")
    ] = False,
) -> None:
    """Tell what would be saved on your own traffic, in bytes, tokens and money, before anything is deployed.

    Nothing is sent anywhere. Bytes buy latency, tokens buy money: a picture is billed by its size in pixels.
    A model without a known price gets no money told; `--price` gives one. What cannot be read is counted with
    its reason, and the run goes on.

    Exit code 1 when something cannot be read, is flagged, or no picture is found.
    """
    from gateway.estimate.run import estimate_traffic  # noqa: PLC0415 - see the module's docstring
    from gateway.estimate.summary import TargetError, read_targets  # noqa: PLC0415
    from gateway.providers.prices import PricesError  # noqa: PLC0415
    from predictor.predict import ArtifactError  # noqa: PLC0415

    try:
        targets = read_targets(compare or [f"{provider}:{model}"], price)
        is_trouble = estimate_traffic(
            paths, targets=targets, tier=tier, report=report, artifact=artifact, as_json=as_json
        )
    except (TargetError, PricesError, ArtifactError, ProfileError, OSError) as error:
        _bad_use(error)
    raise typer.Exit(1 if is_trouble else 0)


@app.command()
def demo() -> None:
    """Show the whole path on the embedded model, without a network: calibrate, attack, protect, lighten."""
    from gateway.demo.run import run_demo  # noqa: PLC0415 - see the module's docstring

    raise typer.Exit(run_demo())


def _serve(read_settings: Callable[[], Settings], source: str) -> None:
    from gateway.serving.listener import CannotListenError  # noqa: PLC0415 - see the module's docstring
    from gateway.serving.metric_files import NoTemporaryFolderError  # noqa: PLC0415
    from gateway.serving.supervisor import supervise  # noqa: PLC0415
    from gateway.serving.worker_process import WorkerFailedError  # noqa: PLC0415
    from gateway.startup import summary  # noqa: PLC0415

    def announce(settings: Settings) -> None:
        typer.echo(summary(settings), err=True)

    try:
        supervise(read_settings, announce=announce, source=source)
    except (SettingsError, CannotListenError, NoTemporaryFolderError, WorkerFailedError) as error:
        _bad_use(error)


def _print_lines(lines: "Iterable[Line]", as_json: bool) -> NoReturn:
    from predictor.predict import ArtifactError  # noqa: PLC0415 - see the module's docstring

    is_trouble = False
    try:
        for line in lines:
            is_trouble |= line.is_trouble
            print(json.dumps(line.fields, ensure_ascii=False) if as_json else line.summary, flush=True)
    except (ArtifactError, ProfileError, ImageError, OSError) as error:
        _bad_use(error)
    raise typer.Exit(1 if is_trouble else 0)


def _with_progress(images: list[Path]) -> Iterable[Path]:
    is_shown = sys.stderr.isatty() and len(images) > 1
    return track(images, console=_console, disable=not is_shown, transient=True)


def _bad_use(error: Exception) -> NoReturn:
    typer.echo(f"jnd-gateway: {error}", err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    app()
