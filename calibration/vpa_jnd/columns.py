"""Turn a recipe and a folder's pictures into the manifest's columns.

References are cycled when the folder has fewer pictures than the recipe needs: the first time round a picture
is taken whole, later as a seeded crop of 50-90 % of its sides, which the manifest states. Everything is
computed as arrays; nothing loops over half a million rows.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from calibration.pictures import Picture, Pictures, read_picture
from calibration.stimuli.edits import Pair, PairFolder
from calibration.stimuli.registry import ALL_DISTORTIONS
from calibration.vpa_jnd.manifest import SCHEMA, Manifest
from calibration.vpa_jnd.recipes import EDIT, Part, Recipe

_CROP_SHARE = (0.5, 0.9)  # of the sides: smaller crops of a photograph are often empty

Indices = npt.NDArray[np.int64]
Columns = Mapping[str, pa.Array]


@dataclass(frozen=True)
class PairOfPictures:
    """A benign pair read from disk, with the size and hash of its reference."""

    pair: Pair
    reference: Picture


def measure_pairs(folder: PairFolder) -> Sequence[PairOfPictures]:
    """Look at the reference of every pair."""
    return [PairOfPictures(pair, read_picture(folder.folder, pair.reference)) for pair in folder.pairs]


def build_manifest(
    recipe: Recipe, pictures: Pictures, seed: int, pairs: Sequence[PairOfPictures] = ()
) -> Manifest:
    """Spread a recipe's references over pictures; the same arguments give the same bytes.

    Pairs read from disk take the place of as many generated edits, and count as references of their own.
    """
    spread = _Spread.over(pictures.found, recipe.references, seed)
    tables: list[pa.Table] = []
    for part in recipe.parts:
        if part.distortion != EDIT:
            tables.append(_distorted(part, spread, seed))
        else:
            real = min(len(pairs), len(part.references))
            tables.append(_generated_edits(part, spread, seed, first=real))
            tables.append(_read_edits(part, pairs[:real], first_reference=recipe.references))
    return Manifest(pa.concat_tables(tables).unify_dictionaries().combine_chunks(), recipe.name, seed)


@dataclass(frozen=True, eq=False)
class _Spread:
    """Which picture, and which part of it, each of R references is."""

    pictures: Sequence[Picture]
    picture: Indices  # (R,) index into `pictures`
    crops: Indices  # (R, 4) left, top, width, height

    @classmethod
    def over(cls, pictures: Sequence[Picture], references: int, seed: int) -> "_Spread":
        rng = np.random.default_rng([seed, zlib.crc32(b"references")])
        order = rng.permutation(len(pictures))
        at = np.arange(references)
        picture = order[at % len(pictures)]
        sizes = np.array([(found.width, found.height) for found in pictures])[picture]  # (R, 2)
        shares = rng.uniform(*_CROP_SHARE, size=sizes.shape)
        shares[at < len(pictures)] = 1
        extents = np.maximum(1, np.round(sizes * shares)).astype(np.int64)
        corners = np.floor(rng.random(sizes.shape) * (sizes - extents + 1)).astype(np.int64)
        return cls(pictures, picture, np.concatenate([corners, extents], axis=1))

    def columns(self, references: Indices) -> Columns:
        """Return the columns that say what the given references are."""
        picture = pa.array(self.picture[references].astype(np.int32))
        left, top, width, height = self.crops[references].astype(np.int32).T
        return {
            "source": _constant("images", len(references)),
            "reference": _words(picture, [found.name for found in self.pictures]),
            "reference_sha256": _words(picture, [found.sha256 for found in self.pictures]),
            "reference_id": pa.array(references.astype(np.int32)),
            "crop_left": pa.array(left),
            "crop_top": pa.array(top),
            "crop_width": pa.array(width),
            "crop_height": pa.array(height),
        }


def _distorted(part: Part, spread: _Spread, seed: int) -> pa.Table:
    distortion = ALL_DISTORTIONS[part.distortion]
    levels = range(distortion.levels + 1)
    # Twelve digits: the last bits of a power are the machine's.
    strengths = np.array([float(f"{distortion.unit_value(level):.12g}") for level in levels])
    # One seed per reference: its levels differ in strength alone, as the steps of one staircase.
    seeds = _seeds(part, seed, int(part.references.max()) + 1)[part.references]
    return _table(
        part,
        spread.columns(part.references),
        {
            "id": _ids(part.distortion, part.references, part.levels),
            "kind": _constant("distortion", len(seeds)),
            "edited": pa.nulls(len(seeds), SCHEMA.field("edited").type),
            "level": pa.array(part.levels.astype(np.float64)),
            "unit": _constant(distortion.unit, len(seeds)),
            "unit_value": pa.array(strengths[part.levels]),
            "seed": pa.array(seeds),
        },
    )


def _generated_edits(part: Part, spread: _Spread, seed: int, *, first: int) -> pa.Table:
    """Edits made on demand, from the part's entry `first` on."""
    references = part.references[first:]
    _, starts, counts = np.unique(references, return_index=True, return_counts=True)
    ordinals = np.arange(len(references)) - np.repeat(starts, counts)  # the how-manieth edit of its reference
    return _table(
        part,
        spread.columns(references),
        {
            "id": _ids(EDIT, references, ordinals),
            "kind": _constant("local edit", len(references)),
            "edited": pa.nulls(len(references), SCHEMA.field("edited").type),
            **_without_level(len(references)),
            "seed": pa.array(_seeds(part, seed, len(part.references))[first:]),
        },
    )


def _read_edits(part: Part, pairs: Sequence[PairOfPictures], *, first_reference: int) -> pa.Table:
    """Edits that lie on disk; their references are numbered from `first_reference`."""
    numbers: dict[str, int] = {}
    for found in pairs:
        numbers.setdefault(found.reference.name, first_reference + len(numbers))
    references = np.array([numbers[found.reference.name] for found in pairs], dtype=np.int64)
    pictures = [found.reference for found in pairs]
    zeros = pa.array(np.zeros(len(pairs), np.int32))
    return _table(
        part,
        {
            "source": _constant("pairs", len(pairs)),
            "reference": _encoded([picture.name for picture in pictures]),
            "reference_sha256": _encoded([picture.sha256 for picture in pictures]),
            "reference_id": pa.array(references.astype(np.int32)),
            "crop_left": zeros,
            "crop_top": zeros,
            "crop_width": pa.array([picture.width for picture in pictures], pa.int32()),
            "crop_height": pa.array([picture.height for picture in pictures], pa.int32()),
        },
        {
            "id": _ids("pair", references, np.arange(len(pairs))),
            "kind": _encoded([found.pair.kind for found in pairs]),
            "edited": _encoded([found.pair.edited for found in pairs]),
            **_without_level(len(pairs)),
            "seed": pa.array(np.zeros(len(pairs), np.int64)),
        },
    )


def _table(part: Part, reference: Columns, stimulus: Columns) -> pa.Table:
    rows = len(stimulus["id"])
    shared = {
        "category": _constant(part.category, rows),
        "distortion": _constant(part.distortion, rows),
        "reference_level": pa.array(np.zeros(rows)),
    }
    columns = {**shared, **reference, **stimulus}
    return pa.Table.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _seeds(part: Part, seed: int, count: int) -> Indices:
    rng = np.random.default_rng([seed, zlib.crc32(part.distortion.encode())])
    return rng.integers(2**31, size=count)


def _without_level(rows: int) -> Columns:
    return {name: pa.nulls(rows, SCHEMA.field(name).type) for name in ("level", "unit", "unit_value")}


def _ids(word: str, references: Indices, numbers: Indices) -> pa.Array:
    """Join to "blur-00012-037"."""
    padded = [
        pc.utf8_lpad(pc.cast(pa.array(values), pa.string()), width=width, padding="0")
        for values, width in ((references, 5), (numbers, 3))
    ]
    return pc.binary_join_element_wise(word, *padded, "-")


def _constant(word: str, rows: int) -> pa.Array:
    return _words(pa.array(np.zeros(rows, np.int32)), [word])


def _words(indices: pa.Array, dictionary: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(indices, pa.array(dictionary, pa.string()))


def _encoded(words: list[str]) -> pa.Array:
    return pa.array(words, pa.string()).dictionary_encode()
