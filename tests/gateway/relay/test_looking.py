import asyncio
import time

import pytest

from gateway.app import DIALECTS
from gateway.relay.looking import LARGE_BYTES, Looking

pytestmark = pytest.mark.anyio

CHAT = next(dialect for dialect in DIALECTS if dialect.takes("/v1/chat/completions"))


@pytest.fixture
def anyio_backend():
    return "asyncio"


class SlowForLarge(Looking):
    def look_closely(self, body, dialect, path):
        if len(body) > LARGE_BYTES:
            time.sleep(0.5)
        return super().look_closely(body, dialect, path)


async def test_a_body_of_usual_size_does_not_wait_for_large_ones(chat_body, png):
    looking = SlowForLarge(max_values=1000, max_images=9)
    large = [
        asyncio.ensure_future(looking.look(chat_body(pad="x" * LARGE_BYTES), CHAT, "/")) for _ in range(2)
    ]
    await asyncio.sleep(0.05)

    started = time.monotonic()
    looked = await looking.look(chat_body(png), CHAT, "/v1/chat/completions")

    assert time.monotonic() - started < 0.3
    assert len(looked.slots) == 1
    await asyncio.gather(*large)
    await looking.close()
