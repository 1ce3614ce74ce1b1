from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calibration.vpa_jnd.authors_release import ReleaseError, read_release


def lay_out(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def test_stimuli_are_found_with_their_reference_and_level(tmp_path: Path):
    folder = lay_out(
        tmp_path, "reference/I01.png", "blur/I01_1.png", "blur/I01_50.png", "jpeg/I01_100.jpg", "README.txt"
    )

    release = read_release(folder)

    assert [(found.distortion, found.level, found.reference) for found in release.stimuli] == [
        ("blur", 1, "reference/I01.png"),
        ("blur", 50, "reference/I01.png"),
        ("jpeg", 100, "reference/I01.png"),
    ]
    assert release.counts() == {"blur": 2, "jpeg": 1}
    assert release.skipped == ()


@pytest.mark.parametrize(
    "name",
    [
        "Gaussian Blur/I01_07.png",
        "gaussian_blur/I01-7.webp",
        "VPA-JND/low-level/Blur/I01_level7.PNG",
        "blur/deep/I01_L007.jpeg",
        "GBlur/I01_lvl_7.png",
    ],
)
def test_other_spellings_are_tolerated(tmp_path: Path, name: str):
    release = read_release(lay_out(tmp_path, "References/I01.png", name))

    assert [(found.distortion, found.level, found.stimulus) for found in release.stimuli] == [
        ("blur", 7, name)
    ]


def test_level_zero_serves_as_the_reference(tmp_path: Path):
    release = read_release(lay_out(tmp_path, "noise/a_b_0.png", "noise/a_b_3.png"))

    assert [(found.reference, found.level) for found in release.stimuli] == [("noise/a_b_0.png", 3)]


def test_what_is_not_understood_is_named_with_the_reason(tmp_path: Path):
    folder = lay_out(
        tmp_path,
        "reference/a.png",
        "blur/a_1.png",
        "blur/b_1.png",
        "blur/cover.png",
        "blur/a_51.png",
        "haze/a_1.png",
    )

    release = read_release(folder)

    assert len(release.stimuli) == 1
    assert dict(reason.split(": ", 1) for reason in release.skipped) == {
        "blur/b_1.png": "expected a reference b, or its level 0",
        "blur/cover.png": "expected REFERENCE_LEVEL",
        "blur/a_51.png": "expected a level of blur of 0-50, got 51",
        "haze/a_1.png": "expected a folder named after a distortion",
    }


@pytest.mark.parametrize("names", [(), ("a.png", "b.png"), ("blur/a_1.png",)])
def test_a_folder_of_another_layout_is_refused(tmp_path: Path, names: tuple[str, ...]):
    with pytest.raises(ReleaseError, match="expected the authors' release"):
        read_release(lay_out(tmp_path, *names))


def test_a_missing_folder_is_refused(tmp_path: Path):
    with pytest.raises(ReleaseError, match="expected the authors' release"):
        read_release(tmp_path / "nowhere")


@given(
    names=st.lists(
        st.tuples(
            st.sampled_from(["blur", "QR code", "reference", "x"]),
            st.text("aé_-0123Ll. ", min_size=1, max_size=9),
        ),
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_names_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, names: list[tuple[str, str]]
):
    folder = lay_out(tmp_path_factory.mktemp("release"), *(f"{parent}/{stem}.png" for parent, stem in names))

    try:
        release = read_release(folder)
    except ReleaseError:
        return

    for found in release.stimuli:
        assert 1 <= found.level <= 50
        assert (folder / found.stimulus).is_file()
        assert (folder / found.reference).is_file()
