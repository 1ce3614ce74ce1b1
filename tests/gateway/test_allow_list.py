import hashlib

import pytest

from gateway.allow_list import AllowList, AllowListError, excused, load_allow_list, written_list
from gateway.detection.verdict import Verdict
from gateway.settings import Policy, Review

ONE, OTHER = hashlib.sha256(b"one").hexdigest(), hashlib.sha256(b"other").hexdigest()


def test_the_settings_and_their_file_are_one_list(tmp_path):
    file = tmp_path / "allowed"
    file.write_text(f"# logos\n\nsha256:{OTHER.upper()}  logo.png  # ours\n")

    listed = load_allow_list(Policy(allow=(ONE,), allow_file=file))

    assert listed == {bytes.fromhex(ONE), bytes.fromhex(OTHER)}


def test_only_a_new_line_begins_another_digest(tmp_path):
    file = tmp_path / "allowed"
    file.write_text(f"{ONE}  logo\u2028{OTHER}\u0085{OTHER}\n", encoding="utf-8")

    assert load_allow_list(Policy(allow_file=file)) == {bytes.fromhex(ONE)}


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


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_file_that_changes_is_heard_within_a_second(tmp_path):
    file, clock = tmp_path / "allowed", Clock()
    listed = AllowList(Policy(allow=(OTHER,)), file, clock)
    assert bytes.fromhex(ONE) not in listed and bytes.fromhex(OTHER) in listed

    file.write_text(f"{ONE}  # by a reviewer\n")
    clock.now += 1.0

    assert bytes.fromhex(ONE) in listed and bytes.fromhex(OTHER) in listed
    file.unlink()
    clock.now += 1.0
    assert bytes.fromhex(ONE) not in listed


def test_a_file_that_becomes_wrong_leaves_the_list_as_it_was(tmp_path, caplog):
    file, clock = tmp_path / "allowed", Clock()
    file.write_text(f"{ONE}\n")
    listed = AllowList(Policy(allow_file=file), None, clock)

    file.write_text("half a di")
    clock.now += 1.0

    assert bytes.fromhex(ONE) in listed
    assert "stays in use" in caplog.text


def test_the_page_writes_into_the_settings_file_or_its_own(tmp_path):
    review = Review(store="pictures", directory=tmp_path)

    assert written_list(Policy(), review) == tmp_path / "allowed.txt"
    assert written_list(Policy(allow_file=tmp_path / "a"), review) == tmp_path / "a"
    assert written_list(Policy(), Review()) is None


def test_an_allowed_picture_raises_no_flag_and_says_what_was_found():
    found = Verdict("imperceptible_edit", 0.001, 0.5, (), "Noise was added.", ("residual",))

    verdict = excused(found)

    assert (verdict.outcome, verdict.flags, verdict.p_value) == ("clean", (), 0.001)
    assert "allowed" in verdict.explanation and "Noise was added." in verdict.explanation


def test_a_picture_that_is_excused_twice_still_says_what_was_found():
    once = excused(Verdict("imperceptible_edit", 0.001, 0.5, (), "Noise was added.", ("residual",)))

    assert excused(once) == once


def test_a_picture_that_nobody_examined_stays_unchecked():
    unchecked = Verdict("unchecked", 1.0, None, (), "Inspection is switched off.")

    assert excused(unchecked) is unchecked
