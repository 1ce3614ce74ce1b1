"""The commands `jnd-gateway review`: take the store of flagged images along, put it back, forget, get labels.

They work beside a running gateway, on the store that its settings name. Heavy imports happen inside.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.options import Json, bad_use

if TYPE_CHECKING:
    from gateway.review.store import ReviewStore
    from gateway.settings import Settings

Config = Annotated[Path, typer.Option(help="YAML file of the gateway: its section `review` names the store.")]

app = typer.Typer(
    no_args_is_help=True,
    help="Flagged images that are kept (`review.store`): export, restore, forget, labels.",
)


@app.command("export")
def export(
    config: Config,
    out: Annotated[Path, typer.Option(help="Tar archive to write; it holds your callers' pictures.")],
    as_json: Json = False,
) -> None:
    """Write every flag and picture into one archive, for a backup or another machine.

    It takes the place of a file of that name once it is whole, and only its owner may read it.

    Exit code 0, 1 when it cannot be written, 2 for bad use.
    """
    from gateway.review.transfer import export_store  # noqa: PLC0415 - see the module's docstring

    with _store(config, is_there=True) as (_, store):
        moved = export_store(store, out)
    _told({"flags": moved.flags, "pictures": moved.pictures, "out": str(out)}, "exported", as_json=as_json)


@app.command("restore")
def restore(
    config: Config,
    archive: Annotated[Path, typer.Option(help="What `review export` wrote.")],
    as_json: Json = False,
) -> None:
    """Read an archive into the store; what is there already stays, whatever was said of it.

    Without pictures where `review.store` keeps hashes only. What is older than `review.keep_days` is
    forgotten again by a running gateway.

    Exit code 0, 1 when the archive is damaged, 2 for bad use.
    """
    from gateway.review.transfer import restore_flags  # noqa: PLC0415 - see the module's docstring

    with _store(config) as (settings, store):
        keep = store.restore_picture if settings.review.store == "pictures" else _keep_none
        moved = restore_flags(store, archive, keep)
    _told({"flags": moved.flags, "pictures": moved.pictures}, "restored", as_json=as_json)


@app.command("forget")
def forget(
    config: Config,
    tenant: Annotated[
        str | None, typer.Option(help="Whose flags: a tenant's hash, or a client's name in the settings.")
    ] = None,
    picture: Annotated[str | None, typer.Option(help="Of which picture: the SHA-256 of its file.")] = None,
    as_json: Json = False,
) -> None:
    """Delete every flag of a tenant or of a picture, with the pictures that nothing names any longer.

    Exports that were made before are not changed by this.

    Exit code 0, 1 when there was none, 2 for bad use.
    """
    from gateway.configuration.policies import digest_of  # noqa: PLC0415 - see the module's docstring

    if (tenant is None) == (picture is None):
        raise typer.BadParameter("expected either --tenant or --picture")
    with _store(config, is_there=True) as (_, store):
        count = (
            store.delete_tenant(tenant or "") if picture is None else store.delete_picture(digest_of(picture))
        )
    _told({"flags": count}, "deleted", as_json=as_json)
    raise typer.Exit(0 if count else 1)


@app.command("labels")
def labels(
    config: Config,
    out: Annotated[Path | None, typer.Option(help="File to write; without it, standard output.")] = None,
) -> None:
    """Write what reviewers said as JSON lines, for `jnd-predictor recalibrate --labels`.

    Exit code 0, 1 when it cannot be written, 2 for bad use.
    """
    from calibration.whole_file import replace_file  # noqa: PLC0415 - see the module's docstring
    from gateway.detection.combination import load_calibration  # noqa: PLC0415
    from gateway.review.filters import Filter  # noqa: PLC0415
    from gateway.review.labels import label_lines  # noqa: PLC0415

    with _store(config, is_there=True) as (settings, store):
        lines = label_lines(store, Filter(), load_calibration(settings.detection.calibration))
        if out is not None:
            replace_file(out, b"".join(lines), 0o600)
            return
        for line in lines:
            sys.stdout.buffer.write(line)


def _keep_none(digest: str, data: bytes) -> bool:  # noqa: ARG001 - as whoever keeps pictures
    return False


@contextmanager
def _store(config: Path, *, is_there: bool = False) -> "Iterator[tuple[Settings, ReviewStore]]":
    """Open the store of a gateway's settings; say what goes wrong with it.

    `is_there`: where there is none, the wrong folder is named; an export of nothing would be no backup.
    """
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - see the module's docstring

    from gateway.configuration.yaml_file import UnreadableFileError  # noqa: PLC0415
    from gateway.review.database import StoreError  # noqa: PLC0415
    from gateway.review.opening import open_store  # noqa: PLC0415
    from gateway.review.places import database_in  # noqa: PLC0415
    from gateway.settings_file import SettingsError, load_settings  # noqa: PLC0415

    try:
        settings = load_settings(config)
        review = settings.review
        if is_there and review.directory is not None and review.database_url is None:
            database_in(review.directory).stat()
        store = open_store(review)
    except (SettingsError, UnreadableFileError, StoreError, OSError) as error:
        bad_use(error)
    try:
        yield settings, store
    except (OSError, ValueError, SQLAlchemyError) as error:
        typer.echo(f"jnd-gateway: {error}", err=True)
        raise typer.Exit(1) from error
    finally:
        store.close()


def _told(fields: dict[str, int | str], done: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(fields))
        return
    counts = [f"{value} {name}" for name, value in fields.items() if isinstance(value, int)]
    typer.echo(f"{done}: {', '.join(counts)}")
