import asyncio
import contextlib

import pytest

from gateway.errors import UpstreamUnreachableError
from gateway.metrics import Metrics
from gateway.relay.callers.drain import Drain
from gateway.relay.upstreams.readiness import Readiness
from gateway.settings import Readiness as Settings

pytestmark = pytest.mark.anyio
CHECK = Settings(check_upstream=True, interval_seconds=0.01)


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Upstream:
    """Answers while it is told to."""

    def __init__(self, *, is_up: bool) -> None:
        self.is_up = is_up
        self.looks = 0

    async def look(self) -> None:
        self.looks += 1
        if not self.is_up:
            raise UpstreamUnreachableError("refused")


async def settled(readiness: Readiness, *, is_ready: bool) -> bool:
    """Watch until it says so, or five seconds have passed."""
    watching = asyncio.ensure_future(readiness.watch())
    try:
        async with asyncio.timeout(5):
            while readiness.is_ready != is_ready:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.005)
        return True
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def test_it_is_ready_once_an_upstream_answered():
    first, second = Upstream(is_up=False), Upstream(is_up=False)
    metrics = Metrics({})
    readiness = Readiness(CHECK, {"a": first.look, "b": second.look}, metrics, Drain())
    assert not readiness.is_ready
    assert readiness.upstreams == {"a": None, "b": None}  # nobody has looked yet

    second.is_up = True

    assert await settled(readiness, is_ready=True)
    assert readiness.upstreams == {"a": False, "b": True}
    assert b'jnd_upstream_up{upstream="a"} 0.0' in metrics.exposition()
    assert b'jnd_upstream_up{upstream="b"} 1.0' in metrics.exposition()
    failed = b'jnd_upstream_errors_total{kind="upstream_look",upstream="%s"}'
    assert failed % b"a" in metrics.exposition()  # alerts hear that it goes on failing


async def test_it_is_not_ready_once_none_of_several_answers():
    both = Upstream(is_up=True), Upstream(is_up=True)
    readiness = Readiness(CHECK, {"a": both[0].look, "b": both[1].look}, Metrics({}), Drain())
    await settled(readiness, is_ready=True)

    for each in both:
        each.is_up = False

    assert await settled(readiness, is_ready=False)
    assert readiness.upstreams == {"a": False, "b": False}


@pytest.mark.parametrize(
    ("is_up", "level", "message"), [(False, "WARNING", "refused"), (True, "INFO", "answers")]
)
async def test_the_first_look_is_told_whatever_it_finds(caplog, is_up, level, message):
    upstream = Upstream(is_up=is_up)
    readiness = Readiness(CHECK, {"a": upstream.look}, Metrics({}), Drain())

    with caplog.at_level("INFO", "gateway.relay.upstreams.readiness"):
        watching = asyncio.ensure_future(readiness.watch())
        while upstream.looks < 3:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
        watching.cancel()

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (level, f"upstream a: {message}")
    ]


async def test_an_upstream_that_goes_away_is_noticed(caplog):
    upstream = Upstream(is_up=True)
    readiness = Readiness(CHECK, {"a": upstream.look}, Metrics({}), Drain())
    await settled(readiness, is_ready=True)

    upstream.is_up = False

    with caplog.at_level("WARNING", "gateway.relay.upstreams.readiness"):
        assert await settled(readiness, is_ready=False)
    assert [record.getMessage() for record in caplog.records] == ["upstream a: refused"]


async def test_nobody_looks_where_the_settings_do_not_ask_for_it():
    upstream = Upstream(is_up=False)
    readiness = Readiness(Settings(), {"a": upstream.look}, Metrics({}), Drain())

    await readiness.watch()

    assert readiness.is_ready
    assert (upstream.looks, readiness.upstreams) == (0, {})


async def test_whoever_drains_is_not_ready():
    drain = Drain()
    readiness = Readiness(Settings(), {}, Metrics({}), drain)

    drain.begin()

    assert not readiness.is_ready


async def test_an_upstream_that_says_nothing_does_not_hold_the_others_up():
    async def silent() -> None:
        await asyncio.Event().wait()

    other = Upstream(is_up=True)
    readiness = Readiness(CHECK, {"silent": silent, "other": other.look}, Metrics({}), Drain())
    watching = asyncio.ensure_future(readiness.watch())
    await asyncio.sleep(0.05)

    assert readiness.upstreams == {"silent": None, "other": True}  # it may still answer
    assert readiness.is_ready
    watching.cancel()
