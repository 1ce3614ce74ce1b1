"""What the gateway must know of an API's format, and nothing more."""

from collections.abc import Sequence
from typing import Protocol

from gateway.dialects.splice import Path
from gateway.errors import GatewayError


class Dialect(Protocol):
    """One API format."""

    @property
    def name(self) -> str:
        """Label of metrics and logs."""
        ...

    @property
    def image_paths(self) -> Sequence[Path]:
        """Where a body keeps images, as data URLs or addresses."""
        ...

    @property
    def image_marker(self) -> bytes:
        """A key that every body with images contains, unless written with JSON escapes."""
        ...

    def error_body(self, error: GatewayError) -> bytes:
        """Render an error as this API's own would look."""
        ...
