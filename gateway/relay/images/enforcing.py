"""What the policy makes of a request: what is flagged is blocked, what cannot be checked refused or noted."""

from collections.abc import Sequence

from gateway.dialects.protocol import Slot
from gateway.errors import GatewayError, ImageBlockedError, RequestRefusedError, class_of
from gateway.pipeline import MISMATCH
from gateway.relay.exchange import Exchange
from gateway.relay.images.looking import Looked, Problem

_URL = "url"
_MOST_COUNTED = 100  # strays of one request
# Nothing went wrong with these: nobody looks into them, which is told, but is no failure to count.
_NO_FAILURE = frozenset(
    {
        _URL,
        "file_id",
        "document",
        "video",
        "image_embeds",
        "image_in_system",
        "duplicate_keys",
        "unknown_place",
    }
)


def give_up(problem: Problem, exchange: Exchange) -> None:
    """Note that the body as a whole is not looked into.

    Raises:
        RequestRefusedError: The policy refuses that.
    """
    exchange.unchecked = problem.kind  # first: who is refused is not told that there was no image
    refuse_or_note(problem, exchange)


def note_strays(looked: Looked, exchange: Exchange, most_images: int) -> None:
    """Note what looks like an image and is not looked into; raises as `give_up`."""
    exchange.strays = [each.reason for each in looked.strays for _ in range(min(each.count, _MOST_COUNTED))]
    for each in looked.strays:
        if class_of(each.reason) == "unseen":
            message = "what looks like an image is where none is expected, and is not looked into"
            refuse_or_note(Problem(each.reason, message, each.where), exchange)
    if looked.is_cut:
        message = f"expected at most {most_images} images; further ones are not looked into"
        give_up(Problem("too_many_images", message), exchange)


def refuse_or_note(problem: Problem, exchange: Exchange) -> None:
    """Count what cannot be checked, where the policy lets it pass.

    Raises:
        RequestRefusedError: The policy refuses that.
        GatewayError: Likewise, where it is a bug.
    """
    if exchange.policy.on_failure == "forward" or problem.kind == MISMATCH:
        if problem.kind not in _NO_FAILURE:
            exchange.failures.append(problem.kind)
    elif problem.kind == GatewayError.kind:
        raise GatewayError(problem.message, param=problem.param)
    else:
        raise RequestRefusedError(problem.kind, problem.message, param=problem.param)


def enforce(slots: Sequence[Slot], exchange: Exchange) -> None:
    """Stop a request with an image that the policy blocks.

    Raises:
        ImageBlockedError: There is one.
    """
    for slot, outcome in zip(slots, exchange.outcomes, strict=True):
        if outcome.action == "block":
            message = "the gateway's policy blocks this image"
            if exchange.policy.reveals_reason:
                message += f": {outcome.verdict.explanation}"
            raise ImageBlockedError(message, param=slot.where)
