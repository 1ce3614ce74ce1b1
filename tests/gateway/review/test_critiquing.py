import asyncio
import threading

import pytest

from calibration.image_source import DecodeLimits
from gateway.review.critiquing import CannotJudgeError, Critiquing


def test_a_picture_is_judged_in_a_sentence_once(png):
    critiquing = Critiquing(None, DecodeLimits())

    first = asyncio.run(critiquing.sentence("a", png))

    assert len(first.split()) > 3
    assert asyncio.run(critiquing.sentence("a", b"not looked at again")) == first
    with pytest.raises(CannotJudgeError):
        asyncio.run(critiquing.sentence("b", b"no picture"))
    critiquing.close()


def test_pictures_wait_for_one_thread_and_too_many_are_told_at_once(monkeypatch):
    critiquing, may, threads = Critiquing(None, DecodeLimits()), threading.Event(), set()

    def judged(data: bytes) -> str:
        threads.add(threading.current_thread().name)
        may.wait(10)
        return f"{data.decode()} is sharp"

    monkeypatch.setattr(critiquing, "_judged", judged)

    async def ask() -> list[str]:
        waiting = [asyncio.ensure_future(critiquing.sentence(f"{n}", b"%d" % n)) for n in range(8)]
        await asyncio.sleep(0)
        with pytest.raises(CannotJudgeError, match="ask again soon"):
            await critiquing.sentence("one more", b"")
        may.set()
        return [*await asyncio.gather(*waiting), await critiquing.sentence("one more", b"it")]

    assert asyncio.run(ask()) == [*(f"{n} is sharp" for n in range(8)), "it is sharp"]
    assert len(threads) == 1
    critiquing.close()
