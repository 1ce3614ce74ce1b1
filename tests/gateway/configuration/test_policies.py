import pytest

from gateway.configuration.policies import digest_of
from gateway.settings import Policy, PolicyChange


@pytest.mark.parametrize(
    ("written", "inspection"), [(False, "off"), ("No", "off"), (True, "on"), ("on", "on")]
)
def test_on_and_off_are_understood_however_yaml_reads_them(written, inspection):
    assert Policy(inspection=written).inspection == inspection
    assert PolicyChange(inspection=written).inspection == inspection


@pytest.mark.parametrize("section", [Policy, PolicyChange])
def test_actions_of_what_is_no_evidence_are_refused_with_what_there_is(section):
    with pytest.raises(ValueError, match=r"expected flagged, .*hidden_text.*, got 'hidden-text'"):
        section(actions={"hidden-text": "block"})


def test_a_digest_is_read_as_other_programs_write_it():
    assert digest_of(" SHA256:".lower() + "AB" * 32) == "ab" * 32

    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        digest_of("ab" * 31)
