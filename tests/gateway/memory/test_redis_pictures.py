"""Machines that share a real Redis, and what each of them does when it is in trouble."""

import signal
import time
from collections.abc import Callable, Iterator

import pytest
import trustme

from gateway.demo.services import free_port
from gateway.memory.shelves import RECORD_VERSION
from tests.gateway.memory.machines import Machine, machine, noisy, seen
from tests.gateway.memory.redis_server import RedisServer, running_redis

pytestmark = pytest.mark.peers

MIB = 1 << 20


@pytest.fixture
def redis(tmp_path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def one(redis: RedisServer) -> Iterator[Machine]:
    with machine(redis.url) as found:
        yield found


@pytest.fixture
def other(redis: RedisServer) -> Iterator[Machine]:
    with machine(redis.url) as found:
        yield found


def test_marks_of_several_machines_add_up(one: Machine, other: Machine):
    for each in (one, other):
        each.accept("a")

    counts = [(one, other)[number % 2].pictures.mark("a", 1, bytes([number]) * 32, 2) for number in range(6)]

    assert counts == [1, 2, 3, 4, 5, 6]


def test_a_tenant_that_one_machine_saw_accepted_is_so_for_all_and_what_it_sent_before_is_found(
    one: Machine, other: Machine
):
    one.remember("a", seen(7))  # on probation
    one.accept("a")

    assert [each.fingerprint for each in other.pictures.alike("a", 7, 0)] == [7]
    assert other.knows_accepted("a")


def test_the_same_question_within_a_moment_is_asked_once_and_then_again(one: Machine, other: Machine):
    for each in (one, other):
        each.accept("a")

    def questions() -> float:
        return (
            one.metrics.registry.get_sample_value("jnd_memory_seconds_count", {"operation": "alike"}) or 0.0
        )

    assert [one.pictures.alike("a", 7, 8) for _ in range(3)] == [[]] * 3
    assert questions() == 1
    other.remember("a", seen(7))
    time.sleep(0.3)

    assert [len(one.pictures.alike("a", 7, 8)) for _ in range(3)] == [1] * 3, "it lies near by now"
    assert questions() == 2


def test_made_up_tenants_push_out_one_another_and_nobody_else(redis: RedisServer):
    with machine(redis.url, max_entries=10) as one:
        one.accept("genuine")
        one.remember("genuine", seen(1))
        for number in range(50):
            one.pictures.remember(f"made up {number}", seen(1000 + number))
        one.settle()
        one.pictures.forget("genuine")

        assert len(one.pictures.alike("genuine", 1, 0)) == 1
    with redis.client() as client:
        (probation,) = client.keys("jnd:*:{probation}:pictures:used")
        assert client.zcard(probation) == 10


def test_a_tenant_holds_no_more_bytes_than_it_may_and_keeps_what_it_uses(redis: RedisServer):
    with machine(redis.url, redis_tenant_bytes=MIB) as one:
        one.accept("a")
        for number in range(40):  # of 98,304 bytes each
            one.remember("a", noisy(1 << number, side=128))
            one.pictures.forget("a")
            assert one.pictures.alike("a", 1, 0), "what is asked for again and again stays"
        with redis.client() as client:
            name = client.keys("jnd:*:{*}:pictures:items")[0]
            assert client.hlen(name) == MIB // (128 * 256 * 3 + 512)
            assert sum(map(len, client.hvals(name))) <= MIB


def test_every_key_ends_by_itself_and_pictures_are_too_old_in_time(redis: RedisServer):
    with machine(redis.url, ttl_seconds=1.0) as one, redis.client() as client:
        one.accept("a")
        one.remember("a", seen(7))
        one.pictures.mark("a", 9, b"m" * 32, 2)
        one.pictures.forget("a")
        assert one.pictures.alike("a", 7, 0)
        assert all(client.pttl(key) > 0 for key in client.scan_iter() if not key.endswith(b"probe"))

        time.sleep(1.1)
        one.pictures.forget("a")

        assert one.pictures.alike("a", 7, 0) == []
        assert [key for key in client.keys("*{*}*") if not key.endswith(b"accepted")] == []


def test_old_pictures_of_a_tenant_that_goes_on_are_dropped_one_by_one(redis: RedisServer):
    with machine(redis.url, ttl_seconds=1.0) as one, redis.client() as client:
        one.accept("a")
        one.remember("a", seen(1))
        time.sleep(0.7)
        one.remember("a", seen(1 << 20))
        time.sleep(0.6)
        one.pictures.forget("a")

        assert one.pictures.alike("a", 1, 0) == []
        assert one.pictures.alike("a", 1 << 20, 0)
        one.remember("a", seen(1 << 40))
        assert client.hlen(client.keys("*:items")[0]) == 2


def test_names_of_keys_and_values_hold_no_tenant_in_clear(redis: RedisServer, one: Machine):
    one.accept("sk-tenant-in-clear")
    one.remember("sk-tenant-in-clear", seen(7))

    with redis.client() as client:
        assert client.dbsize() > 3
        assert not any(b"clear" in key for key in client.scan_iter())


OTHER_WORD = "other"


def set_password(server: RedisServer) -> None:
    client = server.client()
    everything = {"keys": "*", "categories": ["+@all"], "enabled": True}
    client.acl_setuser("default", reset_passwords=True, passwords=[f"+{OTHER_WORD}"], **everything)
    server.client(password=OTHER_WORD).client_kill_filter(_type="normal", skipme=True)


def take_password_away(server: RedisServer) -> None:
    everything = {"keys": "*", "categories": ["+@all"], "enabled": True}
    server.client(password=OTHER_WORD).acl_setuser("default", nopass=True, **everything)


def set_maximum(server: RedisServer, size_bytes: int) -> None:
    server.client().config_set("maxmemory", size_bytes)


Change = Callable[[RedisServer], object]
TROUBLES: dict[str, tuple[Change, Change, str]] = {
    "killed": (lambda server: server.kill(), lambda server: server.start(), "away"),
    "silent": (
        lambda server: server.send(signal.SIGSTOP),
        lambda server: server.send(signal.SIGCONT),
        "slow",
    ),
    "refusing": (set_password, take_password_away, "refused"),
    "full": (lambda server: set_maximum(server, 1), lambda server: set_maximum(server, 0), "full"),
    "a replica": (
        lambda server: server.client().replicaof("127.0.0.1", "1"),
        lambda server: server.client().replicaof("NO", "ONE"),
        "read_only",
    ),
}


@pytest.mark.parametrize("kind", TROUBLES)
def test_a_machine_works_on_with_what_it_saw_says_why_and_comes_back(
    redis: RedisServer, one: Machine, other: Machine, caplog, kind: str
):
    begin, end, reason = TROUBLES[kind]
    for each in (one, other):
        each.accept("a")
    one.remember("a", seen(7))
    other.pictures.mark("a", 1, b"x" * 32, 2)
    assert one.pictures.mark("a", 1, b"y" * 32, 2) == 2

    begin(redis)
    asked = time.monotonic()
    assert one.pictures.mark("a", 1, b"z" * 32, 2) == 3, "the others' counts are known"
    for number in range(100):
        one.pictures.remember("a", seen(1 << number % 64 | 1 << (number + 7) % 64))
        assert one.pictures.alike("a", 7, 0), "what this machine saw is known"
    took = time.monotonic() - asked

    assert took < 2.0, "one request waits, not each"
    assert one.troubles(reason) >= 1
    assert one.is_up == 0
    assert one.shared.told()["trouble"] == reason
    assert len([record for record in caplog.records if f"redis is {reason}" in record.getMessage()]) == 1

    end(redis)
    RedisServer.wait_until(lambda: one.is_up == 1)
    one.remember("a", seen(1 << 50))
    assert [each.fingerprint for each in other.pictures.alike("a", 1 << 50, 0)] == [1 << 50]
    assert one.shared.told() == {"state": "shared", "trouble": None}


def test_what_a_full_redis_holds_is_still_found(redis: RedisServer, one: Machine, other: Machine):
    one.accept("a")
    one.remember("a", seen(7))
    with redis.client() as client:
        client.config_set("maxmemory", 1)
        other.pictures.remember("a", seen(1 << 50))
        other.settle()

        assert [each.fingerprint for each in other.pictures.alike("a", 7, 0)] == [7]


@pytest.mark.parametrize("loss", ["restart", "flush"])
def test_what_redis_lost_is_put_back_by_whoever_saw_it_first(
    redis: RedisServer, one: Machine, other: Machine, loss: str
):
    one.accept("a")
    one.remember("a", seen(7))
    assert other.pictures.alike("a", 7, 0)

    if loss == "restart":
        redis.kill()
        redis.start()
    else:
        redis.client().flushall()
        redis.client().script_flush()
    RedisServer.wait_until(lambda: one.is_up == 1)
    assert one.pictures.alike("a", 7, 0)
    one.settle()
    other.pictures.forget("a")

    assert [each.fingerprint for each in other.pictures.alike("a", 7, 0)] == [7]
    one.accept("a")


def test_records_of_another_version_are_left_alone(redis: RedisServer, one: Machine):
    one.accept("a")
    one.remember("a", seen(7))
    one.pictures.forget("a")
    with redis.client() as client:
        (items,) = client.keys("*:items")
        ((name, record),) = client.hgetall(items).items()
        client.hset(items, name, b"\x09" + record[1:])

        assert one.pictures.alike("a", 7, 0) == []

        assert client.hlen(items) == 1
    assert one.troubles("unreadable") == 1


def test_gateways_whose_records_differ_share_a_redis_without_meeting(
    redis: RedisServer, one: Machine, monkeypatch
):
    one.accept("a")
    one.remember("a", seen(7))
    monkeypatch.setattr("gateway.memory.shelves.RECORD_VERSION", RECORD_VERSION + 1)
    with machine(redis.url) as newer:
        assert newer.pictures.alike("a", 7, 0) == []
        newer.accept("a")
        newer.remember("a", seen(1 << 9))
        one.pictures.forget("a")

        assert [each.fingerprint for each in one.pictures.alike("a", 7, 64)] == [7]


def test_it_is_asked_over_tls_with_a_password(tmp_path):
    authority = trustme.CA()
    own = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    own.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    for blob in own.cert_chain_pems:
        blob.write_to_path(str(tmp_path / "cert.pem"), append=True)
    port = free_port()
    files = ("--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem", "--tls-ca-cert-file", "ca.pem")
    files = tuple(str(tmp_path / word) if word.endswith(".pem") else word for word in files)
    options = ("--tls-port", str(port), "--tls-auth-clients", "no", *files)
    with running_redis(tmp_path, *options) as server:
        server.client().config_set("requirepass", "a-word")
        address = f"localhost:{port}/0?ssl_ca_certs={tmp_path / 'ca.pem'}"
        with machine(f"rediss://:a-word@{address}") as one, machine(f"rediss://:another@{address}") as other:
            one.accept("a")
            one.remember("a", seen(7))
            one.pictures.forget("a")

            assert [each.fingerprint for each in one.pictures.alike("a", 7, 0)] == [7]
            assert one.shared.told()["state"] == "shared"
            refused = {"state": "alone", "trouble": "refused"}
            RedisServer.wait_until(lambda: other.shared.told() == refused)


def test_a_cluster_is_asked_as_one_server_is(tmp_path):
    with running_redis(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        with server.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            server.wait_until(lambda: client.cluster("INFO")["cluster_state"] == "ok")
        with (
            machine(server.url, redis_mode="cluster") as one,
            machine(server.url, redis_mode="cluster") as other,
        ):
            one.remember("new", seen(5))
            assert other.pictures.alike("new", 5, 0)
            one.accept("a")
            one.remember("a", seen(7))
            assert [each.fingerprint for each in other.pictures.alike("a", 7, 0)] == [7]
            one.pictures.mark("a", 1, b"x" * 32, 2)
            assert other.pictures.mark("a", 1, b"y" * 32, 2) == 2
            assert one.is_up == 1
