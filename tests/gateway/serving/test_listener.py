import socket

import pytest

from gateway.serving.listener import CannotListenError, address_of, listen_on


def test_callers_can_connect_before_anyone_takes_the_socket():
    with listen_on("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname(), 1):
        assert address_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_port_in_use_is_named_with_the_way_out():
    with listen_on("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(CannotListenError, match=rf"port {port} of 127\.0\.0\.1: it is in use: .*--port"):
            listen_on("127.0.0.1", port)


def test_an_address_of_another_machine_is_told_apart_from_a_name_of_none():
    with pytest.raises(CannotListenError, match="this machine has no such address"):
        listen_on("192.0.2.1", 0)
    with pytest.raises(CannotListenError, match="no such host"):
        listen_on("no-such-host.invalid", 0)


def test_localhost_is_the_address_everybody_tries():
    with listen_on("localhost", 0) as listener:
        assert address_of(listener).startswith("http://127.0.0.1:")


def test_every_address_of_version_6_includes_those_of_version_4():
    if not socket.has_dualstack_ipv6():  # a machine without version 6 has nothing to show
        return

    with listen_on("::", 0) as listener:
        assert address_of(listener).startswith("http://[::]:")
        socket.create_connection(("127.0.0.1", listener.getsockname()[1]), 1).close()
