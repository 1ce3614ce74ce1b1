import pytest

from gateway.relay.callers.credentials import KeyPlaces

PLACES = KeyPlaces()


def tenant(provider: str, query: bytes = b"", **headers: str) -> str:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return PLACES.tenant(PLACES.read(pairs, query), provider)


@pytest.mark.parametrize(
    ("provider", "own", "beside"),
    [
        ("openai", {"authorization": "Bearer k"}, ["api_key", "x_api_key", "x_goog_api_key"]),
        ("anthropic", {"x_api_key": "k"}, ["authorization", "api_key", "x_goog_api_key"]),
        ("anthropic", {"authorization": "Bearer k"}, ["api_key", "x_goog_api_key"]),
        ("azure", {"api_key": "k"}, ["authorization", "ocp_apim_subscription_key"]),
        ("gemini", {"x_goog_api_key": "k"}, ["authorization", "x_api_key"]),
        ("vertex", {"authorization": "Bearer k"}, ["x_goog_api_key", "api_key"]),
    ],
)
def test_made_up_keys_beside_the_one_that_counts_make_nobody_new(provider, own, beside):
    plain = tenant(provider, **own)

    for name in beside:
        assert {tenant(provider, **own, **{name: f"made-up-{number}"}) for number in range(3)} == {plain}
    assert tenant(provider, b"access_token=made-up&api-key=made-up", **own) == plain


def test_the_key_in_the_query_is_the_one_that_counts_where_gemini_finds_no_header():
    plain = tenant("gemini", b"key=k")

    assert tenant("gemini", b"access_token=made-up&key=k&key=made-up", authorization="made up") == plain
    assert tenant("gemini", b"key=another") != plain


@pytest.mark.parametrize(
    "query", [b"key=%FF", b"key=\xff", b"filter=caf%C3%A9", "café=1&key=ü".encode(), b"%"]
)
def test_a_query_in_any_encoding_is_read(query: bytes):
    assert tenant("gemini", query) == tenant("gemini", query) != tenant("gemini", b"key=k")


def test_of_two_headers_of_one_name_the_first_counts_as_apis_hear_it():
    def of(*values: bytes) -> str:
        return PLACES.tenant(PLACES.read([(b"authorization", each) for each in values], b""), "openai")

    assert of(b"Bearer k", b"Bearer made-up") == of(b"Bearer k") == of(b"bearer  k")
    assert of(b"Bearer made-up", b"Bearer k") != of(b"Bearer k")


@pytest.mark.parametrize("provider", ["", "other", "vllm", "ollama"])
def test_where_nobody_knows_which_key_is_judged_each_counts(provider):
    plain = tenant(provider, authorization="Bearer shared", x_api_key="one")

    assert tenant(provider, authorization="Bearer shared", x_api_key="two") != plain
    assert tenant(provider, authorization="Bearer other", x_api_key="one") != plain


def test_where_the_usual_place_is_empty_each_other_counts():
    assert tenant("openai", x_api_key="one") != tenant("openai", x_api_key="two") != tenant("openai")


def test_every_tenant_of_a_key_is_listed_and_none_of_another():
    listed = PLACES.tenants_of(b"k")

    for provider in ("openai", "anthropic", "gemini", "other"):
        assert tenant(provider, authorization="Bearer k") in listed
        assert tenant(provider, x_api_key="k") in listed
        assert tenant(provider, b"key=k") in listed
        assert tenant(provider, x_api_key="another") not in listed
