"""What the gateway must know of an API's format: the seam at which APIs are added.

A dialect knows which requests are its own, who sent them, where images hide in their bodies and how they are
read and written there, and what an error looks like. It knows nothing of images, verdicts or upstreams.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.dialects.data_url import Inline
from gateway.dialects.splice import Replacement, Span
from gateway.errors import GatewayError


@dataclass(frozen=True)
class Slot:
    """One place of a body that holds an image; its strings may lie apart."""

    where: str  # readable path, such as messages[0].content[1].image_url.url
    spans: Mapping[str, Span]  # the strings it is made of, by what they are to the dialect


class Dialect(Protocol):
    """One API format."""

    @property
    def name(self) -> str:
        """Label of metrics and logs."""
        ...

    def takes(self, path: str) -> bool:
        """Tell whether POST requests at this path are looked into.

        Args:
            path: Normalised, without the gateway's prefix; begins with /v1/.
        """
        ...

    @property
    def credential_headers(self) -> Sequence[bytes]:
        """Headers, in lower case, any of which may hold the caller's key."""
        ...

    def may_have_images(self, body: bytes) -> bool:
        """Tell quickly whether a body is worth scanning; never False for one that holds an image."""
        ...

    def find(self, body: bytes) -> list[Slot]:
        """Return every place that holds an image, in the order of the body.

        Raises:
            AmbiguousKeysError: A key on the way to an image occurs twice in one object.
            ValueError: The body is not valid JSON; not every such body is noticed.
        """
        ...

    def model_of(self, path: str, document: Mapping[str, Any]) -> str:
        """Return the model asked for, in the path or the body; empty if neither names one."""
        ...

    def read(self, body: bytes, slot: Slot) -> Inline:
        """Return the bytes in a slot, and their declared media type.

        Raises:
            NotInlineError: The image is not in the body, or cannot be read there.
            ValueError: A string is not what JSON, or this API, allows.
        """
        ...

    def write(self, slot: Slot, media_type: str, data: bytes) -> Sequence[Replacement]:
        """Return what to put in place of the slot's strings so that it holds these bytes."""
        ...

    def error_body(self, error: GatewayError) -> bytes:
        """Render an error of ours as this API's own would look."""
        ...
