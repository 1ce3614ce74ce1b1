import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calibration.image import Image, encode_png
from calibration.stimuli.edits import PairFolderError, read_magicbrush, read_pairs, read_spot_the_diff


def picture(seed: int) -> bytes:
    return encode_png(Image(np.random.default_rng(seed).integers(0, 256, (6, 8, 3)).astype(np.uint8)))


@pytest.fixture
def magicbrush(tmp_path: Path) -> Path:
    for session in ("139", "306"):
        folder = tmp_path / "images" / session
        folder.mkdir(parents=True)
        for at, name in enumerate(("input", "output1", "output2", "mask1", "mask2")):
            (folder / f"{session}-{name}.png").write_bytes(picture(10 * int(session) + at))
    turns = {
        session: [
            {
                "input": f"{session}-input.png",
                "mask": f"{session}-mask1.png",
                "output": f"{session}-output1.png",
                "instruction": "remove the cat ",
            },
            {
                "input": f"{session}-output1.png",
                "mask": f"{session}-mask2.png",
                "output": f"{session}-output2.png",
                "instruction": "make the sky red",
            },
        ]
        for session in ("139", "306")
    }
    (tmp_path / "edit_sessions.json").write_text(json.dumps(turns))
    return tmp_path


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    images = tmp_path / "resized_images"
    images.mkdir()
    for at, name in enumerate(("7", "7_2", "8", "8_2", "9")):
        (images / f"{name}.png").write_bytes(picture(at))
    (tmp_path / "annotations").mkdir()
    noted = [
        {"img_id": "7", "sentences": ["a car left", "a man came"]},
        {"img_id": "8", "sentences": []},
        {"img_id": "9", "sentences": ["gone"]},
    ]
    (tmp_path / "annotations" / "train.json").write_text(json.dumps(noted))
    return tmp_path


def test_every_turn_is_a_pair_with_its_own_input(magicbrush: Path):
    found = read_magicbrush(magicbrush)

    assert [(Path(pair.reference).name, Path(pair.edited).name, pair.note) for pair in found.pairs] == [
        ("139-input.png", "139-output1.png", "remove the cat"),
        ("139-output1.png", "139-output2.png", "make the sky red"),
        ("306-input.png", "306-output1.png", "remove the cat"),
        ("306-output1.png", "306-output2.png", "make the sky red"),
    ]
    assert found.skipped == ()
    before, after = found.load(found.pairs[0])
    assert before.pixels.tobytes() != after.pixels.tobytes()


def test_turns_are_found_by_their_names_when_the_sessions_file_is_missing(magicbrush: Path):
    expected = [(pair.reference, pair.edited) for pair in read_magicbrush(magicbrush).pairs]

    (magicbrush / "edit_sessions.json").unlink()

    assert [(pair.reference, pair.edited) for pair in read_magicbrush(magicbrush).pairs] == expected


def test_a_damaged_sessions_file_is_named_and_the_pictures_are_still_found(magicbrush: Path):
    (magicbrush / "edit_sessions.json").write_text('{"139": [')

    found = read_magicbrush(magicbrush)

    assert len(found.pairs) == 4
    assert found.skipped[0].startswith("edit_sessions.json:")


def test_pictures_that_cannot_be_used_are_left_out_with_the_reason(magicbrush: Path):
    folder = magicbrush / "images"
    (folder / "139" / "139-output2.png").write_bytes(b"no picture")
    (folder / "306" / "306-output2.png").unlink()
    (folder / "306" / "306-output1.png").write_bytes((folder / "306" / "306-input.png").read_bytes())

    found = read_magicbrush(magicbrush)

    assert len(found.pairs) == 1
    reasons = dict(reason.split(": ", 1) for reason in found.skipped)
    assert "expected PNG" in reasons["images/139/139-output2.png"]
    assert "No such file" in reasons["images/306/306-output2.png"]
    assert reasons["images/306/306-output1.png"].startswith("identical to")


@pytest.mark.parametrize("name", ["../../secret.png", "/etc/passwd", "a/b.png", "..", "", 7, None])
def test_a_name_that_leads_elsewhere_is_not_followed(magicbrush: Path, name: object):
    turns = {"139": [{"input": "139-input.png", "output": name}], "..": [{"input": "x", "output": "y"}]}
    (magicbrush / "edit_sessions.json").write_text(json.dumps(turns))

    with pytest.raises(PairFolderError, match="left out 2"):
        read_magicbrush(magicbrush)


def test_frames_pair_with_their_second_and_carry_what_was_seen(frames: Path):
    found = read_spot_the_diff(frames)

    assert [(Path(pair.reference).name, pair.note) for pair in found.pairs] == [
        ("7.png", "a car left a man came"),
        ("8.png", ""),
    ]
    assert found.skipped == ("9: expected 9.png and 9_2.png",)


def test_frames_pair_by_name_without_annotations(frames: Path):
    (frames / "annotations" / "train.json").unlink()

    found = read_spot_the_diff(frames)

    assert [Path(pair.edited).name for pair in found.pairs] == ["7_2.png", "8_2.png"]


def test_frames_pair_within_their_folder_only(frames: Path):
    (frames / "annotations" / "train.json").unlink()
    for name in ("other/7.png", "other/9_2.png"):
        (frames / name).parent.mkdir(exist_ok=True)
        (frames / name).write_bytes(picture(20))

    found = read_spot_the_diff(frames)

    assert [(pair.reference, pair.edited) for pair in found.pairs] == [
        ("resized_images/7.png", "resized_images/7_2.png"),
        ("resized_images/8.png", "resized_images/8_2.png"),
    ]


def test_the_layout_is_told_by_the_files(magicbrush: Path, tmp_path_factory: pytest.TempPathFactory):
    other = tmp_path_factory.mktemp("frames")
    for at, name in enumerate(("1", "1_2")):
        (other / f"{name}.png").write_bytes(picture(at))

    assert {pair.source for pair in read_pairs(magicbrush).pairs} == {"magicbrush"}
    assert {pair.source for pair in read_pairs(other).pairs} == {"spot_the_diff"}


def test_a_folder_without_pairs_is_refused_with_what_was_expected(tmp_path: Path):
    (tmp_path / "alone.png").write_bytes(picture(0))

    with pytest.raises(PairFolderError, match=r"expected MagicBrush .* got none in"):
        read_pairs(tmp_path)


@given(
    sessions=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["input", "output", "img_id", "139", "..", "\0"]), inner)
        ),
        max_leaves=12,
    ),
    raw=st.binary(max_size=40),
    is_raw=st.booleans(),
    frame=st.binary(max_size=60),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_broken_folder_is_read_or_refused_but_never_crashes(
    tmp_path: Path, sessions: object, raw: bytes, is_raw: bool, frame: bytes
):
    content = raw if is_raw else json.dumps(sessions).encode()
    (tmp_path / "edit_sessions.json").write_bytes(content)
    (tmp_path / "1-input.png").write_bytes(picture(1)[: len(frame)])
    (tmp_path / "1-output1.png").write_bytes(frame)
    (tmp_path / "1-input_2.png").write_bytes(frame)

    for read in (read_magicbrush, read_spot_the_diff, read_pairs):
        with pytest.raises(PairFolderError, match="expected MagicBrush"):
            read(tmp_path)
