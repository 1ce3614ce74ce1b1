"""The pictures a session draws from, and the pairs made of them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cachetools import LRUCache

from calibration.image import Image, ImageError, center_square, load
from calibration.pictures import PicturesError, picture_names, printable, read_picture
from calibration.stimuli.distortion import Distortion
from calibration.trials import Stimulus

MAX_REFERENCES = 256  # bounds the time spent reading a large folder; more would not narrow any interval
_KEPT_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class References:
    """Readable pictures of a folder."""

    folder: Path
    names: tuple[str, ...]  # relative to the folder, forward slashes
    skipped: tuple[str, ...]  # "name: why", files that look like images but cannot be read
    digest: str = ""  # of all their bytes: a resumed run must show the same pictures

    def load(self, name: str, side: int | None) -> Image:
        """Return a picture as it is shown: its central square at `side` pixels, or as it is.

        Raises:
            ImageError: It is no longer readable.
        """
        image = load(self.folder / name)
        return image if side is None else center_square(image, side)


def find_references(
    folder: Path,
    seed: int,
    *,
    without: Path | None = None,
    is_wanted: Callable[[str], bool] | None = None,
) -> References:
    """Find the readable images of a folder, at most `MAX_REFERENCES`, chosen by the seed.

    Args:
        folder: Searched with its subfolders.
        seed: Chooses where there are more.
        without: A folder in it that holds no references: the run's own output.
        is_wanted: Told a picture's path relative to the folder; None: all are.

    Raises:
        PicturesError: The folder is missing or has no readable image.
    """
    candidates = [name for name in picture_names(folder, without) if is_wanted is None or is_wanted(name)]
    digests: dict[str, str] = {}
    skipped: list[str] = []
    for at in np.random.default_rng(seed).permutation(len(candidates)):
        if len(digests) == MAX_REFERENCES:
            break
        name = candidates[at]
        try:
            digests[name] = read_picture(folder, name).sha256
        except (ImageError, OSError) as error:
            skipped.append(f"{printable(name)}: {error}")
    if not digests:
        raise PicturesError(
            f"{folder} holds no readable image: expected PNG, JPEG, WebP or GIF files"
            + (f", could not read {len(skipped)} (first: {skipped[0]})" if skipped else "")
        )
    names = tuple(sorted(digests))
    digest = hashlib.sha256("".join(digests[name] for name in names).encode()).hexdigest()
    return References(folder, names, tuple(sorted(skipped)), digest)


class Renderer:
    """Turns stimuli into pictures; remembers as many references as fit a bounded memory."""

    def __init__(self, references: References, side: int | None, kept_bytes: int = _KEPT_BYTES) -> None:
        self._references = references
        self._side = side
        self._kept: LRUCache[str, Image] = LRUCache(kept_bytes, getsizeof=_size_bytes)

    def pair(self, stimulus: Stimulus, distortion: Distortion) -> tuple[Image, Image]:
        """Return the reference of a trial, itself damaged once a JND has replaced it, and its rival.

        Raises:
            ImageError: The picture is no longer readable.
        """
        picture = self._load(stimulus.image)
        reference, rival = (
            distortion.apply(picture, level, np.random.default_rng(stimulus.seed))
            for level in (stimulus.reference_level, stimulus.level)
        )
        return reference, rival

    def _load(self, name: str) -> Image:
        kept = self._kept.get(name)
        if kept is not None:
            return kept
        image = self._references.load(name, self._side)
        if _size_bytes(image) <= self._kept.maxsize:
            self._kept[name] = image
        return image


def render_pair(
    stimulus: Stimulus, distortion: Distortion, references: References, side: int | None
) -> tuple[Image, Image]:
    """Render the pair of a logged trial again: reference, then its rival.

    Raises:
        ImageError: The picture is no longer readable.
    """
    return Renderer(references, side).pair(stimulus, distortion)


def _size_bytes(image: Image) -> int:
    return image.pixels.nbytes
