import sys
import threading
import time
from collections.abc import Iterator

import pytest

from predictor.critic.content_credentials_process import ContentCredentialsProcess, is_c2pa_installed
from tests.predictor.critic.files import jpeg
from tests.predictor.critic.signing import Authority

HANGING = (sys.executable, "-c", "import time; time.sleep(60)")
AUTHORITY = Authority()
SIGNED = AUTHORITY.signed(jpeg(), "image/jpeg")


@pytest.fixture
def process() -> Iterator[ContentCredentialsProcess]:
    process = ContentCredentialsProcess()
    yield process
    process.close()


def test_the_library_is_there():
    assert is_c2pa_installed()


def test_one_child_reads_one_file_after_another(process: ContentCredentialsProcess):
    states = [process.read(SIGNED, "image/jpeg", anchors) for anchors in (b"", AUTHORITY.anchors)]

    assert [state and state["validation_state"] for state in states] == ["Valid", "Trusted"]


def test_what_is_no_manifest_is_an_error_and_the_child_goes_on(process: ContentCredentialsProcess):
    for data in (b"", b"nothing", jpeg(), SIGNED[:400]):
        assert "error" in (process.read(data, "image/jpeg") or {})

    assert process.read(SIGNED, "image/jpeg") is not None


def test_a_child_that_dies_is_started_again(process: ContentCredentialsProcess):
    assert process.read(SIGNED, "image/jpeg") is not None
    child = process._child
    assert child is not None
    child.kill()
    child.wait()

    assert process.read(SIGNED, "image/jpeg") is None
    assert process.read(SIGNED, "image/jpeg") is not None


def test_nobody_waits_long_for_a_child_that_hangs():
    process = ContentCredentialsProcess(HANGING, seconds=0.3)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(process.read(SIGNED, "image/jpeg"))) for _ in range(4)
    ]
    began = time.monotonic()

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [None] * 4
    assert time.monotonic() - began < 10
