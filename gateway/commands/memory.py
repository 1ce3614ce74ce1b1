"""The command `jnd-gateway memory`: what lies in the shared Redis, deleting a tenant, allowing pictures."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calibration.extras import ExtrasGroup
from gateway.commands.options import Json, bad_use

if TYPE_CHECKING:
    from redis import Redis

    from gateway.memory.shelves import Shelves
    from gateway.settings import Settings

_TENANT = re.compile(r"[0-9a-f]{64}")
_WAYS_OUT = {
    "refused": " (memory.redis_url names the user and password it wants: redis://USER:PASSWORD@HOST)",
    "read_only": " (this one only follows another: memory.redis_url names the one that is written to)",
    "full": " (raise its maxmemory, or let it drop what has an end: maxmemory-policy volatile-lru)",
}

Config = Annotated[
    Path | None,
    typer.Option(help="The YAML file of `serve --config`; without it, the environment's settings."),
]

memory = typer.Typer(
    cls=ExtrasGroup,
    no_args_is_help=True,
    help="Look into the Redis that machines share (`memory.redis_url`), delete a tenant, allow pictures.",
)


@memory.command()
def status(config: Config = None, as_json: Json = False) -> None:
    """Tell what lies in the Redis: how many callers, pictures and results, and how many bytes they take.

    Exit code 0: it answers. 2: it does not, or none is set.
    """
    from gateway.memory.redis_status import status_of  # noqa: PLC0415 - `--help` is to answer at once

    with _opened(config) as (settings, client, shelves):
        told = {"redis": settings.memory.redis_place, **status_of(client, shelves)}
    if as_json:
        typer.echo(json.dumps(told))
    else:
        typer.echo("\n".join(f"{name:<12}{value}" for name, value in told.items()))


@memory.command()
def forget(
    tenant: Annotated[
        str, typer.Option(help="Name of a client in the settings, or the 64 hexadecimal digits of a tenant.")
    ],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Delete all that is remembered of one caller: pictures, marks, finished results.

    Gateways that run forget what they hold themselves with the next new picture the caller sends; pictures at
    the latest when near_duplicate.ttl_seconds have passed, results when others push them out, or with a
    restart. A client whose key comes together with another credential is a tenant of its own for each: name
    those by their digits.

    Exit code 0: deleted, or nothing was there. 2: no such client, or Redis does not answer.
    """
    from gateway.memory.forgetting import forget_tenant  # noqa: PLC0415 - as above

    with _opened(config) as (settings, client, shelves):
        seconds = settings.near_duplicate.ttl_seconds
        gone = sum(
            forget_tenant(client, shelves, each, told_seconds=seconds) for each in _tenants(settings, tenant)
        )
    typer.echo(json.dumps({"tenant": tenant, "deleted": gone}) if as_json else f"{gone} things deleted")


@memory.command()
def allow(
    pictures: Annotated[
        list[str], typer.Argument(help="SHA-256 of the files of pictures, or the files themselves.")
    ],
    config: Config = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take them off the list again.")] = False,
    as_json: Json = False,
) -> None:
    """List pictures that are never flagged, for all machines, beside policy.allow; heard within seconds.

    Exit code 0: done. 2: no such file, a list longer than gateways read, or Redis does not answer.
    """
    from gateway.memory.redis_allowed import AllowedInRedis  # noqa: PLC0415 - as above

    try:
        digests = [_digest(each) for each in pictures]
    except (OSError, ValueError) as error:
        bad_use(error)
    with _opened(config) as (_, client, shelves):
        listed = AllowedInRedis(client, shelves)
        changed = listed.remove(digests) if remove else listed.add(digests)
        count = listed.count()
    word = "removed" if remove else "added"
    typer.echo(
        json.dumps({word: changed, "listed": count}) if as_json else f"{changed} {word}, {count} listed"
    )


@contextmanager
def _opened(config: Path | None) -> "Iterator[tuple[Settings, Redis, Shelves]]":
    from gateway.configuration.yaml_file import UnreadableFileError  # noqa: PLC0415 - as above
    from gateway.memory.redis_line import trouble_of  # noqa: PLC0415
    from gateway.memory.redis_memory import check_installed, client_of  # noqa: PLC0415
    from gateway.memory.shelves import Shelves  # noqa: PLC0415
    from gateway.settings_file import SettingsError, load_settings  # noqa: PLC0415

    try:
        settings = load_settings(config)
        if settings.memory.redis_url is None:
            raise ValueError("memory.redis_url is not set: machines share nothing")
        check_installed()
    except (SettingsError, UnreadableFileError, ValueError) as error:
        bad_use(error)
    from redis.exceptions import RedisClusterException, RedisError  # noqa: PLC0415

    try:
        with client_of(settings.memory) as client:
            yield settings, client, Shelves(settings.memory.redis_prefix)
    except (RedisError, RedisClusterException, OSError, ValueError) as error:
        way_out = "" if isinstance(error, ValueError) else _WAYS_OUT.get(trouble_of(error), "")
        bad_use(ValueError(f"{settings.memory.redis_place}: {error}{way_out}"))


def _tenants(settings: "Settings", name: str) -> list[str]:
    """Return the tenants that a name stands for."""
    from gateway.dialects.registry import DIALECTS  # noqa: PLC0415 - as above
    from gateway.relay.callers.credentials import KeyPlaces  # noqa: PLC0415

    if _TENANT.fullmatch(name):
        return [name]
    headers = [header for dialect in DIALECTS for header in dialect.credential_headers]
    for client in settings.clients:
        if client.name == name:
            return KeyPlaces(headers).tenants_of(client.key.get_secret_value().encode())
    known = ", ".join(client.name for client in settings.clients) or "none"
    return bad_use(
        ValueError(f"expected a client of the settings ({known}) or a tenant's digits, got {name!r}")
    )


def _digest(word: str) -> bytes:
    from hashlib import file_digest  # noqa: PLC0415 - as above

    from gateway.configuration.policies import digest_of  # noqa: PLC0415

    if not Path(word).is_file():
        return bytes.fromhex(digest_of(word))
    with Path(word).open("rb") as file:
        return file_digest(file, "sha256").digest()
