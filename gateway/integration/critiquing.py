"""Have one image of a request judged for how good it looks: in the queue of image work, as all images are."""

import time
from collections.abc import Mapping
from typing import Any

from calibration.image_source import DecodeLimits, ImageError
from gateway.errors import ImageTimeoutError, RequestRefusedError
from gateway.outcome import ImageOutcome
from gateway.relay.images.image_work import ImageWork
from predictor.critic.critic import NotJudgedError
from predictor.critic.file_critic import FileCritic
from predictor.critic.record import as_record

NO_CRITIC, NOT_JUDGED = "no_critic", "not_judged"
_MOST_FRAMES = 1_000_000  # they were counted when the image was first decoded


def critic_of(images: ImageWork) -> FileCritic:
    """Return who judges.

    Raises:
        RequestRefusedError: The artifact holds no judge of quality.
    """
    looks = images.pipeline.looks
    if looks is None:
        raise RequestRefusedError(NO_CRITIC, "the gateway's artifact has no judge of quality")
    return looks.critic


async def critiqued(images: ImageWork, outcome: ImageOutcome, tenant: str) -> Mapping[str, Any]:
    """Return what a judge says of an image that was looked at before: so far it may be decoded again.

    Raises:
        RequestRefusedError: It cannot be judged, or there was not enough time to.
        QueueFullError: Too many images wait.
    """
    critic, pixels = critic_of(images), max(outcome.pixels_in, 1)
    limits = DecodeLimits(len(outcome.data), pixels, _MOST_FRAMES)
    try:
        return await images.queue.run(
            lambda: as_record(critic.judge(outcome.data, limits)),
            tenant=tenant,
            pixels=pixels,
            deadline=time.monotonic() + images.image_seconds,
        )
    except NotJudgedError as error:
        raise RequestRefusedError(NOT_JUDGED, str(error), param="image") from error
    except (ImageError, ImageTimeoutError) as error:
        raise RequestRefusedError(error.reason, str(error), param="image") from error
