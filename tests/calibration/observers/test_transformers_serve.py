"""`openai:` against a server of other people: `transformers serve`, with the model that ships."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from skimage.data import astronaut

from calibration.image import Image, center_square
from calibration.observers.embedded.observer import MODEL_FOLDER, load_embedded
from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import ObserverError, Query
from calibration.observers.select import build_observer
from calibration.questions import DIRECT_PROMPT

pytestmark = pytest.mark.peers

_START_SECONDS = 120


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("home")
    command = [Path(sys.executable).parent / "transformers", "serve", MODEL_FOLDER]
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--dtype", "float32"]
    offline = ["env", "HF_HUB_OFFLINE=1", f"HF_HOME={home}", "OMP_NUM_THREADS=1"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen([*offline, *command, *options], stdout=log, stderr=log)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/health", server, home / "log")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait()


def wait_until_ready(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(_START_SECONDS * 2):
        try:
            with urllib.request.urlopen(url) as response:  # noqa: S310 - our own server
                response.read()
                return
        except OSError:
            assert server.poll() is None, log.read_text()[-2000:]
            time.sleep(0.5)
    pytest.fail(log.read_text()[-2000:])


def test_it_gives_the_replies_the_model_gives_at_home(address: str):
    picture = center_square(Image(astronaut()), 96)
    rng = np.random.default_rng(0)
    noisy = Image(np.clip(picture.pixels + rng.normal(0, 40, picture.pixels.shape), 0, 255).astype(np.uint8))
    prompt = DIRECT_PROMPT.format(distortion="noise")
    queries = [Query(prompt, (picture, other), key=str(n)) for n, other in enumerate((noisy, picture))]
    observer = build_observer(f"openai:{MODEL_FOLDER}@{address}", ObserverOptions(workers=2))

    replies = observer.ask(queries)
    observer.close()

    at_home = load_embedded().complete(queries)
    assert [reply.text.replace(" .", ".") for reply in replies] == at_home
    assert [reply.text[:5] for reply in replies] == ["<yes>", "<no> "]
    assert all(reply.tokens_in > 72 and reply.tokens_out for reply in replies)


def test_a_model_it_does_not_serve_is_told(address: str):
    observer = build_observer(f"openai:no-such/model@{address}", ObserverOptions(workers=1))

    with pytest.raises(ObserverError, match="refused with HTTP 4"):
        observer.ask([Query("p", ())])

    observer.close()
