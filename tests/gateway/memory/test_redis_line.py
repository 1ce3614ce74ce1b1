import logging
import ssl

import pytest
from redis import exceptions as of_redis

from gateway.memory.redis_line import TROUBLES, RedisAwayError, RedisLine, trouble_of
from gateway.metrics import Metrics


class Client:
    """Fails as told, otherwise answers."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.asked = 0
        self.is_closed = False

    def ask(self) -> str:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return "an answer"

    def set(self, *_: bytes, **__: int) -> None:
        self.ask()

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(())


@pytest.fixture
def line(client: Client, metrics: Metrics) -> RedisLine:
    return RedisLine(lambda: client, metrics, probe_key=b"probe")


def up(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("jnd_memory_up", {"store": "redis"})


def fail(line: RedisLine, error: Exception, client: Client) -> None:
    client.error = error
    with pytest.raises(RedisAwayError):
        line.write("remember", Client.ask)


def test_a_long_question_that_fails_is_counted_and_stops_nobody(
    line: RedisLine, client: Client, metrics: Metrics
):
    line.probe()
    client.error = of_redis.TimeoutError("silence")

    with pytest.raises(RedisAwayError):
        line.read_aside("allowed_list", Client.ask)
    client.error = None

    assert (line.trouble, up(metrics)) == (None, 1)
    assert metrics.registry.get_sample_value("jnd_memory_troubles_total", {"reason": "slow"}) == 1
    assert line.read_aside("allowed_list", Client.ask) == line.read("alike", Client.ask) == "an answer"


def test_nobody_asks_a_long_question_of_a_redis_in_trouble(line: RedisLine, client: Client):
    fail(line, of_redis.ConnectionError("refused"), client)
    asked = client.asked

    with pytest.raises(RedisAwayError):
        line.read_aside("allowed_list", Client.ask)

    assert client.asked == asked


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (of_redis.ConnectionError("refused"), "away"),
        (ssl.SSLError("no certificate"), "away"),
        (of_redis.ClusterDownError("CLUSTERDOWN"), "away"),
        (of_redis.RedisClusterException("no node"), "away"),
        (of_redis.TimeoutError("silence"), "slow"),
        (of_redis.AuthenticationError("WRONGPASS"), "refused"),
        (of_redis.NoPermissionError("NOPERM"), "refused"),
        (of_redis.BusyLoadingError("LOADING"), "loading"),
        (of_redis.OutOfMemoryError("OOM"), "full"),
        (of_redis.ReadOnlyError("READONLY"), "read_only"),
        (of_redis.ResponseError("WRONGTYPE"), "failed"),
    ],
)
def test_every_trouble_has_a_name_that_is_counted(
    line: RedisLine, client: Client, metrics: Metrics, error: Exception, trouble: str
):
    fail(line, error, client)

    assert trouble_of(error) == line.trouble == trouble
    assert trouble in TROUBLES
    counted = metrics.registry.get_sample_value("jnd_memory_troubles_total", {"reason": trouble})
    assert counted == 1
    assert up(metrics) == 0


def test_every_trouble_is_at_zero_from_the_start(line: RedisLine, metrics: Metrics):
    assert line.trouble is None
    for trouble in (*TROUBLES, "unreadable"):
        assert metrics.registry.get_sample_value("jnd_memory_troubles_total", {"reason": trouble}) == 0


def test_nobody_waits_a_second_time_until_somebody_found_it_answering(
    line: RedisLine, client: Client, metrics: Metrics
):
    fail(line, of_redis.TimeoutError(), client)
    asked = client.asked
    for _ in range(100):
        with pytest.raises(RedisAwayError):
            line.read("alike", Client.ask)

    assert client.asked == asked
    assert line.state == "alone"
    line.probe()
    assert line.state == "alone"
    client.error = None
    line.probe()
    assert line.state == "shared"
    assert line.read("alike", Client.ask) == "an answer"
    assert up(metrics) == 1


@pytest.mark.parametrize("error", [of_redis.OutOfMemoryError("OOM"), of_redis.ReadOnlyError("READONLY")])
def test_what_cannot_be_written_is_read_on(line: RedisLine, client: Client, error: Exception):
    fail(line, error, client)
    client.error = None

    assert line.state == "read_only"
    assert line.read("alike", Client.ask) == "an answer"
    with pytest.raises(RedisAwayError):
        line.write("remember", Client.ask)


def test_a_trouble_is_told_in_one_line_with_its_reason_and_so_is_its_end(
    line: RedisLine, client: Client, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    for _ in range(5):
        fail(line, of_redis.ConnectionError("Error 111"), client)
        client.error = None
        line.probe()

    messages = [record.getMessage() for record in caplog.records]
    assert [message for message in messages if "is away (Error 111)" in message] == messages[:1]
    assert sum("answers again" in message for message in messages) == 1


def test_whoever_is_no_trouble_of_redis_is_raised_on(line: RedisLine):
    with pytest.raises(ZeroDivisionError):
        line.read("alike", lambda _: 1 / 0)

    assert line.trouble is None


def test_a_client_that_cannot_be_made_is_a_redis_that_is_away(metrics: Metrics):
    def connect() -> Client:
        raise of_redis.RedisClusterException("no node answers")

    line = RedisLine(connect, metrics, probe_key=b"probe")
    line.probe()

    assert line.trouble == "away"


def test_the_connection_ends_with_the_line(line: RedisLine, client: Client):
    line.read("alike", Client.ask)
    line.close()

    assert client.is_closed
