import socket

import pytest

from gateway.configuration.loops import leads_back
from gateway.settings import Listen


def listening(host="127.0.0.1", port=8080):
    return Listen(host=host, port=port, prefix="/llm")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8080/v1",
        "http://127.0.0.1:8080/llm/v1",
        "http://localhost:8080",
        "http://LOCALHOST.:8080/v1",
        "http://api.localhost:8080/v1",
        "http://[::1]:8080/v1",
        "http://0.0.0.0:8080/v1",
        "http://[::ffff:127.0.0.1]:8080/v1",
        "https://localhost:8080/v1",
    ],
)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::", "::1"])
def test_every_name_of_this_machine_with_our_port_leads_back(address, host):
    assert leads_back(address, listening(host))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/v1",
        "http://localhost/v1",
        "http://192.168.1.7:8080/v1",
        "http://vllm:8080/v1",
        "https://api.openai.com:8080/v1",
        "http://[::1/v1",
        "x",
    ],
)
def test_other_ports_and_other_machines_do_not(address):
    assert not leads_back(address, listening())
    assert not leads_back(address, listening("0.0.0.0"))


def test_the_port_an_address_leaves_out_is_its_schemes():
    assert leads_back("http://localhost/v1", listening(port=80))
    assert not leads_back("https://localhost/v1", listening(port=80))


def test_listening_everywhere_answers_to_the_machines_name_and_all_its_loopbacks():
    for host in (socket.gethostname(), "127.0.0.2"):
        assert leads_back(f"http://{host}:8080/v1", listening("0.0.0.0"))
        assert not leads_back(f"http://{host}:8080/v1", listening())


def test_listening_on_one_address_leaves_the_others_to_others():
    assert leads_back("http://192.168.1.5:8080/v1", listening("192.168.1.5"))
    assert not leads_back("http://localhost:8080/v1", listening("192.168.1.5"))


def test_a_free_port_is_nobodys_yet():
    assert not leads_back("http://localhost:80/v1", listening(port=0))
