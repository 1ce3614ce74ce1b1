import pytest

from gateway.settings import Compression, Policy, PolicyChange


@pytest.mark.parametrize(
    ("written", "mode"),
    [
        (True, "on"),
        (False, "off"),
        ("true", "on"),
        ("No", "off"),
        ("on", "on"),
        ("off", "off"),
        ("observe", "observe"),
    ],
)
def test_on_and_off_are_understood_however_yaml_and_json_read_them(written, mode):
    assert Compression(mode=written).mode == mode
    assert PolicyChange(compression=written).compression == mode


@pytest.mark.parametrize(
    ("written", "inspection"), [(False, "off"), ("No", "off"), (True, "on"), ("on", "on")]
)
def test_inspection_is_understood_likewise(written, inspection):
    assert Policy(inspection=written).inspection == inspection
    assert PolicyChange(inspection=written).inspection == inspection
