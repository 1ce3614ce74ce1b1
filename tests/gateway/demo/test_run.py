import contextlib
import os
import signal
import time

import pytest

from gateway.demo.run import told_to_stop


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_being_told_to_stop_is_heeded_though_a_library_lost_it(way: signal.Signals):
    before = signal.getsignal(way)
    with told_to_stop() as heed:
        heed()
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), way)
            time.sleep(0.1)

        with pytest.raises(KeyboardInterrupt):
            heed()

    assert signal.getsignal(way) == before
