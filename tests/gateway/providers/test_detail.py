import pytest

from gateway.providers.detail import find_level, level_named


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("low", "low"),
        ("HIGH", "high"),
        ("original", "original"),
        ("ultra_high", "ultra"),
        ("MEDIA_RESOLUTION_MEDIUM", "medium"),
        ("auto", ""),
        ("", ""),
    ],
)
def test_a_level_is_read_as_people_and_apis_write_it(name, level):
    assert level_named(name) == level


@pytest.mark.parametrize("name", ["hihg", "low ", "media_resolution_unspecified", "1"])
def test_what_is_no_level_is_refused_with_those_there_are(name):
    assert find_level(name) is None
    with pytest.raises(ValueError, match=r"among low, medium, high, ultra, ultra_high, original, auto, got"):
        level_named(name)
