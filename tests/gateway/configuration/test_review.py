import pytest

from gateway.configuration.review import address_of
from gateway.settings import Review


@pytest.mark.parametrize(
    ("text", "address"), [("127.0.0.1:9190", ("127.0.0.1", 9190)), ("[::1]:0", ("::1", 0)), ("h:1", ("h", 1))]
)
def test_an_address_is_a_host_and_a_port(text, address):
    assert address_of(text) == address


@pytest.mark.parametrize("text", ["9190", ":9190", "host", "host:", "host:70000", "::1:9190", "http://h:1"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="HOST:PORT"):
        Review(listen=text)


def test_yaml_reads_off_as_false():
    assert Review(store=False).store == "off"
