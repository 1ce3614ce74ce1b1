"""Evidence from how a file is put together: what it holds beside the picture a model is shown.

Rules without a p-value. An alarm is what no camera, editor or web page writes: a second file, orders to a
model, a frame nobody can see, colours or a thumbnail that make another picture of it. What is merely unusual
informs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from calibration.image_source import DecodeLimits
from calibration.metadata_blocks import find_blocks
from calibration.second_looks import animation
from gateway.detection.beside_pixels import BesidePixels, beside_pixels
from gateway.detection.foreign_files import foreign_file
from gateway.detection.hidden_frames import hidden_frame
from gateway.detection.instructions import ALARM, decoded_texts, excerpt, points
from gateway.detection.likeness import SIDE
from gateway.detection.odd_thumbnail import unlike_thumbnail
from gateway.detection.protocol import Examined
from gateway.detection.two_readings import odd_gamma, odd_profile, unlike_decoders, unlike_halves, unlike_inks
from gateway.detection.verdict import Evidence

_MOST_FRAME_PIXELS = 16_000_000  # of an animation that are decoded
_READ_OF_TAIL = 65_536  # bytes at either end


@dataclass(frozen=True)
class _Finding:
    what: str
    is_attack: bool = True


class ContainerDetector:
    """Looks at the file around a picture."""

    def examine(self, examined: Examined) -> Evidence | None:
        """Say what is odd about the file; None where nothing is: that proves no picture innocent."""
        findings = list(_findings(examined))
        if not findings:
            return None
        attacks = [finding for finding in findings if finding.is_attack]
        told = " ".join(f"{finding.what}." for finding in attacks or findings)
        return Evidence("container", float(len(attacks)), None, None, told, is_attack=bool(attacks))


def _findings(examined: Examined) -> Iterator[_Finding]:
    beside = beside_pixels(examined.data)
    if (name := foreign_file(examined.data, beside, examined.decoded.stored.pixels)) is not None:
        yield _Finding(f"The file is also, or holds, {name}")
    if (order := _order(beside)) is not None:
        yield _Finding(f"Text in the file's metadata gives orders to a model: “{order}”")
    yield from _of_colours(examined)
    yield from _of_frames(examined)


def _order(beside: BesidePixels) -> str | None:
    ends = (beside.tail[:_READ_OF_TAIL], beside.tail[_READ_OF_TAIL:][-_READ_OF_TAIL:])
    for block in (*beside.blocks, *ends):
        for text in decoded_texts(block):
            if points(text) >= ALARM:
                return excerpt(text)
    return None


def _of_colours(examined: Examined) -> Iterator[_Finding]:
    decoded, data = examined.decoded, examined.data
    blocks = find_blocks(data)
    if (trick := odd_profile(decoded, blocks)) is not None:
        yield _Finding(f"The colour profile {trick}: readers that apply it show another picture")
    if odd_gamma(blocks):
        yield _Finding("The gamma is one no device has: readers that honour it show another picture")
    if unlike_inks(decoded, data, blocks):
        yield _Finding("The inks show different pictures to readers with and without profiles")
    if unlike_decoders(decoded, data):
        yield _Finding("Two decoders read different pictures from the file")
    if decoded.source.depth > 8 and unlike_halves(data):
        yield _Finding("The lower half of the 16 bits is a picture of its own")
    if blocks.exif is not None and unlike_thumbnail(blocks.exif, decoded.stored.pixels):
        yield _Finding("The thumbnail shows another picture")


def _of_frames(examined: Examined) -> Iterator[_Finding]:
    if not examined.decoded.source.is_animated:
        return
    shown = animation(examined.data, DecodeLimits(), side=SIDE, most_pixels=_MOST_FRAME_PIXELS)
    if shown is None:
        yield _Finding("The file tells of further frames that cannot be read", is_attack=False)
        return
    if (hidden := hidden_frame(shown)) is not None:
        yield _Finding(f"Of the animation's {shown.count} frames, {hidden}")
    if len(shown.frames) < shown.count:
        what = f"Of the animation's {shown.count} frames, the first {len(shown.frames)} were looked at"
        yield _Finding(what, is_attack=False)
