"""Who may look: sign in by the key, then a cookie that only the key can make; forms carry a word as well.

Nothing is kept of sessions: another key ends them all.
"""

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping

COOKIE = "jnd_review"
LASTS_SECONDS = 12 * 3600

_MOST_FAILURES = 10
_FAILURES_SECONDS = 60.0
_MOST_ADDRESSES = 10_000
_BEARER = "bearer "


class Sessions:
    """The one key, and what it signs."""

    def __init__(self, key: str, clock: Callable[[], float] = time.time) -> None:
        self._key = _digest(key)
        self._signing = _digest(f"sessions of {key}")
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def opens(self, key: str) -> bool:
        """Tell whether this is the key, in a time that tells nothing else."""
        return hmac.compare_digest(self._key, _digest(key))

    def begin(self) -> str:
        """Return the cookie of a new session."""
        said = f"{int(self._clock()) + LASTS_SECONDS}.{secrets.token_urlsafe(16)}"
        return f"{said}.{self._signed('session', said)}"

    def is_valid(self, cookie: str) -> bool:
        """Tell whether a cookie is one of ours and still counts."""
        said, _, signature = cookie.rpartition(".")
        until = said.partition(".")[0]
        is_ours = hmac.compare_digest(signature.encode(), self._signed("session", said).encode())
        return is_ours and until.isdigit() and int(until) > self._clock()

    def form_word(self, cookie: str) -> str:
        """Return what a form of this session carries: no other site knows it."""
        return self._signed("form", cookie)

    def is_form_word(self, cookie: str, word: str) -> bool:
        """Tell whether a form came from a page of this session."""
        return hmac.compare_digest(self.form_word(cookie).encode(), word.encode("utf-8", "replace"))

    # --- guessing

    def is_guessing(self, address: str) -> bool:
        """Tell whether too many wrong keys came from an address lately."""
        failures = self._failures.get(address, deque())
        while failures and failures[0] < self._clock() - _FAILURES_SECONDS:
            failures.popleft()
        return len(failures) >= _MOST_FAILURES

    def note_failure(self, address: str) -> None:
        """Note a wrong key."""
        self._failures.setdefault(address, deque(maxlen=_MOST_FAILURES)).append(self._clock())
        self._failures.move_to_end(address)
        while len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)

    def _signed(self, purpose: str, text: str) -> str:
        return hmac.new(self._signing, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


def bearer_of(authorization: str) -> str | None:
    """Return the key that a program's header carries, right or wrong; None: it carries none."""
    is_one = authorization[: len(_BEARER)].lower() == _BEARER
    return authorization[len(_BEARER) :].strip() if is_one else None


def is_from_here(headers: Mapping[str, str]) -> bool:
    """Tell whether a form was sent by a page of ours, as far as the browser says."""
    site = headers.get("sec-fetch-site", "same-origin")
    origin = headers.get("origin", "")
    is_ours = not origin or origin.partition("://")[2] == headers.get("host", "")
    return site in ("same-origin", "none") and is_ours


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
