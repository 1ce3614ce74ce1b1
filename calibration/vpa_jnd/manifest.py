"""VPA-JND as a file: one row per stimulus, in parquet, and the pictures a row stands for.

A manifest holds no pixels and nothing of the machine it was made on. With the folder of references it was
made from, every row can be rendered, bit for bit, whenever it is asked for. How a manifest comes about is the
matter of `build`.
"""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from calibration.image import Image, ImageError, decode
from calibration.stimuli.local_edits import local_edit
from calibration.stimuli.registry import ALL_DISTORTIONS
from calibration.vpa_jnd.recipes import CATEGORIES, EDIT

SCHEMA_VERSION = 1
_METADATA = b"lmm-jnd"
_BATCH = 4096  # rows turned into Python objects at a time
_KEPT_IN_MEMORY = 8  # decoded pictures; rows of one reference stand together

Kind = Literal["distortion", "local edit", "image editing", "spot the difference"]
Source = Literal["images", "pairs"]


class ManifestError(ValueError):
    """The file is not a manifest this version reads."""


@dataclass(frozen=True)
class Row:
    """One stimulus: what it is made from, and how."""

    id: str
    category: str
    kind: Kind  # how the picture is made
    distortion: str  # "edit" for benign pairs
    source: Source  # the folder `reference` and `edited` lie in
    reference: str  # relative path, forward slashes
    reference_sha256: str  # of that file
    reference_id: int  # the same number is the same reference: picture and crop
    crop_left: int  # pixels of the upright picture
    crop_top: int
    crop_width: int
    crop_height: int
    edited: str | None  # the file after the edit, where one was read from disk
    level: float | None  # benign edits have none
    reference_level: float
    unit: str | None
    unit_value: float | None  # physical strength at `level`
    seed: int  # of the generator handed to the distortion; one per reference and distortion


_WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("category", _WORD, nullable=False),
        pa.field("kind", _WORD, nullable=False),
        pa.field("distortion", _WORD, nullable=False),
        pa.field("source", _WORD, nullable=False),
        pa.field("reference", _WORD, nullable=False),
        pa.field("reference_sha256", _WORD, nullable=False),
        pa.field("reference_id", pa.int32(), nullable=False),
        pa.field("crop_left", pa.int32(), nullable=False),
        pa.field("crop_top", pa.int32(), nullable=False),
        pa.field("crop_width", pa.int32(), nullable=False),
        pa.field("crop_height", pa.int32(), nullable=False),
        pa.field("edited", _WORD),
        pa.field("level", pa.float64()),
        pa.field("reference_level", pa.float64(), nullable=False),
        pa.field("unit", _WORD),
        pa.field("unit_value", pa.float64()),
        pa.field("seed", pa.int64(), nullable=False),
    ]
)


@dataclass(frozen=True, eq=False)
class Manifest:
    """The rows of one dataset, as columns."""

    table: pa.Table  # of `SCHEMA`
    recipe: str
    seed: int

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def row(self, index: int) -> Row:
        """Return one row."""
        return next(self.rows(np.array([index])))

    def rows(self, chosen: np.typing.NDArray[np.int64] | None = None) -> Iterator[Row]:
        """Yield all rows, or those of the given indices, in their order."""
        table = self.table if chosen is None else self.table.take(pa.array(chosen))
        for batch in table.to_batches(max_chunksize=_BATCH):
            for record in batch.to_pylist():
                yield Row(**record)

    def counts(self) -> Mapping[str, int]:
        """Return the number of stimuli of each category."""
        found: Counter[str] = Counter()
        for entry in self.table.column("category").value_counts().to_pylist():
            found[entry["values"]] += entry["counts"]
        return dict(found)

    def references(self) -> int:
        """Return the number of different references."""
        return len(self.table.column("reference_id").unique())

    def to_bytes(self) -> bytes:
        """Write as parquet; the same manifest gives the same bytes."""
        about = {"schema_version": SCHEMA_VERSION, "recipe": self.recipe, "seed": self.seed}
        sink = io.BytesIO()
        pq.write_table(
            self.table.replace_schema_metadata({_METADATA: json.dumps(about)}),
            sink,
            compression="zstd",
            row_group_size=max(1, len(self)),
            write_page_checksum=True,
        )
        return sink.getvalue()


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        ManifestError: Missing, truncated or damaged; not a manifest; of another schema version.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ManifestError(f"cannot read the manifest {path}: {error.strerror}") from error
    try:
        return parse_manifest(data)
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}") from error


def parse_manifest(data: bytes) -> Manifest:
    """Read the bytes of a manifest.

    Raises:
        ManifestError: Truncated or damaged; not a manifest; of another schema version.
    """
    try:
        table = pq.read_table(io.BytesIO(data), page_checksum_verification=True)
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ManifestError(f"expected a whole parquet file, got damaged or other data: {reason}") from error
    about = _read_about(table)
    if not table.schema.equals(SCHEMA):
        raise ManifestError(f"expected the columns of a manifest, got {_how_columns_differ(table.schema)}")
    _check_values(table)
    return Manifest(table.replace_schema_metadata(), str(about["recipe"]), int(about["seed"]))


def _read_about(table: pa.Table) -> dict[str, str | int]:
    try:
        about = json.loads((table.schema.metadata or {})[_METADATA])
        version, _, _ = about["schema_version"], str(about["recipe"]), int(about["seed"])
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError("expected a manifest of VPA-JND, got a parquet file of something else") from error
    if version != SCHEMA_VERSION:
        raise ManifestError(f"expected a manifest of schema version {SCHEMA_VERSION}, got {version!r}")
    return dict(about)


def _how_columns_differ(schema: pa.Schema) -> str:
    missing = [name for name in SCHEMA.names if name not in schema.names]
    other = [name for name in schema.names if name not in SCHEMA.names]
    if missing or other:
        return f"none named {', '.join(missing) or '-'}, and {', '.join(other) or 'no'} others"
    return "others of the same names, with other types"


def _check_values(table: pa.Table) -> None:
    """Refuse what `Stimuli` could not render or must not open."""
    _check_words(table, "category", CATEGORIES)
    _check_words(table, "distortion", (*ALL_DISTORTIONS, EDIT))
    _check_words(table, "kind", get_args(Kind))
    _check_words(table, "source", get_args(Source))
    for column in ("reference", "edited"):
        for name in _words(table, column):
            if name.startswith("/") or "\\" in name or ".." in name.split("/"):
                raise ManifestError(f"expected a path inside the folder, got {name!r}")
    for name in SCHEMA.names:
        if not SCHEMA.field(name).nullable and table.column(name).null_count:
            raise ManifestError(f"expected a value in every row, got none for {name}")


def _check_words(table: pa.Table, column: str, known: tuple[str, ...]) -> None:
    unknown = sorted(set(_words(table, column)) - set(known))
    if unknown:
        raise ManifestError(f"expected {column} among {', '.join(known)}; got {', '.join(unknown)[:80]}")


def _words(table: pa.Table, column: str) -> list[str]:
    return [word for word in table.column(column).unique().to_pylist() if word is not None]


@dataclass(frozen=True)
class StimulusPair:
    """The two pictures of a row."""

    reference: Image
    stimulus: Image


class Stimuli:
    """Renders rows from the folders a manifest was made from."""

    def __init__(self, images: Path, pairs: Path | None = None) -> None:
        """Render from `images`, and from `pairs` where benign edits were read from disk."""
        self._folders: dict[Source, Path | None] = {"images": images, "pairs": pairs}
        self._decoded = lru_cache(_KEPT_IN_MEMORY)(_decode_checked)

    def stimulus(self, row: Row) -> StimulusPair:
        """Render one row.

        Raises:
            ImageError: A picture is damaged, or no longer the one the manifest was made from.
            LookupError: The row needs a folder of pairs, and none was given.
            OSError: A picture cannot be read.
            ValueError: The level lies outside the distortion's range, or the crop outside the picture.
        """
        reference = _crop(self._load(row, row.reference, row.reference_sha256), row)
        rng = np.random.default_rng(row.seed)
        if row.kind == "local edit":
            return StimulusPair(reference, local_edit(reference, rng).edited)
        if row.edited is not None:
            return StimulusPair(reference, self._load(row, row.edited, None))
        if row.level is None or row.distortion == EDIT:
            raise ValueError(f"expected a level and a distortion in row {row.id}, got neither")
        return StimulusPair(reference, ALL_DISTORTIONS[row.distortion].apply(reference, row.level, rng))

    def _load(self, row: Row, name: str, sha256: str | None) -> Image:
        folder = self._folders[row.source]
        if folder is None:
            raise LookupError(f"row {row.id} was read from a folder of pairs; expected that folder, got none")
        return self._decoded(folder / name, sha256)


def _decode_checked(path: Path, sha256: str | None) -> Image:
    data = path.read_bytes()
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise ImageError("damaged", f"expected the file the manifest was made from, got another {path.name}")
    return decode(data).image


def _crop(image: Image, row: Row) -> Image:
    right, bottom = row.crop_left + row.crop_width, row.crop_top + row.crop_height
    fits = 0 <= row.crop_left < right <= image.width and 0 <= row.crop_top < bottom <= image.height
    if not fits:
        raise ValueError(f"expected the crop of {row.id} inside {image.width} x {image.height} pixels")
    if (row.crop_width, row.crop_height) == (image.width, image.height):
        return image
    return Image(np.ascontiguousarray(image.pixels[row.crop_top : bottom, row.crop_left : right]))
