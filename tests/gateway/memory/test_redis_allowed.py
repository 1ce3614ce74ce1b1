import pytest

from gateway.memory.redis_allowed import AllowedInRedis, SharedAllowed
from tests.gateway.memory.machines import machine
from tests.gateway.memory.redis_server import running_redis

pytestmark = pytest.mark.peers

ONE, OTHER, OWN = (letter * 32 for letter in (b"1", b"2", b"3"))


def test_what_is_listed_is_heard_by_all_and_kept_while_redis_is_away_or_has_lost_it(tmp_path):
    with running_redis(tmp_path) as server, machine(server.url) as here, server.client() as client:
        shelves = here.shared.shelves
        listed = AllowedInRedis(client, shelves)
        allowed = SharedAllowed({OWN}, here.shared.line, shelves)
        allowed.refresh()
        assert (OWN in allowed, ONE in allowed) == (True, False)

        assert listed.add([ONE, OTHER]) == 2
        assert listed.add([ONE]) == 0
        allowed.refresh()
        assert ONE in allowed

        assert listed.remove([OTHER]) == 1
        allowed.refresh()
        assert (ONE in allowed, OTHER in allowed) == (True, False)

        client.flushall()
        allowed.refresh()
        assert ONE in allowed
        assert listed.listed() == {ONE}, "it is put back"

        server.kill()
        allowed.refresh()
        assert ONE in allowed


def test_an_operators_decision_has_no_end(tmp_path):
    with running_redis(tmp_path) as server, machine(server.url) as here, server.client() as client:
        AllowedInRedis(client, here.shared.shelves).add([ONE])

        assert all(client.pttl(key) == -1 for key in client.scan_iter("*allowed*"))
