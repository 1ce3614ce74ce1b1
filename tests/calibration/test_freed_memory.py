import ctypes
import platform
import subprocess
import sys

import pytest

from calibration import freed_memory

_FAULTS = """
import resource, sys
import numpy as np
from calibration.freed_memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def picture():
    arrays = [np.ones(3 << 20, dtype=np.uint8) for _ in range(10)]
for _ in range(5):
    picture()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    picture()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library has no such setting")
def test_the_next_picture_takes_the_memory_of_the_last():
    def faults(how: str) -> int:
        run = subprocess.run([sys.executable, "-c", _FAULTS, how], capture_output=True, text=True, check=True)
        return int(run.stdout)

    assert faults("keep") < faults("leave") / 10


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "darwin")

    assert not freed_memory.keep_freed_memory()


def test_a_c_library_without_the_setting_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())

    assert not freed_memory.keep_freed_memory()
