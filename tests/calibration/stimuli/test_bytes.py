"""The same seed gives the same bytes on every machine: against stored hashes, and with fewer instructions."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("hashes.py")
GOLDEN = json.loads(Path(__file__).with_name("golden_hashes.json").read_text())

# What numpy and OpenCV dispatch at run time on x86; each is told to do without what newer processors add.
PLAIN_NUMPY = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL"}
PLAIN_OPENCV = {
    "OPENCV_IPP": "disabled",
    "OPENCV_CPU_DISABLE": "AVX512-SKX,AVX2,FMA3,AVX,FP16,SSE4.2,SSE4.1,SSSE3,POPCNT",
}
PLAIN_LIBRARIES = {
    "OPENBLAS_CORETYPE": "Prescott",
    "JSIMD_FORCENONE": "1",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F",
}


def test_every_distortion_gives_the_stored_bytes():
    assert script().hashes() == GOLDEN


@pytest.mark.parametrize(
    ("environment", "options"),
    [
        ({}, ["--plain"]),
        (PLAIN_OPENCV, []),
        (PLAIN_NUMPY, []),
        (PLAIN_OPENCV | PLAIN_NUMPY | PLAIN_LIBRARIES, ["--plain"]),
    ],
    ids=["unoptimised OpenCV", "old OpenCV", "old numpy", "old everything"],
)
def test_an_older_processor_gives_the_stored_bytes(environment: dict[str, str], options: list[str]):
    printed = subprocess.run(
        [sys.executable, SCRIPT, *options],
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(printed.stdout) == GOLDEN


def script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("stimulus_hashes", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
