"""The command `jnd-gateway`: serve the proxy, or show on files what it would do to images.

Heavy imports happen inside the commands, so that `--help` answers at once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from calibration.extras import ExtrasGroup
from gateway.commands.audit import audit
from gateway.commands.calibrate_detection import calibrate_detection
from gateway.commands.compress import compress
from gateway.commands.estimate import estimate
from gateway.commands.memory import memory
from gateway.commands.options import (
    MODEL_HELP,
    PROVIDER_HELP,
    Artifact,
    DetailOption,
    Images,
    Json,
    alpha_inside,
    bad_use,
    json_line,
    print_lines,
    warn_of_unknown,
    with_progress,
)
from gateway.commands.review import app as review
from gateway.configuration.reference import settings_reference
from gateway.configuration.yaml_file import UnreadableFileError
from gateway.settings import Settings
from gateway.settings_file import SettingsError, load_settings

app = typer.Typer(
    cls=ExtrasGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="A proxy in front of LMM APIs: it flags edits hidden below what the model can notice, and lightens "
    "images by as much as the model cannot.",
)
for command in (audit, calibrate_detection, compress, estimate):
    app.command()(command)
app.add_typer(memory, name="memory")
app.add_typer(review, name="review")


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
        bad_use(error)
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
    model: Annotated[str, typer.Option(help=MODEL_HELP)] = "embedded",
    reference: Annotated[
        Path | None, typer.Option(help="The picture as it should be; each image is compared with it.")
    ] = None,
    alpha: Annotated[
        float, typer.Option(callback=alpha_inside, help="Share of clean images that may be flagged.")
    ] = 0.01,
    heat_map: Annotated[
        Path | None, typer.Option(help="Folder for a PNG of each flagged image: where the evidence lies.")
    ] = None,
    of_all: Annotated[bool, typer.Option("--all", help="Heat-maps of images without a flag, too.")] = False,
    artifact: Artifact = None,
    as_json: Json = False,
) -> None:
    """Tell whether images carry an edit, and whether the model would notice it.

    Exit code 1 when an image is edited, openly or not, or flagged, or cannot be checked by every detector.
    """
    from gateway.offline import HeatMaps, inspect_files  # noqa: PLC0415 - see the module's docstring

    lines = inspect_files(
        with_progress(images, without=heat_map),
        model=model,
        reference=reference,
        alpha=alpha,
        artifact=artifact,
        heat_maps=None if heat_map is None else HeatMaps(heat_map, of_all=of_all),
    )
    print_lines(lines, as_json)


@app.command()
def tokens(  # noqa: PLR0917 - as above
    images: Images,
    model: Annotated[str, typer.Option(help="As requests name it, whatever the cloud: gpt-5.4, ...")],
    provider: Annotated[str, typer.Option(help=PROVIDER_HELP)] = "openai",
    detail: DetailOption = "",
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
    from gateway.image_tokens import ImageTokens, count_tokens, table_of  # noqa: PLC0415 - as above
    from gateway.providers.rules import Recipient, load_rules  # noqa: PLC0415

    warn_of_unknown(provider)
    recipient = Recipient(provider, model, detail, together)
    found = list(count_tokens(with_progress(images), load_rules(), recipient))
    if as_json:
        for each in found:
            print(json_line(each.fields))
    else:
        print(table_of(found))
        for conflict in dict.fromkeys(each.conflict for each in found if isinstance(each, ImageTokens)):
            if conflict:
                typer.echo(f"jnd-gateway: sources disagree: {conflict}", err=True)
    is_trouble = any(not isinstance(each, ImageTokens) or each.limits_exceeded for each in found)
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
        bad_use(error)


if __name__ == "__main__":
    app()
