import io
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.image import ImageError, load
from calibration.pictures import Picture, Pictures, find_pictures
from calibration.stimuli.registry import ALL_DISTORTIONS
from calibration.vpa_jnd.columns import build_manifest
from calibration.vpa_jnd.manifest import (
    SCHEMA,
    SCHEMA_VERSION,
    Manifest,
    ManifestError,
    Row,
    Stimuli,
    parse_manifest,
    read_manifest,
)
from calibration.vpa_jnd.recipes import build_recipe


@pytest.fixture
def manifest(photo_folder: Path) -> Manifest:
    return build_manifest(build_recipe("small"), find_pictures(photo_folder), seed=1)


def written(table: pa.Table, **about: object) -> bytes:
    sink = io.BytesIO()
    told = {"schema_version": SCHEMA_VERSION, "recipe": "small", "seed": 0, **about}
    pq.write_table(table.replace_schema_metadata({b"lmm-jnd": json.dumps(told)}), sink)
    return sink.getvalue()


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path, manifest: Manifest):
    path = tmp_path / "manifest.parquet"
    path.write_bytes(manifest.to_bytes())

    found = read_manifest(path)

    assert list(found.rows()) == list(manifest.rows())
    assert (found.recipe, found.seed) == ("small", 1)
    assert found.row(17) == list(manifest.rows())[17]


def test_columns_are_the_fields_of_a_row():
    assert [field.name for field in fields(Row)] == SCHEMA.names


def test_a_manifest_says_nothing_of_the_machine(manifest: Manifest, photo_folder: Path):
    data = manifest.to_bytes()

    assert str(photo_folder).encode() not in data
    assert photo_folder.parent.name.encode() not in data


def test_every_row_renders_what_its_distortion_makes_of_the_crop(manifest: Manifest, photo_folder: Path):
    stimuli = Stimuli(photo_folder)
    is_seen = set()

    for row in manifest.rows():
        pair = stimuli.stimulus(row)
        whole = load(photo_folder / row.reference).pixels
        rows = slice(row.crop_top, row.crop_top + row.crop_height)
        crop = whole[rows, row.crop_left : row.crop_left + row.crop_width]
        assert np.array_equal(pair.reference.pixels, crop)
        if row.level is not None:
            rng = np.random.default_rng(row.seed)
            expected = ALL_DISTORTIONS[row.distortion].apply(pair.reference, row.level, rng)
            assert np.array_equal(pair.stimulus.pixels, expected.pixels)
        assert pair.stimulus.pixels.tobytes() != pair.reference.pixels.tobytes()
        is_seen.add(row.distortion)

    assert is_seen == {*ALL_DISTORTIONS, "edit"}


def test_a_picture_that_changed_since_is_not_rendered(manifest: Manifest, photo_folder: Path):
    row = manifest.row(0)
    other = next(path for path in photo_folder.iterdir() if path.name != row.reference)
    (photo_folder / row.reference).write_bytes(other.read_bytes())

    with pytest.raises(ImageError, match="expected the file the manifest was made from"):
        Stimuli(photo_folder).stimulus(row)


def test_a_crop_outside_the_picture_is_refused(manifest: Manifest, photo_folder: Path):
    row = replace(manifest.row(0), crop_left=70, crop_width=10)

    with pytest.raises(ValueError, match="inside 72 x 72 pixels"):
        Stimuli(photo_folder).stimulus(row)


def test_a_row_of_a_folder_that_was_not_given_is_refused(manifest: Manifest, photo_folder: Path):
    row = replace(manifest.row(0), source="pairs")

    with pytest.raises(LookupError, match="expected that folder, got none"):
        Stimuli(photo_folder).stimulus(row)


def test_a_missing_manifest_is_refused(tmp_path: Path):
    with pytest.raises(ManifestError, match="cannot read the manifest"):
        read_manifest(tmp_path / "manifest.parquet")


def test_a_truncated_manifest_is_refused_with_its_path(tmp_path: Path, manifest: Manifest):
    path = tmp_path / "manifest.parquet"
    path.write_bytes(manifest.to_bytes()[:-100])

    with pytest.raises(ManifestError, match=r"manifest\.parquet: expected a whole parquet file"):
        read_manifest(path)


def test_a_parquet_file_of_something_else_is_refused():
    sink = io.BytesIO()
    pq.write_table(pa.table({"x": [1]}), sink)

    with pytest.raises(ManifestError, match="got a parquet file of something else"):
        parse_manifest(sink.getvalue())


def test_another_schema_version_is_refused(manifest: Manifest):
    data = written(manifest.table, schema_version=SCHEMA_VERSION + 1)

    with pytest.raises(ManifestError, match=f"expected a manifest of schema version {SCHEMA_VERSION}, got 2"):
        parse_manifest(data)


def test_missing_columns_are_named(manifest: Manifest):
    with pytest.raises(ManifestError, match="none named level, seed"):
        parse_manifest(written(manifest.table.drop_columns(["level", "seed"])))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("distortion", "haze", "expected distortion among blur.*got haze"),
        ("category", "other", "expected category among"),
        ("source", "elsewhere", "expected source among"),
        ("reference", "../secret.png", "expected a path inside the folder"),
        ("reference", "/etc/passwd", "expected a path inside the folder"),
        ("edited", "a/../../b.png", "expected a path inside the folder"),
    ],
)
def test_values_that_could_not_be_rendered_or_opened_are_refused(
    manifest: Manifest, column: str, value: str, message: str
):
    words = manifest.table.column(column).to_pylist()
    changed = pa.array([value, *words[1:]], pa.string()).dictionary_encode()
    at = manifest.table.schema.get_field_index(column)
    table = manifest.table.set_column(at, SCHEMA.field(column), changed)

    with pytest.raises(ManifestError, match=message):
        parse_manifest(written(table))


WHOLE = build_manifest(
    build_recipe("small"), Pictures(Path("photos"), (Picture("a.png", "0" * 64, 40, 30),), ()), seed=0
)


@given(
    at=st.floats(0, 1, exclude_max=True),
    length=st.integers(1, 40),
    noise=st.integers(0, 2**32 - 1),
    cut=st.sampled_from(["overwrite", "remove", "truncate"]),
)
@settings(max_examples=150, deadline=None)
def test_a_damaged_manifest_is_refused_or_read_as_it_was(at: float, length: int, noise: int, cut: str):
    data = WHOLE.to_bytes()
    start = int(at * len(data))
    random = np.random.default_rng(noise).bytes(length) if cut == "overwrite" else b""
    damaged = data[:start] + random + (b"" if cut == "truncate" else data[start + length :])

    try:
        found = parse_manifest(damaged)
    except ManifestError:
        return

    # Page checksums cover every value; what stays unnoticed is in the parts that hold none.
    assert found.table.equals(WHOLE.table)


@given(data=st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_refused(data: bytes):
    with pytest.raises(ManifestError, match="expected"):
        parse_manifest(b"PAR1" + data + b"PAR1")
