"""What observers showed of their thresholds on photographs: asked once, kept as one file, learned from later.

A file can be continued: what it holds already is not asked again. How a threshold is searched for is the
matter of `search` and `delivery_search`; what is learned from it that of `training`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.image import Image, load
from calibration.profile import JndProfile
from predictor.learning.array_file import read_arrays, write_arrays
from predictor.learning.dataset import FAMILIES
from predictor.learning.sampling import Labeller
from predictor.learning.thresholds.delivery_search import Delivered, ask_delivered
from predictor.learning.thresholds.search import Distorted, Searched, search_thresholds
from predictor.noticeability.model import link_of
from predictor.thresholds.delivery import DELIVERIES, Delivery
from predictor.thresholds.profile_threshold import profile_threshold
from predictor.views import WHOLE_SIDE, model_view

_CHUNK = 16

Progress = Callable[[int, int], None]  # pictures done, in all


@dataclass(frozen=True, eq=False)
class Answers:
    """The thresholds one observer showed on N pictures."""

    pictures: npt.NDArray[np.uint8]  # (N, S, S, 3) at the model's view
    searched: Mapping[str, Searched]  # by family, damage done at that view
    delivered: Mapping[Delivery, Delivered]  # damage done before the model's own resize
    observer: str = ""  # its name; empty where nobody noted it

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.pictures)

    def save(self, path: Path) -> None:
        """Write as one compressed file, whole or not at all, under exactly this name.

        Raises:
            OSError: It cannot be written; what was there is still there.
        """
        arrays: dict[str, Any] = {"pictures": self.pictures, "observer": np.array(self.observer)}
        for name, searched in self.searched.items():
            arrays |= {f"{name}.{item.name}": getattr(searched, item.name) for item in fields(searched)}
        for codec, one in self.delivered.items():
            arrays[f"sent {codec}.ratios"] = one.ratios
            arrays |= {
                f"sent {codec}.{item.name}": getattr(one.searched, item.name) for item in fields(Searched)
            }
        write_arrays(path, arrays)

    @classmethod
    def load(cls, path: Path) -> "Answers":
        """Read what `save` wrote.

        Raises:
            ValueError: The file holds something else.
        """
        arrays = read_arrays(path, "thresholds kept")
        try:
            searched = {name: _searched(arrays, name) for name in FAMILIES}
            delivered = {
                name: Delivered(arrays[f"sent {name}.ratios"], _searched(arrays, f"sent {name}"))
                for name in DELIVERIES
            }
            return cls(arrays["pictures"], searched, delivered, str(arrays.get("observer", "")))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"expected thresholds kept in {path}, got something else: {error}") from error

    @classmethod
    def join(cls, parts: Sequence["Answers"]) -> "Answers":
        """Put one observer's answers about several groups of pictures into one."""
        return cls(
            np.concatenate([part.pictures for part in parts]),
            {name: Searched.join([part.searched[name] for part in parts]) for name in FAMILIES},
            {
                name: Delivered(
                    np.concatenate([part.delivered[name].ratios for part in parts]),
                    Searched.join([part.delivered[name].searched for part in parts]),
                )
                for name in DELIVERIES
            },
            next((part.observer for part in parts if part.observer), ""),
        )

    def of(self, rows: npt.NDArray[np.intp]) -> "Answers":
        """Return the answers about some pictures."""
        return replace(
            self,
            pictures=self.pictures[rows],
            searched={name: one.of(rows) for name, one in self.searched.items()},
            delivered={
                name: Delivered(one.ratios[rows], one.searched.of(rows))
                for name, one in self.delivered.items()
            },
        )


def ask_thresholds(
    photos: Sequence[Image], labeller: Labeller, profile: JndProfile, *, first_seed: int = 0
) -> Answers:
    """Find the observer's threshold of every distortion and delivery on every photograph.

    Args:
        photos: As they are; distortions are applied after shrinking them to the model's view.
        labeller: The observer.
        profile: Its own; searches begin at its thresholds.
        first_seed: Of the first photograph; the next have the next.

    Raises:
        ValueError: There is no photograph.
    """
    if not photos:
        raise ValueError("expected at least one photograph to ask about, got none")
    side = profile.input_side or WHOLE_SIDE
    pictures = [model_view(photo, side) for photo in photos]
    link = link_of(profile)
    searched = {
        name: search_thresholds(
            Distorted(pictures, name, first_seed),
            labeller,
            guess=profile_threshold(profile, name),
            link=link,
            rng=np.random.default_rng((first_seed, number)),
        )
        for number, name in enumerate(FAMILIES)
    }
    delivered = ask_delivered(photos, labeller, side=side, link=link, first_seed=first_seed)
    return Answers(np.stack([picture.pixels for picture in pictures]), searched, delivered)


def ask_about_files(
    files: Sequence[Path],
    labeller: Labeller,
    profile: JndProfile,
    *,
    observer: str = "",
    keep: Path | None = None,
    progress: Progress = lambda _done, _total: None,
) -> Answers:
    """Ask about photographs on disk, a few at a time; with `keep`, go on from what that file holds.

    Args:
        files: The photographs.
        labeller: The observer.
        profile: Its own.
        observer: Its name, kept beside the answers.
        keep: The file to go on from; one that holds more photographs than asked for stays as it is.
        progress: Told after every few photographs.

    Raises:
        ValueError: There is no photograph, or `keep` holds something else, or is about other photographs or
            another observer.
        ImageError: A file is not a picture.
        OSError: `keep` cannot be written.
    """
    if not files:
        raise ValueError("expected at least one photograph to ask about, got none")
    parts = []
    if keep is not None and keep.exists():
        parts = [_kept(keep, files, observer, profile.input_side or WHOLE_SIDE)]
    done = sum(len(part) for part in parts)
    while done < len(files):
        photos = [load(path) for path in files[done : done + _CHUNK]]
        asked = replace(ask_thresholds(photos, labeller, profile, first_seed=done), observer=observer)
        parts = [Answers.join([*parts, asked])]
        done += len(photos)
        if keep is not None:
            parts[0].save(keep)
        progress(done, len(files))
    return parts[0]


def _kept(path: Path, files: Sequence[Path], observer: str, side: int) -> Answers:
    """Read the answers about these photographs, and compare every one with its file.

    Raises:
        ValueError: The file holds something else, another observer's answers, or other photographs.
    """
    kept = Answers.load(path)
    if kept.observer and observer and kept.observer != observer:
        raise ValueError(f"expected answers of {observer} in {path}, got those of {kept.observer}")
    kept = kept.of(np.arange(min(len(kept), len(files))))
    for picture, file in zip(kept.pictures, files, strict=False):
        if not np.array_equal(picture, model_view(load(file), side).pixels):
            raise ValueError(f"expected kept answers about {file.name}, got another photograph's")
    return kept


def _searched(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Searched:
    return Searched(**{item.name: arrays[f"{name}.{item.name}"] for item in fields(Searched)})
