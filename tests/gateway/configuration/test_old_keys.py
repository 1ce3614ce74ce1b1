import pytest

from gateway.configuration.old_keys import rename_old_keys
from gateway.configuration.problems import Place


@pytest.mark.parametrize(
    ("written", "mode"),
    [("true", "on"), ("yes", "on"), (True, "on"), ("False", "off"), ("no", "off"), ("x", "x")],
)
def test_enabled_is_read_as_the_mode_it_means(written, mode):
    values = {"compression": {"enabled": written}}

    ((_, problem),) = rename_old_keys(values)

    assert values == {"compression": {"mode": mode}}
    assert str(problem) == f"compression.enabled: is called compression.mode today; write `mode: {mode}`"
    assert problem.severity == "warning"


def test_workers_of_limits_are_threads():
    values = {"limits": {"workers": "3"}}

    assert rename_old_keys(values)[0][1].severity == "warning"
    assert values == {"limits": {"image_threads": "3"}}


def test_old_and_new_name_together_are_an_error():
    values = {"compression": {"enabled": "no", "mode": "on"}}

    ((_, problem),) = rename_old_keys(values, {("compression", "mode"): Place("gateway.yaml", 7)})

    assert problem.severity == "error"
    assert "is the old name of compression.mode, which stands at gateway.yaml:7; leave it" in problem.message
    assert values == {"compression": {"mode": "on"}}


def test_what_has_no_old_key_is_left_alone():
    values = {"compression": "on", "limits": {"max_images": 1}}

    assert rename_old_keys(values) == []
    assert values == {"compression": "on", "limits": {"max_images": 1}}
