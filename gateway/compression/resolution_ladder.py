"""List the smaller sizes that cost fewer vision tokens, and go down to the least at which answers stay.

For the lean tier and models whose own input is not known. Knows no provider: what an image of a size costs is
asked of its rule, and a size is a rung where no larger one costs as little, so that no row or column of
padding is paid for. To end on the provider's grid a picture is squeezed by at most a hundredth on one side.

How far down is judged by answers, not by eyes, which see any smaller size: of photographs by the fine detail
that would be lost, of text by the height of its letters. What is below the rung chosen is out of sight for
the rest of compression: the picture reduced to it is what is encoded, and what the encoding is held against.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from calibration.image import Image, resize
from gateway.compression.job import Job
from gateway.compression.letters import letter_height
from gateway.providers.sizes import Size
from predictor.answer_change.fine_detail import change_probabilities

LEAST_SCALE = 0.5
LEAST_SIDE = 224  # pixels: what image encoders are made for; where a side is shorter, all of it is kept
LEAST_LETTER = 12  # pixels an x is tall: a reader loses words from about eight on, earlier on bad scans
MOST_CHANGED = 0.03  # of confident answers, as predicted; 0.05 is promised, new photographs change more
GENTLE_QUALITY = 92  # of what is smaller already, chroma whole: halved, it would change twice as many answers
_STEPS = 512  # of the longer side, between its whole and nothing
_SQUEEZE = 0.01  # of a side
_WORTH_IT = 0.85  # of the tokens: resampling alone changes answers, however little smaller a picture becomes


def at_least_size(job: Job, shown: Size) -> Job | None:
    """Return the job of sending a picture as small as answers allow; None where that hardly saves a token.

    Args:
        job: Of one picture.
        shown: The size at which it would be sent otherwise.
    """
    sizes = [] if job.is_framed else rungs(shown, job.tokens)
    if not sizes:
        return None
    picture = job.stored_at(shown)
    scales = [_scale(size, shown) for size in sizes]
    is_allowed = _detail_stays if job.picture_class == "photograph" else _letters_stay
    allowed = [size for size, stays in zip(sizes, is_allowed(picture, scales), strict=True) if stays]
    if not allowed or job.tokens(allowed[-1]) > _WORTH_IT * job.tokens(shown):
        return None
    return replace(job, shown=allowed[-1], resample=partial(_sharply, picture))


def rungs(shown: Size, tokens: Callable[[Size], int]) -> list[Size]:
    """Return sizes below `shown` that cost less than it and than each larger one, largest first.

    Args:
        shown: What the provider shows of the picture.
        tokens: What an image of a size costs.
    """
    found: list[Size] = []
    least = tokens(shown)
    for size in sorted(_smaller(shown, tokens), key=lambda each: each.pixels, reverse=True):
        cost = tokens(size)
        if cost < least:
            least = cost
            found.append(size)
    return found


def _smaller(shown: Size, tokens: Callable[[Size], int]) -> Iterator[Size]:
    """Yield sizes down to the least allowed, as they are and squeezed where that is cheaper."""
    step = max(1, shown.longest // _STEPS)
    for side in range(shown.longest, round(LEAST_SCALE * shown.longest) - 1, -step):
        exact = shown.scaled(side / shown.longest)
        if min(exact.width, exact.height) < LEAST_SIDE:
            return
        yield exact
        least = Size(round(exact.width * (1 - _SQUEEZE)), round(exact.height * (1 - _SQUEEZE)))
        for narrower in (Size(least.width, exact.height), Size(exact.width, least.height)):
            if tokens(narrower) < tokens(exact):
                yield _widened(narrower, exact, tokens)


def _widened(narrow: Size, wide: Size, tokens: Callable[[Size], int]) -> Size:
    """Return the largest size between two that costs as little as the narrower."""
    cost = tokens(narrow)
    wider = Size(narrow.width + (narrow.width < wide.width), narrow.height + (narrow.height < wide.height))
    return narrow if tokens(wider) > cost else _widened(wider, wide, tokens)


def _scale(size: Size, shown: Size) -> float:
    return min(size.width / shown.width, size.height / shown.height)


def _letters_stay(picture: Image, scales: Sequence[float]) -> list[bool]:
    height = letter_height(picture)
    return [height is not None and height * scale >= LEAST_LETTER for scale in scales]


def _detail_stays(picture: Image, scales: Sequence[float]) -> list[bool]:
    return [chance <= MOST_CHANGED for chance in change_probabilities(picture, scales)]


def _sharply(shown: Image, _: Image, width: int, height: int) -> Image:
    """Reduce what is shown by Lanczos's kernel: averaging over areas changes twice as many answers."""
    return resize(shown, width, height, "lanczos")
