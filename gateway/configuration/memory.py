"""Settings of what machines remember together: a Redis beside the gateways."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from gateway.configuration.section import MEBIBYTE, Section, setting

RedisMode = Literal["single", "cluster"]

_PREFIX = re.compile(r"[A-Za-z0-9._-]{1,60}")
_SCHEMES = ("redis", "rediss", "unix")


def _check_url(url: SecretStr) -> SecretStr:
    """Refuse what is no address of a Redis; never repeats it, since it may hold a password."""
    text = url.get_secret_value()
    try:
        parts = urlsplit(text)
        has_place = bool(parts.path if parts.scheme == "unix" else parts.hostname and parts.port != 0)
    except ValueError:
        raise ValueError(_EXPECTED) from None
    if parts.scheme not in _SCHEMES or not has_place:
        raise ValueError(_EXPECTED)
    return url


_EXPECTED = (
    "expected an address such as redis://HOST:6379/0, rediss://USER:PASSWORD@HOST:6380 or unix:///PATH"
)


def _check_prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        raise ValueError("expected letters, digits and . _ -, at most 60 of them")
    return text


RedisUrl = Annotated[SecretStr, AfterValidator(_check_url)]
RedisPrefix = Annotated[str, AfterValidator(_check_prefix)]


class Memory(Section):
    """What machines remember together; needs the extra `redis`."""

    redis_url: RedisUrl | None = setting(
        None,
        "Address of a Redis for seen pictures, finished results, allowed pictures and audits; as ${NAME} "
        "where it holds a password; rediss:// for TLS; null: each machine remembers for itself.",
        why="one machine needs none",
    )
    redis_mode: RedisMode = setting(
        "single", "single, or cluster: a Redis Cluster.", why="most are one server"
    )
    redis_timeout_milliseconds: int = setting(
        100,
        "Milliseconds until a silent Redis is given up; until it answers again, no request asks it.",
        why="an answer takes half of one; the first requests of an outage wait so long",
        ge=5,
        le=10_000,
    )
    redis_prefix: RedisPrefix = setting(
        "jnd", "What the names of all keys begin with.", why="gateways of one name share what they remember"
    )
    redis_tenant_bytes: int = setting(
        128 * MEBIBYTE,
        "Bytes that one caller's pictures may take there, and its results as much again; all callers whose "
        "key the upstream has not accepted count as one.",
        why="some hundred pictures as they are remembered; what the memory of one machine takes in all",
        ge=MEBIBYTE,
    )

    @property
    def redis_place(self) -> str:
        """The address without what is secret of it; empty where there is none."""
        if self.redis_url is None:
            return ""
        parts = urlsplit(self.redis_url.get_secret_value())
        where = parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}{parts.path}"
        return f"{parts.scheme}://{where}"
