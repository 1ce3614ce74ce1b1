import hashlib

import pytest

from gateway.allow_list import AllowListError, excused, load_allow_list, version_of
from gateway.detection.verdict import Verdict
from gateway.settings import Policy

ONE, OTHER = hashlib.sha256(b"one").hexdigest(), hashlib.sha256(b"other").hexdigest()


def test_the_settings_and_their_file_are_one_list(tmp_path):
    file = tmp_path / "allowed"
    file.write_text(f"# logos\n\nsha256:{OTHER.upper()}  logo.png  # ours\n")

    listed = load_allow_list(Policy(allow=(ONE,), allow_file=file))

    assert listed == {bytes.fromhex(ONE), bytes.fromhex(OTHER)}


def test_a_line_that_is_no_digest_is_named(tmp_path):
    file = tmp_path / "allowed"
    file.write_text(f"{ONE}\nlogo.png\n")

    with pytest.raises(AllowListError, match=r"line 2: expected a SHA-256"):
        load_allow_list(Policy(allow_file=file))


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(AllowListError, match="cannot read"):
        load_allow_list(Policy(allow_file=tmp_path / "none"))


def test_a_digest_of_the_settings_is_checked():
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        Policy(allow=("abc",))


def test_lists_of_the_same_pictures_are_the_same_version():
    first, second = bytes.fromhex(ONE), bytes.fromhex(OTHER)

    assert version_of(frozenset([first, second])) == version_of(frozenset([second, first]))
    assert version_of(frozenset([first])) != version_of(frozenset([second]))


def test_an_allowed_picture_raises_no_flag_and_says_what_was_found():
    found = Verdict("imperceptible_edit", 0.001, 0.5, (), "Noise was added.", ("residual",))

    verdict = excused(found)

    assert (verdict.outcome, verdict.flags, verdict.p_value) == ("clean", (), 0.001)
    assert "allowed" in verdict.explanation and "Noise was added." in verdict.explanation


def test_a_picture_that_nobody_examined_stays_unchecked():
    unchecked = Verdict("unchecked", 1.0, None, (), "Inspection is switched off.")

    assert excused(unchecked) is unchecked
