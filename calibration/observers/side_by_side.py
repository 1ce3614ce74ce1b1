"""Two pictures as one, for servers that take one picture per request: the first left, the second right.

The model then sees both at the size it shrinks one picture to, so a threshold measured so is another figure
than one measured with two pictures; sessions and profiles say which it is.
"""

import re
from collections.abc import Sequence

import numpy as np

from calibration.image import Image

GAP = 16  # pixels of white between the two
EXPLANATION = (
    "The picture shows two images side by side, divided by a white strip: the first image is the left one, "
    "the second image is the right one."
)
_WHITE = 255

# vLLM, SGLang and LMDeploy count in words such as "At most 1 image(s)" or "limit-mm-per-prompt"; Ollama says
# "vision model only supports a single image per message"; others "only one image is supported".
_COMPLAINTS = re.compile(
    r"at most (?:1|one) image|(?:single|one|1) images? (?:is |per|at a time|input|allowed|supported)"
    r"|only (?:supports? |accepts? |takes? |allows? )?(?:a )?(?:single|one|1) image"
    r"|(?:does not|doesn't|cannot|not) (?:support|accept|take|handle)[a-z]* "
    r"(?:multiple|several|more than one|two) images?"
    r"|(?:multiple|multi)[ -]images? (?:\w+ )?(?:is |are )?(?:not|un)[ -]?(?:supported|allowed)"
    r"|image=1 .*limit-mm-per-prompt|too many images",
    re.IGNORECASE,
)


def takes_one_picture(complaint: str) -> bool:
    """Return whether a refusal says that the request held more than the one picture allowed."""
    return bool(_COMPLAINTS.search(complaint))


def join_pictures(pictures: Sequence[Image]) -> Image:
    """Return one picture with all of them from left to right, on white, aligned at the top."""
    height = max(picture.pixels.shape[0] for picture in pictures)
    width = sum(picture.pixels.shape[1] for picture in pictures) + GAP * (len(pictures) - 1)
    canvas = np.full((height, width, 3), _WHITE, dtype=np.uint8)
    left = 0
    for picture in pictures:
        rows, columns = picture.pixels.shape[:2]
        canvas[:rows, left : left + columns] = picture.pixels
        left += columns + GAP
    return Image(canvas)
