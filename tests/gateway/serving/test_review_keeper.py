"""The real review process on a real port, kept alive by its keeper; no workers beside it."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable

import orjson
import pytest

from calibration.whole_file import replace_file
from gateway.demo.services import free_port
from gateway.detection.combination import load_calibration
from gateway.review.filters import Filter
from gateway.review.opening import open_store
from gateway.serving.crew import Backoff
from gateway.serving.review_keeper import ReviewKeeper, _Process
from gateway.settings import Settings
from tests.gateway.conftest import Server
from tests.gateway.review.conftest import KEY, Reviewer, caught

SECONDS = 30.0


@pytest.fixture
def settings(tmp_path) -> Settings:
    review = {
        "store": "pictures",
        "directory": tmp_path / "review",
        "listen": f"127.0.0.1:{free_port()}",
        "key": KEY,
    }
    return Settings(review=review)


def keeping(work: Callable[[ReviewKeeper, list[str]], Awaitable[None]]) -> list[str]:
    """Run something with a keeper; return a word for every crash it heard of."""
    crashes: list[str] = []

    async def run() -> None:
        async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
            keeper = ReviewKeeper(tasks, Backoff(time.monotonic), lambda: crashes.append("crash"))
            await work(keeper, crashes)
            await keeper.end()

    asyncio.run(run())
    return crashes


def reviewer_of(settings: Settings) -> Reviewer:
    assert settings.review.listen_address is not None
    return Reviewer(Server(settings.review.listen_address[1]))


async def soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        await asyncio.sleep(0.05)
    return False


def test_the_page_answers_is_back_after_a_kill_and_ends_when_told(settings, png):
    store = open_store(settings.review)
    store.add([caught(at=time.time(), picture=png)])
    old = caught(at=time.time() - 31 * 86_400)
    store.add([old])
    someone = reviewer_of(settings)

    async def work(keeper: ReviewKeeper, crashes: list[str]) -> None:
        await keeper.open(settings)
        someone.sign_in()
        assert b"hidden noise" in someone.get("/review").body
        assert await soon(lambda: store.get(old.flag.id) is None), "what is too old is swept"
        first = keeper.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert await soon(lambda: keeper.pid not in (None, first))
        assert someone.get("/review").status == 200, "a session outlives the process"
        assert crashes == ["crash"]

    assert keeping(work) == ["crash"]
    assert store.count(Filter()) == 1
    store.close()
    with pytest.raises(ConnectionRefusedError):
        someone.get("/review")


def test_another_key_ends_every_session_and_the_same_settings_change_nothing(settings):
    someone = reviewer_of(settings)
    review = settings.review.model_copy(update={"key": Settings(review={"key": "n" * 24}).review.key})
    other = settings.model_copy(update={"review": review})

    async def work(keeper: ReviewKeeper, _: list[str]) -> None:
        await keeper.open(settings)
        someone.sign_in()
        first = keeper.pid
        await keeper.change_to(settings.model_copy())
        assert keeper.pid == first
        await keeper.change_to(other)
        assert keeper.pid not in (None, first)
        assert someone.get("/review").status == 303
        await keeper.change_to(Settings())
        assert keeper.pid is None

    assert keeping(work) == []


def test_a_calibration_written_anew_in_the_same_place_is_read_by_the_next_reload(settings, tmp_path):
    file = tmp_path / "calibration.json"
    before = orjson.loads(load_calibration().json)
    file.write_bytes(orjson.dumps(before))
    settings = settings.model_copy(
        update={"detection": settings.detection.model_copy(update={"calibration": file})}
    )
    someone = reviewer_of(settings)

    def told() -> object:
        return orjson.loads(someone.get("/review/labels.jsonl").body.splitlines()[0])["calibration"]

    async def work(keeper: ReviewKeeper, _: list[str]) -> None:
        await keeper.open(settings)
        someone.sign_in()
        first = told()
        replace_file(file, orjson.dumps({**before, "note": "of new labels"}))
        await keeper.change_to(settings)
        assert told() != first

    assert keeping(work) == []


def test_a_database_that_is_away_holds_up_nobody_and_is_asked_again(settings, monkeypatch):
    address = f"postgresql+psycopg://jnd:secret@127.0.0.1:{free_port()}/none"
    review = Settings(review={**settings.review.model_dump(), "database_url": address}).review
    tries: list[int] = []
    start = _Process.start.__func__

    async def counted(_: type, settings: Settings) -> _Process:
        tries.append(1)
        return await start(_Process, settings)

    monkeypatch.setattr(_Process, "start", classmethod(counted))

    async def work(keeper: ReviewKeeper, _: list[str]) -> None:
        await keeper.open(settings.model_copy(update={"review": review}))
        assert keeper.pid is None
        assert await soon(lambda: len(tries) >= 2)
        await keeper.change_to(settings)
        assert keeper.pid is not None

    assert keeping(work) == []


def test_what_was_kept_is_forgotten_in_time_also_where_nothing_is_kept_any_more(settings):
    store = open_store(settings.review)
    store.add([caught(at=time.time() - 31 * 86_400)])
    off = settings.review.model_copy(update={"store": "off"})

    async def work(keeper: ReviewKeeper, _: list[str]) -> None:
        await keeper.open(settings.model_copy(update={"review": off}))
        assert await soon(lambda: store.count(Filter()) == 0)
        with pytest.raises(ConnectionRefusedError):
            reviewer_of(settings).get("/livez")

    assert keeping(work) == []
    store.close()


def test_nothing_runs_where_nothing_is_kept():
    async def work(keeper: ReviewKeeper, _: list[str]) -> None:
        await keeper.open(Settings())
        assert keeper.pid is None

    assert keeping(work) == []
