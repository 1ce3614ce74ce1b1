import re

import pytest

from gateway.relay.callers.request_id import request_id


@pytest.mark.parametrize("own", [b"abc-123", b"7f3b:1/x=@", b"a" * 128])
def test_the_callers_own_id_is_kept(own):
    assert request_id(own) == own.decode()


@pytest.mark.parametrize("own", [b"", b"a b", b"a\nlevel: ERROR", "ä".encode(), b"a" * 129])
def test_what_could_forge_a_log_is_replaced(own):
    assert re.fullmatch("[0-9a-f]{16}", request_id(own))


def test_made_up_ids_differ():
    assert len({request_id(b"") for _ in range(1000)}) == 1000
