from dataclasses import replace

import pytest

from gateway.detection.verdict import Verdict, unchecked
from gateway.dialects.protocol import Slot
from gateway.dialects.reading.data_url import Inline, NotInlineError
from gateway.dialects.reading.document import read_document, strings
from gateway.dialects.reading.sources import DataUrl
from gateway.dialects.reading.splice import splice
from gateway.pipeline import DETECTOR_FAILED, MISMATCH, ImageOutcome
from gateway.relay.images.looking import Problem
from gateway.relay.images.treated import Treated, base64_bytes, put_back, put_inline, read_slot, skipped

BODY = b'{"url": "data:image/png;base64,QUJD"}'
CLEAN = Verdict("clean", 0.5, None, (), "")


def slot() -> Slot:
    ((where, text),) = strings(read_document(BODY, max_values=9), "url")
    return Slot(where, DataUrl(text))


def outcome(data: bytes, media_type: str = "image/png", reason: str = "") -> ImageOutcome:
    return ImageOutcome(data, media_type, 3, CLEAN, reason=reason)


def test_an_image_that_stays_changes_nothing():
    assert put_back(slot(), Inline("image/png", b"ABC"), outcome(b"ABC")) == Treated(outcome(b"ABC"))


@pytest.mark.parametrize(
    "put",
    [
        lambda each: put_back(slot(), Inline("", b"ABC"), each),
        lambda each: put_inline(slot(), Inline("", b"ABC"), each),
    ],
)
def test_another_image_grows_the_body_by_as_much_as_it_is_longer(put):
    treated = put(outcome(b"ABCDEFGHI", "image/jpeg"))

    body = splice(BODY, treated.replacements)

    assert body == b'{"url": "data:image/jpeg;base64,QUJDREVGR0hJ"}'
    assert treated.growth == len(body) - len(BODY) == 9


def test_a_wrong_type_is_corrected_and_told():
    treated = put_back(slot(), Inline("image/png", b"ABC"), outcome(b"ABC", "image/gif", MISMATCH))

    assert splice(BODY, treated.replacements) == b'{"url": "data:image/gif;base64,QUJD"}'
    assert treated.problem is not None
    assert (treated.problem.kind, treated.problem.param) == (MISMATCH, "url")


@pytest.mark.parametrize(
    "put",
    [
        lambda each: put_back(slot(), Inline("", b"ABC"), each),
        lambda each: put_inline(slot(), Inline("", b"ABC"), each),
    ],
)
def test_an_image_nobody_could_judge_because_a_detector_broke_is_a_problem(put):
    broken = replace(unchecked("The detector alpha failed."), failures=("alpha",))
    judged = replace(CLEAN, failures=("alpha",))

    problems = [put(replace(outcome(b"ABC"), verdict=verdict)).problem for verdict in (broken, judged)]

    assert problems == [Problem(DETECTOR_FAILED, "The detector alpha failed.", "url"), None]


@pytest.mark.parametrize("reason", ["damaged", "unknown_format"])
def test_an_image_that_was_flagged_for_its_bytes_alone_is_a_problem_all_the_same(reason):
    treated = put_back(slot(), Inline("image/png", b"ABC"), outcome(b"ABC", "image/png", reason))

    assert treated.problem is not None
    assert (treated.problem.kind, treated.problem.param) == (reason, "url")


def test_an_image_that_is_skipped_says_why():
    treated = skipped("damaged", "it is damaged", slot())

    assert (treated.outcome.verdict.outcome, treated.outcome.reason) == ("unchecked", "damaged")
    assert (treated.growth, treated.at_step) == (0, None)


def test_a_string_that_json_does_not_allow_is_no_image():
    class Broken(DataUrl):
        def read(self) -> Inline:
            raise ValueError("an escape that there is not")

    with pytest.raises(NotInlineError) as caught:
        read_slot(replace(slot(), source=Broken(slot().source.text)))

    assert caught.value.reason == "not_json"
    assert read_slot(slot()).data == b"ABC"


def test_base64_takes_four_bytes_for_three():
    assert [base64_bytes(size) for size in (0, 1, 3, 4)] == [0, 4, 4, 8]


def test_the_file_as_it_came_is_held_on_to_where_it_is_flagged_alone():
    flagged = replace(outcome(b"rewritten"), verdict=replace(CLEAN, flags=("residual",)))

    assert put_back(slot(), Inline("", b"ABC"), flagged).flagged == b"ABC"
    assert put_inline(slot(), Inline("", b"ABC"), flagged).flagged == b"ABC"
    assert put_back(slot(), Inline("", b"ABC"), outcome(b"rewritten")).flagged == b""


def test_a_fetched_file_of_no_known_type_stays_at_its_address():
    flagged = replace(outcome(b"ABC", "", "unknown_format"), verdict=replace(CLEAN, flags=("container",)))

    treated = put_inline(slot(), Inline("", b"ABC"), flagged)

    assert treated.replacements == ()
    assert treated.flagged == b"ABC"
    assert treated.problem is not None
