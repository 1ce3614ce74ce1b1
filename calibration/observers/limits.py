"""How many tokens a reply may take: raised where thoughts eat it all, lowered where the server allows less.

A limit the user gave is never touched. One limit serves all requests in flight, so what one reply teaches
holds for all that follow.
"""

import logging
import re

from calibration.observers.families import first_limit
from calibration.observers.options import ObserverOptions

LARGEST = 32_768  # who says nothing within this will not within twice as much
SMALLEST = 256  # a flag and a paragraph of analysis

_NAMES = r"max_(?:completion_|output_)?tokens|maxoutputtokens|max_output|context length|context window"
_TOO_LARGE = re.compile(
    rf"(?=.*(?:{_NAMES}))"
    r"(?=.*(?:too large|at most|maximum|exceed|greater|less than|longer than| > |supported range))",
    re.IGNORECASE | re.DOTALL,
)
_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.IGNORECASE | re.DOTALL)

_log = logging.getLogger(__name__)


class ReplyLimit:
    """The limit of one observer's replies."""

    def __init__(self, model: str, options: ObserverOptions) -> None:
        self._model = model
        self._is_given = options.max_tokens is not None
        self.tokens = first_limit(model, options)
        self._largest = max(LARGEST, 2 * self.tokens)
        self._has_complained = False

    def raise_from(self, spent: int) -> bool:
        """Double after a reply of `spent` tokens said nothing; whether asking again may help."""
        if self.tokens > spent:
            return True  # another reply taught it meanwhile
        if self._is_given or self.tokens * 2 > self._largest:
            self._complain()
            return False
        self.tokens *= 2
        _log.warning(
            "%s spent all of %d tokens before it said anything: from now on it may take %d",
            self._model,
            spent,
            self.tokens,
        )
        return True

    def lower_from(self, refused: int, complaint: str) -> bool:
        """Halve where the server says that `refused` tokens are more than it allows; whether it changed."""
        if self._is_given or not _TOO_LARGE.search(complaint):
            return False
        if self.tokens < refused:
            return True
        if refused <= SMALLEST:
            return False
        self.tokens = self._largest = max(refused // 2, SMALLEST)
        _log.warning("%s takes no limit of %d tokens: asked with %d", self._model, refused, self.tokens)
        return True

    def _complain(self) -> None:
        if self._has_complained:
            return
        self._has_complained = True
        advice = "a larger --max-tokens" if self._is_given else "a larger --max-tokens, --effort low"
        _log.warning(
            "%s spent all of %d tokens before it said anything: such replies are lost; give %s or "
            "--thinking off",
            self._model,
            self.tokens,
            advice,
        )


def says_nothing(text: str) -> bool:
    """Return whether a reply holds no word beside its thoughts, or beside a note of why it is empty."""
    spoken = _THOUGHT.sub("", text).strip()
    return not spoken or spoken.startswith("[empty: ")
