import pytest

from gateway.errors import BadBypassError, UnknownClientError, UnknownPolicyError
from gateway.relay.callers.caller import Caller, Callers
from gateway.relay.callers.credentials import KeyPlaces
from gateway.relay.callers.incoming import Incoming
from gateway.settings import Settings

CLIENTS = [
    {"name": "web", "key": "secret-1"},
    {"name": "ops", "key": "secret-2", "is_trusted": True},
]


def _caller(settings: Settings, query: bytes = b"", **headers: str) -> Caller:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"method": "POST", "headers": pairs, "raw_path": b"/", "query_string": query}
    return Callers(settings).of(Incoming(scope, None))


@pytest.mark.parametrize(
    "name", ["authorization", "api_key", "x_api_key", "x_goog_api_key", "ocp_apim_subscription_key"]
)
def test_every_header_that_may_hold_a_key_tells_callers_apart(name):
    tenants = {_caller(Settings(), **{name: key}).tenant for key in ("one", "two", "one")}

    assert len(tenants) == 2


@pytest.mark.parametrize(
    "name", [b"key", b"api-key", b"subscription-key", b"Subscription-Key", b"access_token"]
)
def test_every_parameter_that_may_hold_a_key_tells_callers_apart(name):
    tenants = {_caller(Settings(), b"a=1&" + name + b"=" + key).tenant for key in (b"one", b"two", b"one")}

    assert len(tenants) == 2


def test_the_key_in_the_query_tells_callers_apart_however_it_is_spelt():
    one, two, escaped = (_caller(Settings(), query) for query in (b"a=1&key=one", b"key=two", b"%6bey=one"))

    assert one.tenant != two.tenant
    assert one.tenant == escaped.tenant


def test_the_same_key_in_another_place_is_another_tenant():
    places = [{"authorization": "k"}, {"api_key": "k"}, {"x_api_key": "k"}, {"x_goog_api_key": "k"}]

    assert len({_caller(Settings(), **place).tenant for place in places}) == 4


def test_a_tenant_is_not_its_key():
    assert "secret" not in _caller(Settings(), authorization="Bearer secret").tenant


@pytest.mark.parametrize(
    "headers",
    [{"authorization": "Bearer secret-1"}, {"authorization": "bearer  secret-1"}, {"x_api_key": "secret-1"}],
)
def test_clients_are_known_by_their_keys(headers):
    assert _caller(Settings(clients=CLIENTS), **headers).client == "web"


def test_a_client_is_known_among_other_keys():
    caller = _caller(Settings(clients=CLIENTS), authorization="Bearer theirs", x_api_key="secret-2")

    assert (caller.client, caller.is_trusted) == ("ops", True)


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer secret"}, {"authorization": "Bearer secret-10"}]
)
def test_nobody_else_is_a_client(headers):
    assert _caller(Settings(clients=CLIENTS), **headers).client == ""
    with pytest.raises(UnknownClientError):
        _caller(Settings(clients=CLIENTS, only_known_clients=True), **headers)


def test_nobody_may_call_when_only_known_clients_may_and_there_are_none():
    with pytest.raises(UnknownClientError):
        _caller(Settings(only_known_clients=True), authorization="Bearer x")


@pytest.mark.parametrize(
    ("key", "allow_bypass", "is_bypassed"),
    [("secret-1", False, False), ("secret-2", False, True), ("secret-1", True, True), ("other", True, True)],
)
def test_a_bypass_is_heard_from_trusted_clients_or_where_all_may(key, allow_bypass, is_bypassed):
    settings = Settings(clients=CLIENTS, policy={"allow_bypass": allow_bypass})

    caller = _caller(settings, authorization=f"Bearer {key}", x_jnd_bypass="True")

    assert caller.is_bypassed is is_bypassed
    assert caller.remarks == (() if is_bypassed else ("bypass_refused",))
    assert not _caller(settings, authorization=f"Bearer {key}").is_bypassed


@pytest.mark.parametrize("word", ["1", "yes", "on", "truee"])
@pytest.mark.parametrize("key", ["secret-1", "secret-2"])
def test_a_bypass_in_unknown_words_is_told(word, key):
    with pytest.raises(BadBypassError, match="true or false"):
        _caller(Settings(clients=CLIENTS), authorization=f"Bearer {key}", x_jnd_bypass=word)


@pytest.mark.parametrize("word", ["false", "False", ""])
def test_no_bypass_is_wanted(word):
    caller = _caller(Settings(), x_jnd_bypass=word)

    assert (caller.is_bypassed, caller.remarks) == (False, ())


def test_whoever_sends_no_key_is_told_where_it_belongs():
    settings = Settings(clients=CLIENTS, only_known_clients=True)

    with pytest.raises(UnknownClientError, match="no key was sent: expected authorization: Bearer"):
        _caller(settings)
    with pytest.raises(UnknownClientError, match="known here"):
        _caller(settings, x_api_key="other")


def test_the_policy_a_caller_names_is_read():
    assert _caller(Settings(), x_jnd_policy="strict").policy_name == "strict"


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        (b"", {"authorization": "Bearer secret-1"}),
        (b"", {"authorization": "secret-1"}),
        (b"", {"api_key": "secret-1"}),
        (b"", {"x_goog_api_key": "secret-1"}),
        (b"alt=sse&key=secret-1", {}),
    ],
)
@pytest.mark.parametrize("settings", [Settings(), Settings(clients=CLIENTS)])
def test_a_keys_tenants_are_known_wherever_it_is_sent(settings, query, headers):
    assert _caller(settings, query, **headers).tenant in KeyPlaces().tenants_of(b"secret-1")
    assert _caller(settings, query, **headers).tenant not in KeyPlaces().tenants_of(b"secret-2")


def test_a_keys_tenants_are_known_with_the_dialects_own_headers():
    names = [b"x-own-key", b"authorization"]
    scope = {"method": "POST", "headers": [(b"x-own-key", b"k")], "raw_path": b"/", "query_string": b""}

    assert Callers(Settings(), names).of(Incoming(scope, None)).tenant in KeyPlaces(names).tenants_of(b"k")


def test_a_client_is_one_tenant_wherever_its_key_stands_and_whatever_stands_beside_it():
    settings = Settings(clients=CLIENTS)
    plain = _caller(settings, authorization="Bearer secret-1")

    for query, headers in (
        (b"", {"authorization": "bearer secret-1", "x_api_key": "made up"}),
        (b"key=made-up", {"x_api_key": "secret-1"}),
        (b"key=secret-1", {"authorization": "Bearer made up"}),
    ):
        assert _caller(settings, query, **headers).tenant == plain.tenant
    assert _caller(settings, authorization="Bearer secret-2").tenant != plain.tenant


@pytest.mark.parametrize(
    ("name", "error"), [(b"x-jnd-bypass", BadBypassError), (b"x-jnd-policy", UnknownPolicyError)]
)
def test_two_wishes_that_differ_are_refused(name, error):
    headers = [(b"authorization", b"Bearer secret-2"), (name, b"true"), (name, b"false")]
    scope = {"method": "POST", "headers": headers, "raw_path": b"/", "query_string": b""}
    callers = Callers(Settings(clients=CLIENTS))

    with pytest.raises(error, match="two that differ"):
        callers.of(Incoming(scope, None))
    assert callers.of(Incoming(scope | {"headers": headers[:2]}, None)).is_trusted
