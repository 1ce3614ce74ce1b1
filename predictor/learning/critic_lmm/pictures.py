"""Make the pictures that the critic LMM learns to speak about: photographs, damaged versions, tiny ones.

What the tower sees in their views is kept instead of the views: the tower no longer changes.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any  # transformers has no types

import numpy as np
import numpy.typing as npt
import torch

from calibration.image import Image, Pixels
from calibration.observers.critic.architecture import quickened
from calibration.observers.critic.views import SIDE, VIEWS, cut
from calibration.observers.embedded.batches import normalise
from predictor.critic.attributes import AttributeModel
from predictor.critic.critique import Attributes
from predictor.critic.measures import measure
from predictor.learning.critic.kadid import LEVELS
from predictor.learning.critic.lessons import Opinions, damage_ninth
from predictor.learning.critic.views import Photograph, Photographs
from predictor.learning.critic_lmm.damage import (
    FLAWED,
    STRONG,
    Damage,
    attribute_damage,
    damage_at_random,
    kadid_damage,
    local_kind,
)
from predictor.learning.critic_lmm.judged import Judged, Place
from predictor.learning.critic_lmm.seeing import look
from predictor.learning.critic_lmm.steadying import Expected, fit_expected, steadied

Report = Callable[[str], None]

_BATCH = 40  # views
_UNTOUCHED = 2  # versions of every photograph, which come first
_COMPARED = ((0, 2), (0, 3), (2, 3), (0, 4), (0, 5), (4, 5))  # versions of which the first is the better
_LEAST_PART = 0.75  # of a side, of what a mirrored part keeps
_FELT = 0.4  # of what a place loses is lost by the whole
_UNTOLD = Attributes(50, 50, 50, 10, 50)  # of tiny pictures, of which nothing else is asked, and at first


@dataclass(frozen=True, eq=False)
class Seen:
    """Pictures with what the tower sees in each of their views."""

    judged: Sequence[Judged]
    features: npt.NDArray[np.float16]  # (N, V, 9, F)


@dataclass(frozen=True, eq=False)
class Pictures:
    """All pictures of a training, and which can be compared."""

    photographs: Seen  # and their versions
    untouched: Sequence[Sequence[int]]  # which of them nobody damaged, by photograph
    expected: Expected  # of what is seen in pictures that nobody damaged
    pairs: Sequence[tuple[int, int]]  # versions of one photograph that differ in one damage
    tiny: Seen


@dataclass(frozen=True)
class _Version:
    image: Image
    judged: Judged


def make_pictures(
    photographs: Photographs,
    tiny: Sequence[tuple[Pixels, float]],
    *,
    tower: Any,
    attributes: AttributeModel,
    opinions: Opinions,
    report: Report,
    seed: int = 13,
) -> Pictures:
    """Make and look at every picture."""
    rng = np.random.default_rng(seed)
    looking = _Looking(tower)
    judged: list[Judged] = []
    owners: list[int] = []
    for at, photograph in enumerate(photographs):
        for version in _versions(photograph, at, opinions, rng):
            looking.take(cut(version.image))
            judged.append(replace(version.judged, attributes=attributes.judge(measure(version.image))))
            owners.append(at)
        if at % 100 == 99:
            report(f"{at + 1} photographs seen")
    small = _Looking(tower)
    for pixels, _ in tiny:
        small.take(cut(Image(pixels)))
    starts = [owners.index(at) for at in range(len(photographs))]
    untouched = [[start + at for at in range(_UNTOUCHED)] for start in starts]
    features, people = looking.features(VIEWS), [photograph.mos for photograph in photographs]
    expected = fit_expected(
        features[np.array(untouched).ravel()], np.repeat(np.array(people, np.float32), _UNTOUCHED)
    )
    scores = expected.of(torch.from_numpy(features[starts]).float()).numpy()
    return Pictures(
        Seen(steadied(judged, owners, people, scores), features),
        untouched,
        expected,
        [
            (start + one, start + other)
            for at, start in enumerate(starts)
            if _is_damaged_too(at)
            for one, other in _COMPARED
        ],
        Seen([Judged(50, _UNTOLD, generated=generated) for _, generated in tiny], small.features(1)),
    )


class _Looking:
    """Gathers views until there are enough for the tower to look at together."""

    def __init__(self, tower: Any) -> None:
        self._tower = quickened(deepcopy(tower)).eval()
        self._waiting: list[Pixels] = []
        self._seen: list[npt.NDArray[np.float16]] = []

    def take(self, views: Sequence[Image]) -> None:
        self._waiting += [view.pixels for view in views]
        if len(self._waiting) >= _BATCH:
            self._look()

    def features(self, views: int) -> npt.NDArray[np.float16]:
        """Return (N, views, 9, F) of all pictures taken, each of which had so many views."""
        if self._waiting:
            self._look()
        every = np.concatenate(self._seen)
        return every.reshape(-1, views, *every.shape[1:])

    def _look(self) -> None:
        with torch.inference_mode():
            self._seen.append(look(self._tower, normalise(self._waiting)).numpy().astype(np.float16))
        self._waiting = []


def _versions(
    photograph: Photograph, at: int, opinions: Opinions, rng: np.random.Generator
) -> Iterator[_Version]:
    """Yield the photograph and a part of it mirrored; of every other one also damaged versions.

    These are two levels of one damage, two of one attribute's, the second strong, and at times one in a
    single place. Attributes are judged later.
    """

    def version(
        image: Image, mos: float, damage: Damage | None = None, place: Place | None = None
    ) -> _Version:
        flaw = None if damage is None or damage.level < STRONG - 1 else damage.flaw
        is_damaged = damage is not None or place is not None
        return _Version(image, Judged(mos, _UNTOLD, flaw, place, photograph=at, is_damaged=is_damaged))

    image, mos = photograph.image, photograph.mos
    yield version(image, mos)
    yield version(_mirrored_part(image, rng), mos)
    if not _is_damaged_too(at):
        return
    strong = int(rng.integers(STRONG, LEVELS + 1))
    levels = (int(rng.integers(1, strong)), strong)
    for damage in (
        *two_levels(image, opinions, rng),
        *(attribute_damage(image, FLAWED[at // 2 % len(FLAWED)], level, rng) for level in levels),
    ):
        yield version(damage.image, mos * damage.remaining, damage)
    if at % 4 == 0:
        kind, level, ninth = local_kind(rng), int(rng.integers(3, LEVELS + 1)), int(rng.integers(9))
        local = kadid_damage(image, kind, level, opinions, rng)
        shown = damage_ninth(image, ninth=ninth, kind=kind, level=level, rng=rng)
        left = 1 - _FELT * (1 - local.remaining)
        yield version(shown, mos * left, place=Place(ninth, local.flaw))


def _is_damaged_too(at: int) -> bool:
    return at % 2 == 0


def two_levels(image: Image, opinions: Opinions, rng: np.random.Generator) -> tuple[Damage, Damage]:
    """Return a picture damaged in one way at two levels, less first."""
    first = damage_at_random(image, opinions, rng)
    level = int(rng.choice([one for one in range(1, LEVELS + 1) if one != first.level]))
    kind = first.name.removeprefix("kadid ")
    second = (
        kadid_damage(image, int(kind), level, opinions, rng)
        if kind.isdigit()
        else attribute_damage(image, first.name, level, rng)
    )
    return (first, second) if first.level < second.level else (second, first)


def _mirrored_part(image: Image, rng: np.random.Generator) -> Image:
    height, width = (
        max(min(SIDE, length), int(length * rng.uniform(_LEAST_PART, 1))) for length in image.pixels.shape[:2]
    )
    top, left = int(rng.integers(0, image.height - height + 1)), int(rng.integers(0, image.width - width + 1))
    return Image(np.ascontiguousarray(image.pixels[top : top + height, left : left + width][:, ::-1]))
