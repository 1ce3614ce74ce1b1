"""Bring a whole request inside its provider's limits: the largest pictures first, in steps without return.

A step bounds the bytes of every picture of a request; smaller pictures stay byte for byte what they are. The
step follows from what is in the request alone, is the same on every worker, and can only rise as more is
appended: earlier pictures change when a step is taken, which a conversation does a few times at most, and at
no other time. Crossing a provider's number of many images is a step before these: it changes the sizes that
are added up here.

Where no step is enough the pictures go as if there were no limit of the whole: the provider refuses what it
is sent in either case, and if its limit is no longer what our data say, nothing was lost for it.
"""

from collections.abc import Sequence

from gateway.providers.limits import LAST_STEP, STEP_BYTES, Limits
from gateway.relay.images.image_work import together
from gateway.relay.images.treated import Treated, base64_bytes


async def bring_inside(
    treated: Sequence[Treated], *, body_bytes: int, most_bytes: int | None
) -> tuple[Sequence[Treated], int]:
    """Return the images of a request at the first step at which it is small enough, and that step.

    Args:
        treated: As usual.
        body_bytes: Of the request as it came.
        most_bytes: That the provider takes; None: it does not say.

    Returns:
        Step 0 where none is needed, or none is enough.

    Raises:
        ImageTimeoutError: The time of the request was over first.
        QueueFullError: Too many images wait.
    """
    total = body_bytes + sum(each.growth for each in treated)
    if most_bytes is None or total <= most_bytes:
        return treated, 0
    for step in range(1, LAST_STEP + 1):
        bound = STEP_BYTES[step - 1]
        if total - sum(_above(each, bound) for each in treated) > most_bytes:
            continue
        tried = await together([_at_step(each, step) for each in treated])
        # A picture counts as what the bound allows, though it may be less: what is added up must not change
        # with later steps, nor sink as a conversation grows.
        counted = body_bytes + sum(_counted(old, new, bound) for old, new in zip(treated, tried, strict=True))
        if counted <= most_bytes:
            return tried, step
    return treated, 0


def exceeded(limits: Limits, treated: Sequence[Treated], *, body_bytes: int, images: int) -> list[str]:
    """Name the limits that a request exceeds as it is sent, without repetition.

    Args:
        limits: Of whoever is asked.
        treated: Its images, as they are sent.
        body_bytes: Of the request as it came.
        images: In it, those nobody looked into as well.
    """
    total = body_bytes + sum(each.growth for each in treated)
    found = {
        "images": limits.max_images is not None and images > limits.max_images,
        "request_bytes": limits.max_request_bytes is not None and total > limits.max_request_bytes,
    }
    plans = [each.outcome.plan for each in treated if not each.outcome.is_observed]
    of_pictures = [name for plan in plans if plan is not None for name in plan.exceeds]
    return list(dict.fromkeys([*(name for name, is_above in found.items() if is_above), *of_pictures]))


def _above(treated: Treated, bound: int) -> int:
    """Return how many bytes of base64 a bound takes from an image."""
    if treated.at_step is None:
        return 0
    return max(0, base64_bytes(treated.outcome.bytes_out) - base64_bytes(bound))


async def _at_step(treated: Treated, step: int) -> Treated:
    if treated.at_step is None or not _above(treated, STEP_BYTES[step - 1]):
        return treated
    return await treated.at_step(step)


def _counted(old: Treated, new: Treated, bound: int) -> int:
    if not _above(old, bound):
        return new.growth
    return new.growth + max(0, base64_bytes(bound) - base64_bytes(new.outcome.bytes_out))
