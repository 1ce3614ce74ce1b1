"""The errors a caller may meet, each with its status, public code and metric label.

    GatewayError
    ├── RequestRefusedError        it cannot be checked, and the policy refuses what it cannot check
    ├── ImageBlockedError          an image was flagged, and the policy blocks flagged images
    ├── UnknownPolicyError         the settings have no policy of this name
    ├── PolicyForbiddenError       this caller may not choose a policy
    ├── BadBypassError             x-jnd-bypass is neither true nor false, or both
    ├── UnknownPathError           nothing of ours lies at this path
    ├── MethodNotAllowedError      one of the gateway's own pages hears other methods
    ├── BadPathError               the path may mean something else to whoever reads it next
    ├── UnknownClientError         only known clients may call, and this is none of them
    ├── UpgradeRefusedError        websockets and other protocols do not pass
    ├── MethodRefusedError         TRACE, which would show the caller what the upstream was sent
    ├── UnknownCodingError         a transfer coding other than chunked
    ├── BodyTimeoutError           the caller stopped in the middle of its body
    ├── QueueFullError             too many bytes are in flight, or too many images wait: try again
    ├── ShuttingDownError          the gateway stops, and this answer had not started
    ├── UpstreamUnreachableError   no connection, or it broke before an answer
    ├── UpstreamGarbledError       the upstream answered, but not in HTTP
    └── UpstreamTimeoutError       the upstream took too long

How they look on the wire is the dialect's affair; errors of the upstream are relayed, never rewritten.
"""

from collections.abc import Mapping
from typing import ClassVar

# Problems of an image or a body, one word each: the `kind` of jnd_errors_total and of x-jnd-reason.
TOO_LARGE = frozenset(
    {"body_too_large", "too_many_bytes", "too_many_pixels", "too_many_frames", "too_many_images"}
)

# What is told and never refused: looking further would promise nothing, or nobody asked to look.
LIMIT = frozenset({"bypass", "image_in_text", "inspection_off", "not_examined", "too_small"})


def class_of(reason: str) -> str:
    """Return `limit` for what is told and never refused, `unseen` for what `on_failure: refuse` refuses."""
    return "limit" if reason in LIMIT else "unseen"


class GatewayError(Exception):
    """Something the caller is told about."""

    status: ClassVar[int] = 500
    kind: str = "internal"  # one word: label of jnd_errors_total, code for the caller

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param

    @property
    def http_status(self) -> int:
        """The status line of the answer."""
        return self.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers the answer carries besides its type."""
        return {}


class RequestRefusedError(GatewayError):
    """The request cannot be checked, and `policy.on_failure` is `refuse`."""

    def __init__(self, kind: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message, param=param)
        self.kind = kind

    @property
    def http_status(self) -> int:
        """413 for what exceeds a limit, else 400: SDKs retry neither."""
        return 413 if self.kind in TOO_LARGE else 400


class ImageBlockedError(GatewayError):
    """An image was flagged, and `policy.mode` is `block`; a 400, which SDKs do not retry."""

    status = 400
    kind = "image_blocked"


class UnknownPolicyError(GatewayError):
    """x-jnd-policy names none of the settings' `policies`, or two of them."""

    status = 400
    kind = "unknown_policy"


class PolicyForbiddenError(GatewayError):
    """x-jnd-policy comes from a caller that is not a trusted client."""

    status = 403
    kind = "policy_forbidden"


class BadBypassError(GatewayError):
    """x-jnd-bypass says neither `true` nor `false`, or both: not doing what was meant would go unnoticed."""

    status = 400
    kind = "bad_bypass"


class UnknownPathError(GatewayError):
    """No upstream has anything at this path."""

    status = 404
    kind = "unknown_path"


class MethodNotAllowedError(GatewayError):
    """One of the gateway's own pages or endpoints does not hear this method."""

    status = 405
    kind = "method_not_allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"expected method {allowed}")
        self.allowed = allowed

    @property
    def headers(self) -> Mapping[str, str]:
        """Name the methods that are heard, as every 405 has to (RFC 9110, 15.5.6)."""
        return {"allow": self.allowed}


class BadPathError(GatewayError):
    """Two readers of this path may disagree on what it names."""

    status = 400
    kind = "bad_path"


class UnknownClientError(GatewayError):
    """`only_known_clients` is set, and no key of this request is one of `clients`."""

    status = 401
    kind = "unknown_client"

    @property
    def headers(self) -> Mapping[str, str]:
        """Name the way to send a key, as every 401 has to (RFC 9110, 15.5.2)."""
        return {"www-authenticate": 'Bearer realm="jnd-gateway"'}


class UpgradeRefusedError(GatewayError):
    """The caller asks for a websocket, which cannot be looked into; a 400, which SDKs do not retry."""

    status = 400
    kind = "upgrade_refused"


class MethodRefusedError(GatewayError):
    """TRACE: its answer is the request as it arrived, with credentials that are not the caller's."""

    status = 405
    kind = "method_refused"

    @property
    def headers(self) -> Mapping[str, str]:
        """Name what passes, as a 405 has to."""
        return {"allow": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"}


class UnknownCodingError(GatewayError):
    """The body comes in a transfer coding other than chunked (RFC 9112, 6.1)."""

    status = 501
    kind = "unknown_coding"


class BodyTimeoutError(GatewayError):
    """The caller sent nothing for `listen.body_timeout_seconds`, or took ten times as long for its body."""

    status = 408
    kind = "body_timeout"


class QueueFullError(GatewayError):
    """More is in flight than `limits.queue_bytes`, or more images wait than `limits.queue_images`."""

    status = 429
    kind = "queue_full"

    @property
    def headers(self) -> Mapping[str, str]:
        """Ask for a retry after one second."""
        return {"retry-after": "1"}


class ShuttingDownError(GatewayError):
    """The gateway stops: its time to finish running requests is over, and this one has no answer yet."""

    status = 503
    kind = "shutting_down"

    def __init__(self) -> None:
        super().__init__("the gateway is shutting down; try again shortly")

    @property
    def headers(self) -> Mapping[str, str]:
        """Ask for a retry after one second: by then another gateway answers, or this one again."""
        return {"retry-after": "1"}


class ImageTimeoutError(Exception):
    """An image took longer than it may, waiting or being worked on: it is unchecked."""

    reason: ClassVar[str] = "timed_out"

    def __init__(self) -> None:
        super().__init__("there was not enough time to check the image")


class UpstreamUnreachableError(GatewayError):
    """The upstream refused the connection or broke it before answering."""

    status = 502
    kind = "upstream_unreachable"


class UpstreamTimeoutError(GatewayError):
    """The upstream did not answer in time."""

    status = 504
    kind = "upstream_timeout"


class UpstreamGarbledError(GatewayError):
    """The upstream answered with something that is not HTTP, or more headers than are taken."""

    status = 502
    kind = "upstream_garbled"
