"""Build VPA-JND from a folder of references: write the manifest, and the pictures that were asked for.

What the manifest says is the matter of `recipes` and `columns`; here are the disk, and going on after it
was full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from calibration.directory import DirectoryError, make_folder, write_whole
from calibration.image import Image, ImageError, encode_png_fast
from calibration.pictures import find_pictures
from calibration.stimuli.edits import read_pairs
from calibration.vpa_jnd.columns import PairOfPictures, build_manifest, measure_pairs
from calibration.vpa_jnd.manifest import Manifest, ManifestError, Row, Stimuli, read_manifest
from calibration.vpa_jnd.recipes import build_recipe

MANIFEST = "manifest.parquet"
_SHARD = 20  # references per folder, so that no folder holds more than a few thousand files

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BuildRequest:
    """The options of `jnd-calibrate build`."""

    images: Path
    out: Path
    recipe: str = "small"
    materialise: int | Literal["all"] = 0  # how many stimuli to write as PNG
    seed: int = 0
    pairs: Path | None = None  # a MagicBrush or spot-the-diff folder; without it benign edits are generated


@dataclass(frozen=True)
class BuildResult:
    """What was built."""

    manifest: Path
    recipe: str
    pictures: int  # found in the folder
    references: int
    stimuli: int
    categories: Mapping[str, int]  # stimuli of each
    materialised: int  # stimuli on disk now, of those asked for
    skipped: Sequence[str] = field(default=())  # "file: why"

    def as_record(self) -> dict[str, object]:
        """Return what `--json` prints."""
        return {
            "manifest": str(self.manifest),
            "recipe": self.recipe,
            "pictures": self.pictures,
            "references": self.references,
            "stimuli": self.stimuli,
            "categories": dict(self.categories),
            "materialised": self.materialised,
            "skipped": list(self.skipped),
        }


class BuildReporter(Protocol):
    """Who is told how a build goes."""

    def begin(self, total: int) -> None:
        """Hear how many stimuli will be written."""
        ...

    def advance(self, count: int) -> None:
        """Hear that so many more are on disk."""
        ...

    def warn(self, message: str) -> None:
        """Hear of something the user should know."""
        ...


def parse_materialise(text: str) -> int | Literal["all"]:
    """Read the option's value: a number, or `all`.

    Raises:
        ValueError: It is neither.
    """
    if text == "all":
        return "all"
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"expected a number of stimuli or 'all', got {text!r}")
    return int(text)


def build(request: BuildRequest, reporter: BuildReporter) -> BuildResult:
    """Write the manifest of a recipe over a folder's pictures, and materialise what was asked for.

    Doing it again goes on where it stopped.

    Raises:
        ValueError: The recipe is unknown, or a folder has no readable picture or pair.
        DirectoryError: The disk refused, or `out` holds another dataset.
    """
    recipe = build_recipe(request.recipe)
    pictures = find_pictures(request.images, without=request.out)
    pairs, skipped_pairs = _read_pairs(request.pairs)
    skipped = (*pictures.skipped, *skipped_pairs)
    for reason in skipped:
        reporter.warn(f"skipped {reason}")
    manifest = build_manifest(recipe, pictures, request.seed, pairs)
    path = _write_manifest(manifest, request.out)
    written = 0
    chosen = choose(manifest, request.materialise)
    if len(chosen):
        written = materialise(manifest, chosen, Stimuli(request.images, request.pairs), request.out, reporter)
    return BuildResult(
        manifest=path,
        recipe=recipe.name,
        pictures=len(pictures.found),
        references=manifest.references(),
        stimuli=len(manifest),
        categories=manifest.counts(),
        materialised=written,
        skipped=skipped,
    )


def choose(manifest: Manifest, count: int | Literal["all"]) -> Indices:
    """Return the rows to materialise: a seeded draw over all of them, in the manifest's order.

    A larger count contains every smaller one, so that asking for more goes on.
    """
    if count == "all":
        return np.arange(len(manifest))
    drawn = np.random.default_rng(manifest.seed).permutation(len(manifest))[:count]
    return np.sort(drawn)


def stimulus_path(row: Row) -> Path:
    """Return where a stimulus is written, relative to the dataset's folder."""
    return Path("stimuli") / row.distortion / f"{row.reference_id // _SHARD:04d}" / f"{row.id}.png"


def reference_path(row: Row) -> Path:
    """Return where a row's reference is written, relative to the dataset's folder."""
    return Path("references") / f"{row.reference_id // _SHARD:04d}" / f"{row.reference_id:05d}.png"


def materialise(
    manifest: Manifest, chosen: Indices, stimuli: Stimuli, out: Path, reporter: BuildReporter
) -> int:
    """Write stimuli and their references as PNG; return how many of `chosen` are on disk afterwards.

    What is there is kept; a picture that cannot be rendered is left out with a warning.

    Raises:
        DirectoryError: The disk refused; what was written stays.
    """
    reporter.begin(len(chosen))
    written = 0
    for row in manifest.rows(chosen):
        try:
            _write_stimulus(row, stimuli, out)
        except (ImageError, LookupError, ValueError) as error:
            reporter.warn(f"left out {row.id}: {error}")
        except DirectoryError as error:
            raise DirectoryError(
                f"{error}; {written} of {len(chosen)} stimuli are on disk: "
                "make room and give the same command again, it goes on where it stopped"
            ) from error
        else:
            written += 1
        reporter.advance(1)
    return written


def _write_stimulus(row: Row, stimuli: Stimuli, out: Path) -> None:
    target, reference = out / stimulus_path(row), out / reference_path(row)
    if target.exists() and reference.exists():
        return
    try:
        rendered = stimuli.stimulus(row)
    except OSError as error:
        raise LookupError(f"cannot read {row.reference}: {error.strerror}") from error
    _write_picture(reference, rendered.reference)
    _write_picture(target, rendered.stimulus)


def _write_picture(path: Path, image: Image) -> None:
    if path.exists():
        return
    make_folder(path.parent)
    write_whole(path, encode_png_fast(image))


def _write_manifest(manifest: Manifest, out: Path) -> Path:
    path = out / MANIFEST
    try:
        out.mkdir(parents=True, exist_ok=True)
        is_begun = path.exists()
    except OSError as error:
        raise DirectoryError(f"cannot use the folder {out}: {error.strerror}") from error
    if is_begun:
        _check_same(manifest, path)
    else:
        write_whole(path, manifest.to_bytes())
    return path


def _check_same(manifest: Manifest, path: Path) -> None:
    """Compare contents, not bytes: another version of parquet's writer must not end a build half way."""
    try:
        begun = read_manifest(path)
    except ManifestError as error:
        raise DirectoryError(f"{error}; choose another --out, or remove {path.name}") from error
    if (begun.recipe, begun.seed) != (manifest.recipe, manifest.seed):
        told = f"recipe {begun.recipe}, seed {begun.seed}"
    elif not begun.table.equals(manifest.table):
        told = "the same recipe and seed over other pictures"
    else:
        return
    raise DirectoryError(
        f"{path.parent} holds another dataset: {told}; choose another --out, or remove {path.name}"
    )


def _read_pairs(folder: Path | None) -> tuple[Sequence[PairOfPictures], tuple[str, ...]]:
    if folder is None:
        return (), ()
    found = read_pairs(folder)
    return measure_pairs(found), found.skipped
