import pytest

from gateway.memory.cache import ByteBoundedCache
from gateway.memory.forgetting import forget_tenant
from gateway.memory.shelves import owner_of
from tests.gateway.memory.machines import machine, seen
from tests.gateway.memory.redis_server import running_redis
from tests.gateway.memory.test_outcome_record import OUTCOME

pytestmark = pytest.mark.peers


@pytest.mark.parametrize("is_accepted", [True, False])
def test_of_a_deleted_tenant_nothing_is_left_anywhere_and_of_others_everything(tmp_path, is_accepted: bool):
    with (
        running_redis(tmp_path) as server,
        machine(server.url) as one,
        machine(server.url) as other,
        server.client() as client,
    ):
        cache = one.shared.outcomes(ByteBoundedCache(1 << 20))
        one.pictures.on_forgotten = cache.forget
        keys = {tenant: owner_of(tenant) + b"k" * 32 for tenant in ("a", "b")}
        for tenant in ("a", "b"):
            if is_accepted:
                one.accept(tenant)
                other.accept(tenant)
            one.remember(tenant, seen(7))
            one.pictures.mark(tenant, 1, b"m" * 32, 2)
            cache.put(keys[tenant], OUTCOME, 10)
        one.settle()

        assert forget_tenant(client, one.shared.shelves, "a", told_seconds=60) >= 2

        owner = owner_of("a")
        for name in client.scan_iter():
            if not name.endswith(b":forgotten"):
                assert owner.hex().encode() not in name
                kind = client.type(name)
                held = client.hkeys(name) if kind == b"hash" else []
                held = client.zrange(name, 0, -1) if kind == b"zset" else held
                assert not [each for each in held if each.startswith(owner)]
        assert other.pictures.alike("a", 7, 0) == []
        assert one.pictures.alike("a", 7, 0) == []
        assert cache.get(keys["a"]) is None
        assert (cache.get(keys["b"]), len(one.pictures.alike("b", 7, 0))) == (OUTCOME, 1)
        one.settle()
        assert other.pictures.alike("a", 7, 0) == [], "nobody puts it back"
        assert one.pictures.mark("a", 1, b"n" * 32, 2) == 1
