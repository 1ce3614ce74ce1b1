"""What the gateway must know of an API's format: the seam at which APIs are added.

A dialect knows which requests are its own, who sent them, where images hide in their bodies, and what an
error looks like. How an image is read and written in its place, its source knows. Neither knows anything of
images, verdicts or upstreams.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.dialects.reading.document import Fields, Object
from gateway.dialects.reading.sources import Source
from gateway.errors import GatewayError


@dataclass(frozen=True)
class Slot:
    """One place of a body that holds an image."""

    where: str  # readable path, such as messages[0].content[1].image_url.url
    source: Source
    detail: str = ""  # at which level the request wants it shown: low, high, ...; empty: none is asked for
    is_framed: bool = False  # the model may point at places in it: computer tools are in the request


class Dialect(Protocol):
    """One API format."""

    @property
    def name(self) -> str:
        """Label of metrics and logs."""
        ...

    @property
    def credential_headers(self) -> Sequence[bytes]:
        """Headers, in lower case, any of which may hold the caller's key."""
        ...

    @property
    def markers(self) -> Sequence[bytes]:
        r"""Bytes, in lower case, such that a body without any of them, however cased, has no slot.

        Escapes are not their affair: a body with `\u` is looked into in any case.
        """
        ...

    @property
    def text_keys(self) -> frozenset[str]:
        """Keys whose strings, directly or in an array, are text for the model."""
        ...

    @property
    def json_keys(self) -> frozenset[str]:
        """Keys whose whole values, however deep, are text for the model: arguments and answers of tools."""
        ...

    def takes(self, path: str) -> bool:
        """Tell whether POST requests at this path are looked into, however cased: servers differ on that.

        Args:
            path: Normalised and decoded, without the gateway's prefix.
        """
        ...

    def slots(self, document: Object) -> Iterator[Slot]:
        """Yield every place that holds or names an image, in the order of the body; twice for a key twice."""
        ...

    def model_of(self, path: str, document: Fields) -> str:
        """Return the model asked for, in the path or the body; empty if neither names one."""
        ...

    def error_body(self, error: GatewayError) -> bytes:
        """Render an error of ours as this API's own would look."""
        ...
