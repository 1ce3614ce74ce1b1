"""The bytes that one finished result is in a store outside this process: a version, then MessagePack.

A later version may add fields, which this one leaves alone; whatever it cannot read, was not finished yet.
"""

from dataclasses import replace

import msgspec

from gateway.outcome import ImageOutcome, Timings

VERSION = 1


class OutcomeRecordError(ValueError):
    """These bytes are no result, or one of a version that is not known here."""


def pack_outcome(outcome: ImageOutcome) -> bytes:
    """Return a result's record; how long it took is of no use to others."""
    return bytes([VERSION]) + msgspec.msgpack.encode(replace(outcome, timings=Timings()))


def unpack_outcome(record: bytes) -> ImageOutcome:
    """Return the result of a record.

    Raises:
        OutcomeRecordError: It is none, or of another version.
    """
    if record[:1] != bytes([VERSION]):
        raise OutcomeRecordError(f"expected a result's record of version {VERSION}, got {record[:1].hex()!r}")
    try:
        return msgspec.msgpack.decode(record[1:], type=ImageOutcome)
    except (msgspec.MsgspecError, ValueError) as error:
        raise OutcomeRecordError(f"expected a result's record: {error}") from error
