"""Does it matter that nobody knows by which kernel a provider shrinks? What was sent, seen through others.

The compressor judges by area; here both original and version are shrunk by bicubic and by Lanczos, and the
version, already at the size shown, meets the original so shrunk as well.
"""

from compression_bench import Bench, Found, median
from compression_pictures import Picture, camera_files, megapixels
from compression_sending import CLAUDE, GPT_4O, Sent, Target, size_shown
from compression_ssimulacra2 import Reference

from calibration.image import Image, Kernel, resize

PART = "kernels"
KERNELS: tuple[Kernel, ...] = ("area", "bicubic", "lanczos")


def measure(bench: Bench) -> Found:
    """Score what is sent of pictures that have to be shrunk."""
    sender = bench.sender()
    scores: dict[str, list[float]] = {kernel: [] for kernel in KERNELS}
    for picture in _pictures(bench):
        target = CLAUDE if picture.decoded.image.width > 2000 else GPT_4O
        sent = bench.send(PART, sender, picture, target)
        for kernel in KERNELS:
            scores[kernel].append(_score(bench, picture, sent, target, kernel))
    return Found({f"kernels_ssimulacra2_{kernel}": median(values) for kernel, values in scores.items()})


def _pictures(bench: Bench) -> list[Picture]:
    return [*camera_files(bench.count(full=3, quick=0)), *megapixels(bench.count(full=5, quick=1))]


def _score(bench: Bench, picture: Picture, sent: Sent, target: Target, kernel: Kernel) -> float:
    image = picture.decoded.image
    size = size_shown(image, target, bench.rules)

    def seen(one: Image) -> Image:
        return resize(one, size.width, size.height, kernel)

    return Reference(seen(image)).score(seen(sent.image))
