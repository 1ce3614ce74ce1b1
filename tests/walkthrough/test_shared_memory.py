"""Three gateways behind nginx that share a Redis: a spread attack, an outage, what is kept where.

Run by `make peers`. Needs the Debian packages redis-server and nginx-light.
"""

import base64
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, encode_png
from tests.gateway.memory.redis_server import RedisServer, running_redis
from tests.walkthrough.fleet import CLIENT_KEY, UPSTREAM_KEY, Answer, Fleet, ask, running_fleet
from tests.walkthrough.traffic import running_upstream

pytestmark = pytest.mark.peers

QUERIES = 30
PHOTOGRAPH = data.astronaut()[40:360, 100:420]


@dataclass(frozen=True)
class Site:
    fleet: Fleet
    redis: RedisServer


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("fleet")
    with (
        running_upstream() as upstream,
        running_redis(folder) as redis,
        running_fleet(folder, upstream, {"redis_url": redis.url}) as fleet,
    ):
        yield Site(fleet, redis)


def png(pixels) -> bytes:
    return encode_png(Image(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)))


def stripes(rng) -> np.ndarray:
    """The first candidate of Square (Andriushchenko et al., 2020), and a patch in it."""
    changed = PHOTOGRAPH + rng.choice([-8, 8], (1, PHOTOGRAPH.shape[1], 3))
    top, left = rng.integers(0, 240, 2)
    patch = np.s_[top : top + 72, left : left + 72]
    changed[patch] = PHOTOGRAPH[patch] + rng.choice([-8, 8], 3)
    return changed


def states(fleet: Fleet) -> list[tuple[int, str]]:
    told = [each.get("/readyz") for each in fleet.replicas]
    return [(status, json.loads(body)["memory"]["state"]) for status, body in told]


def test_a_query_attack_spread_over_the_replicas_is_caught(site: Site):
    rng = np.random.default_rng(0)
    port = site.fleet.balancer.port
    assert ask(port, png(PHOTOGRAPH)).status == 200
    time.sleep(0.5)

    flags = [ask(port, png(stripes(rng))).flags for _ in range(12)]

    first = next(place for place, each in enumerate(flags, start=1) if "query_series" in each)
    assert first <= 6, "as soon as one gateway would by itself, or one query later"
    assert all("query_series" in each for each in flags[first - 1 :])
    assert first <= QUERIES


def test_redis_killed_and_restarted_under_load_fails_no_request(site: Site):
    answers: list[Answer] = []
    is_over = threading.Event()

    def caller(number: int) -> None:
        rng = np.random.default_rng(number)
        while not is_over.is_set():
            answers.append(ask(site.fleet.balancer.port, png(rng.integers(0, 256, (96, 128, 3)))))

    callers = [threading.Thread(target=caller, args=(number,)) for number in range(3)]
    for each in callers:
        each.start()
    try:
        time.sleep(1.5)
        site.redis.kill()
        time.sleep(2.0)
        alone = states(site.fleet)
        before_restart = len(answers)
        site.redis.start()
        RedisServer.wait_until(lambda: states(site.fleet) == [(200, "shared")] * 3)
        time.sleep(1.0)
    finally:
        is_over.set()
        for each in callers:
            each.join()

    assert {each.status for each in answers} == {200}
    assert before_restart > 5
    assert len(answers) > before_restart
    assert (200, "alone") in alone
    assert all(status == 200 for status, _ in alone)
    assert site.fleet.logs().count("redis is away") <= 6, "a line, not one per request"
    assert site.redis.client().dbsize() > 1, "they share again"


def test_no_key_and_no_picture_is_told_where_it_does_not_belong(site: Site):
    picture = png(np.random.default_rng(9).integers(0, 256, (64, 64, 3)))
    answer = ask(site.fleet.balancer.port, picture, text="a prompt that nobody logs")
    assert answer.status == 200
    time.sleep(0.5)

    pages = [
        each.get("/metrics")[1].decode() + each.get("/readyz")[1].decode() for each in site.fleet.replicas
    ]
    told = {"logs": site.fleet.logs(), "pages": "".join(pages), "headers": json.dumps(dict(answer.headers))}
    with site.redis.client() as client:
        names = client.keys()
        told["keys"] = "\n".join(name.decode("latin-1") for name in names)
        values = [value for name in names for value in contents(client, name)]
    encoded = base64.b64encode(picture).decode()
    secrets = [CLIENT_KEY, UPSTREAM_KEY, encoded[:40], encoded[-44:-4], "a prompt that nobody logs"]

    assert "acme" in told["logs"], "it is the log of these requests"
    assert len(values) > 5, "there is something in Redis"
    for secret in secrets:
        assert [place for place, text in told.items() if secret in text] == [], secret
        assert not any(secret.encode() in value for value in values), secret


def contents(client, name: bytes) -> list[bytes]:
    """Return every name and value within one key; of pictures, all that is no pixel."""
    kind = client.type(name)
    if kind == b"hash":
        found = client.hgetall(name)
        is_picture = name.endswith(b":pictures:items")
        return [*found, *(value[:200] if is_picture else value for value in found.values())]
    if kind == b"zset":
        return client.zrange(name, 0, -1)
    return [client.get(name)]
