"""What became of one image of a body, and what has to change in its place there."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from gateway.detection.verdict import unchecked
from gateway.dialects.protocol import Slot
from gateway.dialects.reading.data_url import Inline, NotInlineError
from gateway.dialects.reading.splice import Replacement
from gateway.pipeline import DETECTOR_FAILED, MISMATCH, NOT_SANITIZED, ImageOutcome
from gateway.relay.images.looking import Problem


@dataclass(frozen=True)
class Treated:
    """What became of one image, and of its place in the body."""

    outcome: ImageOutcome
    replacements: Sequence[Replacement] = ()  # none: the bytes stay
    problem: Problem | None = None
    flagged: bytes = b""  # the file as it came, of an image that is flagged
    # The same image at a step of limits; None: there is nothing to be made smaller.
    at_step: Callable[[int], Awaitable["Treated"]] | None = field(default=None, compare=False)

    @property
    def growth(self) -> int:
        """How many bytes longer the body gets by it; mostly below zero."""
        return sum(len(each.value) - (each.end - each.start) for each in self.replacements)


def put_back(slot: Slot, inline: Inline, outcome: ImageOutcome) -> Treated:
    """Say what has to change in the body: the image, a wrong type alone, or nothing."""
    problem, flagged = problem_of(slot, outcome), flagged_in(inline, outcome)
    if outcome.data != inline.data:
        return Treated(outcome, slot.source.write(outcome.media_type, outcome.data), problem, flagged)
    if inline.media_type and outcome.media_type != inline.media_type:
        return Treated(outcome, slot.source.correct_type(outcome.media_type), problem, flagged)
    return Treated(outcome, problem=problem, flagged=flagged)


def put_inline(slot: Slot, inline: Inline, outcome: ImageOutcome) -> Treated:
    """Put what was fetched where its address was; what is of no known type stays at its address."""
    if not outcome.media_type:
        return Treated(outcome, problem=problem_of(slot, outcome), flagged=flagged_in(inline, outcome))
    written = slot.source.write(outcome.media_type, outcome.data)
    return Treated(outcome, written, problem_of(slot, outcome), flagged_in(inline, outcome))


def flagged_in(inline: Inline, outcome: ImageOutcome) -> bytes:
    """Return the file of an image that is flagged; nothing of any other."""
    return inline.data if outcome.verdict.flags else b""


def problem_of(slot: Slot, outcome: ImageOutcome) -> Problem | None:
    """Say what is wrong with an image that was looked at; None where nothing is."""
    if outcome.verdict.outcome == "unchecked" and outcome.verdict.failures:
        # Nothing but a broken detector's evidence would have counted.
        return Problem(DETECTOR_FAILED, outcome.verdict.explanation, slot.where)
    messages = {
        MISMATCH: "the image is not of its declared media type",
        NOT_SANITIZED: "the image should have been sanitized, and could not be",
        "damaged": "the image is damaged; only its bytes were looked at",
        "unknown_format": "expected PNG, JPEG, WebP or GIF data; only its bytes were looked at",
    }
    message = messages.get(outcome.reason)
    return None if message is None else Problem(outcome.reason, message, slot.where)


def skipped(reason: str, message: str, slot: Slot) -> Treated:
    """Leave an image as it is."""
    outcome = ImageOutcome(data=b"", media_type="", bytes_in=0, verdict=unchecked(reason), reason=reason)
    return Treated(outcome, problem=Problem(reason, message, slot.where))


def read_slot(slot: Slot) -> Inline:
    """Read a slot; strings that are not what JSON allows are an image that cannot be read.

    Raises:
        NotInlineError: The image is not in the body, or cannot be read there; says why.
    """
    try:
        return slot.source.read()
    except NotInlineError:
        raise
    except ValueError as error:
        raise NotInlineError("not_json", f"the string is not valid JSON: {error}") from error


def base64_bytes(size_bytes: int) -> int:
    """Return how long data is as base64."""
    return (size_bytes + 2) // 3 * 4
