from dataclasses import asdict, replace

import msgspec
import pytest

from gateway.compression.plan import CompressionPlan
from gateway.detection.verdict import Evidence, Verdict
from gateway.memory.outcome_record import VERSION, OutcomeRecordError, pack_outcome, unpack_outcome
from gateway.outcome import ImageOutcome, Timings

EVIDENCE = Evidence("near_duplicate", 3.5, None, 0.4, "because", is_attack=True, boxes=((1, 2, 3, 4, 0.5),))
PLAN = CompressionPlan("jpeg", 80, 640, 480, 1000, 500, 85, 85, 0.01, "faithful", "", left_behind=("exif",))
OUTCOME = ImageOutcome(
    data=b"\xff\xd8\x00\x01",
    media_type="image/jpeg",
    bytes_in=1000,
    verdict=Verdict("imperceptible_edit", 0.003, 0.4, (EVIDENCE,), "edited", ("near_duplicate",)),
    plan=PLAN,
    action="block",
    reason="somehow",
    pixels_in=307200,
)


def test_a_result_comes_back_as_it_was_but_for_the_time_it_took():
    timed = replace(OUTCOME, timings=Timings(decode=1.0))

    assert unpack_outcome(pack_outcome(timed)) == OUTCOME
    assert unpack_outcome(pack_outcome(replace(OUTCOME, plan=None))).plan is None


def test_fields_that_a_later_version_adds_are_left_alone():
    fields = asdict(OUTCOME)
    fields["verdict"]["origin"] = fields["colour"] = "unheard of"

    assert unpack_outcome(bytes([VERSION]) + msgspec.msgpack.encode(fields)) == OUTCOME


def test_fields_that_an_earlier_version_lacked_have_their_defaults():
    fields = asdict(OUTCOME)
    del fields["is_observed"], fields["verdict"]["failures"]

    assert unpack_outcome(bytes([VERSION]) + msgspec.msgpack.encode(fields)) == OUTCOME


def test_another_version_is_refused_by_both_numbers():
    with pytest.raises(OutcomeRecordError, match=f"of version {VERSION}, got '63'"):
        unpack_outcome(b"c" + pack_outcome(OUTCOME)[1:])


@pytest.mark.parametrize("record", [b"", b"\x01", b"\x01\xc1", pack_outcome(OUTCOME)[:-9], b"\x01\x80"])
def test_what_is_no_result_is_refused(record: bytes):
    with pytest.raises(OutcomeRecordError):
        unpack_outcome(record)


def test_a_kind_of_evidence_that_is_not_known_here_is_no_result():
    fields = asdict(OUTCOME)
    fields["verdict"]["flags"] = ["telepathy"]

    with pytest.raises(OutcomeRecordError, match="telepathy"):
        unpack_outcome(bytes([VERSION]) + msgspec.msgpack.encode(fields))
