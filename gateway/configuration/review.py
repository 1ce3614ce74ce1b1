"""Settings of review: whether flagged images are kept, where, for how long, and who may look at them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, field_validator

from gateway.configuration.images import undo_yaml
from gateway.configuration.section import Folder, Key, Section, setting

Keeping = Literal["off", "hashes", "pictures"]
_GIBIBYTE = 1024 * 1024 * 1024
_LARGEST_PORT = 65_535


def address_of(text: str) -> tuple[str, int]:
    """Take HOST:PORT apart.

    Raises:
        ValueError: It is something else.
    """
    host, colon, port = text.rpartition(":")
    is_bare = ":" not in host or (host.startswith("[") and host.endswith("]"))
    if not (host and colon and is_bare and port.isdigit() and int(port) <= _LARGEST_PORT):
        raise ValueError(f"expected HOST:PORT, such as 127.0.0.1:9190, got {text[:60]!r}")
    return host.strip("[]"), int(port)


def _check_address(text: str) -> str:
    address_of(text)
    return text


class Review(Section):
    """Flagged images, kept for a person to look at on a page of their own."""

    store: Keeping = setting(
        "off",
        "What is kept of flagged images: off, hashes (facts of the request and numbers, no picture and no "
        "words that may quote one), or pictures.",
        why="nothing of your callers lies on a disk that nobody asked for",
    )
    directory: Folder | None = setting(
        None,
        "Folder of the pictures and, unless database_url names one, of the database; what it holds is "
        "private. Replicas that share a database share this folder.",
        why="there is no place that suits every machine; needed as soon as something is kept",
    )
    database_url: Key | None = setting(
        None,
        "PostgreSQL that replicas share, as postgresql+psycopg://USER:PASSWORD@HOST/NAME or ${NAME} of an "
        "environment variable; null: SQLite in the directory. Needs the extra `postgres`.",
        why="one machine needs no database server",
    )
    listen: Annotated[str, AfterValidator(_check_address)] | None = setting(
        None,
        "Where the page /review answers, as HOST:PORT such as 127.0.0.1:9190; null: no page. A proxy "
        "in front of it leaves the path as it is.",
        why="it shows your callers' pictures: an address of its own can be kept inside",
    )
    key: Key | None = setting(
        None,
        "What opens the page, as ${NAME} of an environment variable; there is no page without it.",
        why="whoever reaches the port would see everything",
    )
    keep_days: float = setting(
        30.0,
        "Days that a flag and its picture are kept.",
        why="long enough for a holiday, short enough for a privacy notice",
        gt=0,
    )
    max_bytes: int = setting(
        10 * _GIBIBYTE,
        "Bytes of kept pictures, about 2 KiB a flag counted with them; the oldest flags go first.",
        why="some ten thousand pictures, and a disk with room to spare",
        ge=1024 * 1024,
    )

    @property
    def listen_address(self) -> tuple[str, int] | None:
        """Host and port of the page; None where there is none."""
        return None if self.listen is None else address_of(self.listen)

    @field_validator("store", mode="before")
    @classmethod
    def _undo_yaml(cls, value: object) -> object:
        return undo_yaml(value)
