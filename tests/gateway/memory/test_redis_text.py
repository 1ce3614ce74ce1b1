import pytest

from gateway.memory.redis_line import RedisAwayError
from gateway.memory.redis_text import RedisText
from tests.gateway.memory.machines import machine
from tests.gateway.memory.redis_server import running_redis

pytestmark = pytest.mark.peers


def test_of_two_who_change_a_text_one_is_told_to_read_again(tmp_path):
    with running_redis(tmp_path) as server, machine(server.url) as here:
        text = RedisText(here.shared.line, b"text")
        assert text.read() == b""

        assert text.swap(b"", b"one")
        assert not text.swap(b"", b"other")
        assert text.read() == b"one"
        assert text.swap(b"one", b"other")

        server.kill()
        with pytest.raises(RedisAwayError):
            text.read()
