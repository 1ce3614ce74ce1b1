"""What a trace is to the relay: the seam behind which OpenTelemetry stands, or nothing at all."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol

from gateway.relay.callers.incoming import Headers
from gateway.settings import Telemetry

if TYPE_CHECKING:
    from gateway.relay.exchange import Exchange


class Part(Protocol):
    """One piece of work under way."""

    def tell(self, name: str, value: str | int | float) -> None:
        """Note a fact of it; never image data, prompts or keys."""
        ...


class Trace(Protocol):
    """The trace of one request; may be told of parts from several threads."""

    def part(self, name: str) -> AbstractContextManager[Part]:
        """Time the block as a part of the request."""
        ...

    def asking(self, headers: Headers) -> Headers:
        """Note that the upstream is asked now; return the headers that tell it whose child its work is."""
        ...

    def finish(self, exchange: Exchange) -> None:
        """End the request's trace with everything known of it."""
        ...


class Tracer(Protocol):
    """Whoever collects traces."""

    def begin(self, method: str, path: str, headers: Headers) -> Trace:
        """Start the trace of a request, as a child of the one its headers name."""
        ...

    def close(self) -> None:
        """Send what is left; may take seconds."""
        ...


def tracer_for(settings: Telemetry) -> Tracer:
    """Return whoever collects traces as the settings say; loads OpenTelemetry only if somebody does.

    Raises:
        ValueError: The extra `telemetry` is not installed.
    """
    if settings.otlp_endpoint is None:
        return NoTracer()
    try:
        from gateway.telemetry import OpenTelemetry  # noqa: PLC0415 - heavy, and seldom wanted
    except ModuleNotFoundError as error:
        message = "telemetry.otlp_endpoint needs OpenTelemetry: expected `pip install 'lmm-jnd[telemetry]'`"
        raise ValueError(message) from error

    return OpenTelemetry(settings, version("lmm-jnd"))


class _NoPart:
    def tell(self, name: str, value: str | int | float) -> None:
        """Forget it."""


class NoTrace:
    """The trace of a request when nobody collects them; leaves the caller's own headers as they are."""

    _part = nullcontext(_NoPart())

    def part(self, name: str) -> AbstractContextManager[Part]:  # noqa: ARG002 - nobody asks
        """Run the block."""
        return self._part

    def asking(self, headers: Headers) -> Headers:
        """Return the headers untouched."""
        return headers

    def finish(self, exchange: Exchange) -> None:
        """Do nothing."""


NO_TRACE = NoTrace()


class NoTracer:
    """Collects nothing."""

    def begin(self, method: str, path: str, headers: Headers) -> Trace:  # noqa: ARG002 - nobody asks
        """Return the trace that is none."""
        return NO_TRACE

    def close(self) -> None:
        """Do nothing."""
