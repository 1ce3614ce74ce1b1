import logging

import pytest

from gateway.memory.redis_allowed import AllowedInRedis, SharedAllowed, Stamp
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

        (key,) = client.scan_iter("*allowed*")
        assert client.pttl(key) == -1


def test_a_list_that_was_lost_is_put_back_beside_what_was_listed_since(tmp_path):
    with running_redis(tmp_path) as server, machine(server.url) as here, server.client() as client:
        listed = AllowedInRedis(client, here.shared.shelves)
        allowed = SharedAllowed(frozenset(), here.shared.line, here.shared.shelves)
        listed.add([ONE])
        allowed.refresh()

        (key,) = client.scan_iter("*allowed*")
        client.delete(key)
        listed.add([OTHER])  # before any gateway looks
        allowed.refresh()

        assert (ONE in allowed, OTHER in allowed) == (True, True)
        assert listed.listed() == {ONE, OTHER}


def test_a_list_that_is_lost_while_it_is_read_is_not_read_as_empty(tmp_path, monkeypatch):
    with running_redis(tmp_path) as server, machine(server.url) as here, server.client() as client:
        listed = AllowedInRedis(client, here.shared.shelves)
        allowed = SharedAllowed(frozenset(), here.shared.line, here.shared.shelves)
        listed.add([ONE])
        allowed.refresh()
        listed.add([OTHER])

        with monkeypatch.context() as patch:
            patch.setattr(AllowedInRedis, "listed", lambda _: client.flushall() and frozenset())
            allowed.refresh()
        assert ONE in allowed
        allowed.refresh()
        assert listed.listed() == {ONE}


def test_a_list_with_nothing_left_on_it_is_not_put_back(tmp_path):
    with running_redis(tmp_path) as server, machine(server.url) as here, server.client() as client:
        listed = AllowedInRedis(client, here.shared.shelves)
        allowed = SharedAllowed(frozenset(), here.shared.line, here.shared.shelves)
        assert listed.remove([ONE]) == 0
        assert listed.stamp() == Stamp()
        listed.add([ONE])
        allowed.refresh()
        listed.remove([ONE])
        allowed.refresh()

        assert ONE not in allowed
        assert (listed.count(), listed.listed()) == (0, frozenset())


def test_a_long_list_is_read_in_parts_and_counted_without_reading_it(tmp_path):
    many = [number.to_bytes(32, "big") for number in range(30_000)]
    with running_redis(tmp_path) as server, machine(server.url) as here, server.client() as client:
        listed = AllowedInRedis(client, here.shared.shelves)
        allowed = SharedAllowed(frozenset(), here.shared.line, here.shared.shelves)
        assert listed.add(many) == len(many)

        assert listed.count() == len(many)
        assert "cmdstat_hscan" not in client.info("commandstats")
        allowed.refresh()

        assert all(each in allowed for each in many)
        assert client.info("commandstats")["cmdstat_hscan"]["calls"] > 10


def test_a_list_that_cannot_be_read_is_no_trouble_of_other_questions_and_tried_more_and_more_seldom(
    tmp_path, caplog
):
    now = 0.0
    with (
        running_redis(tmp_path, "--rename-command", "HSCAN", "") as server,
        machine(server.url) as here,
        server.client() as client,
    ):
        AllowedInRedis(client, here.shared.shelves).add([ONE])
        allowed = SharedAllowed({OWN}, here.shared.line, here.shared.shelves, lambda: now)
        tried = []
        with caplog.at_level(logging.WARNING, "gateway.memory.redis_allowed"):
            for second in range(130):
                now = float(second)
                before = here.troubles("failed")
                allowed.refresh()
                if here.troubles("failed") > before:
                    tried.append(second)

        assert tried == [0, 2, 6, 14, 30, 62, 122]
        assert len(caplog.records) == len(tried)
        assert (here.shared.line.trouble, here.is_up) == (None, 1)
        assert (OWN in allowed, ONE in allowed) == (True, False)
