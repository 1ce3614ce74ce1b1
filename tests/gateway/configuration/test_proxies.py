import pytest

from gateway.configuration.proxies import check_proxies, proxy_on_the_way
from gateway.settings import Listen

OPENAI, LOCAL = "https://api.openai.com/v1", "http://localhost:8000/v1"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_a_word_in_the_environment_there_is_no_proxy():
    assert proxy_on_the_way(OPENAI) is None
    assert check_proxies([OPENAI, LOCAL], Listen()) == []


def test_the_proxy_is_told_without_its_password(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@proxy.example:3128")

    assert proxy_on_the_way(OPENAI) == "proxy.example:3128"
    assert proxy_on_the_way(LOCAL) is None


def test_hosts_named_by_no_proxy_are_asked_directly(monkeypatch):
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("no_proxy", "openai.com")

    assert proxy_on_the_way(OPENAI) is None
    assert proxy_on_the_way("https://api.anthropic.com") == "proxy.example:3128"


def test_a_proxy_of_another_kind_is_refused_before_the_start(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:hunter2@proxy.example:1080")

    (problem,) = check_proxies([OPENAI, LOCAL], Listen())

    assert str(problem).startswith("HTTPS_PROXY: expected an address that begins with http://, got socks5://")
    assert "hunter2" not in str(problem)


def test_a_proxy_that_is_the_gateway_itself_is_refused_before_the_start(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@localhost:8080")

    (problem,) = check_proxies([OPENAI, LOCAL], Listen())

    assert str(problem).startswith("HTTPS_PROXY: is the gateway itself; write the proxy's address")
    assert "hunter2" not in str(problem)
    assert check_proxies([OPENAI], Listen(port=8081)) == []
