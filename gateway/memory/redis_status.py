"""Count what lies in the Redis that machines share."""

from typing import TYPE_CHECKING

from gateway.memory.redis_allowed import AllowedInRedis
from gateway.memory.shelves import PROBATION, Shelves

if TYPE_CHECKING:
    from redis import Redis


def status_of(client: "Redis", shelves: Shelves) -> dict[str, int]:
    """Return how many callers, pictures, results and allowed pictures there are, and the bytes they take.

    Goes through the names of all keys: it is for people, not for every second.

    Raises:
        RedisError: Redis does not answer.
    """
    told = {"callers": 0, "pictures": 0, "results": 0, "marks": 0, "bytes": 0}
    probation = f"{{{PROBATION}}}".encode()
    for key in client.scan_iter(match=shelves.every_key, count=1000):
        name = bytes(key)
        if name.endswith(b":pictures:used"):
            told["pictures"] += int(client.zcard(name))
            told["callers"] += probation not in name
        elif name.endswith(b":outcomes:used"):
            told["results"] += int(client.zcard(name))
        elif name.endswith(b":marked"):
            told["marks"] += int(client.zcard(name))
        elif name.endswith(b":index"):
            told["bytes"] += int(client.hget(name, "bytes") or 0)
    return {**told, "allowed": AllowedInRedis(client, shelves).count()}
