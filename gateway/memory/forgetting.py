"""Delete from Redis all that is remembered of a tenant; gateways that run forget it when they next look."""

import time
from typing import TYPE_CHECKING, get_args

from gateway.memory.shelves import PROBATION, Kind, Shelves, owner_of, run_script

if TYPE_CHECKING:
    from redis import Redis


def forget_tenant(client: "Redis", shelves: Shelves, tenant: str, *, told_seconds: float) -> int:
    """Delete a tenant's pictures, marks and results; return how many keys and things of shared shelves went.

    Args:
        client: Of the Redis.
        shelves: Names of the keys.
        tenant: As callers are named by their credentials.
        told_seconds: How long running gateways may have something of it still, and are told to forget it.

    Raises:
        RedisError: Not all could be deleted.
    """
    owner, gone = owner_of(tenant), 0
    for kind in get_args(Kind):
        *own, told = shelves.keys(kind, owner.hex())
        for key in own:
            gone += int(client.unlink(key))
        client.set(told, f"{time.time():.3f}", px=max(1, int(told_seconds * 1000)))
        gone += int(run_script(client, "forget", shelves.keys(kind, PROBATION), [owner]))
    return gone
