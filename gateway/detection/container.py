"""Evidence from how a file is put together: what it holds beside the picture a model is shown.

Rules without a p-value. An alarm is what no camera, editor or web page writes: a second file, orders to a
model, a frame nobody can see, colours or a thumbnail that make another picture of it. What is merely unusual
informs.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calibration.image_source import DecodeLimits
from calibration.metadata_blocks import Blocks, find_blocks
from calibration.second_looks import Animation, animation
from gateway.detection.beside_pixels import BesidePixels, beside_pixels
from gateway.detection.faint_frames import MOST_FRAMES, faint_letters
from gateway.detection.foreign_files import foreign_file, is_of_camera
from gateway.detection.further_pictures import unlike_further
from gateway.detection.glanced_text import glanced_text
from gateway.detection.hidden_frames import hidden_frame
from gateway.detection.instructions import ALARM, decoded_texts, excerpt, points, tells_of_generation
from gateway.detection.likeness import SIDE
from gateway.detection.odd_structure import odd_structure
from gateway.detection.odd_thumbnail import unlike_thumbnail
from gateway.detection.protocol import Examined
from gateway.detection.turned_twice import two_turns
from gateway.detection.two_readings import (
    odd_components,
    odd_gamma,
    odd_primaries,
    odd_profile,
    unlike_decoders,
    unlike_halves,
    unlike_inks,
)
from gateway.detection.verdict import Evidence

_MOST_FRAME_PIXELS = 16_000_000  # of an animation that are decoded
_MOST_TEXTS, _MOST_LETTERS = 2_000, 120_000  # of one file that are read: hostile ones take most of a second
_READ_OF_TAIL = 65_536  # bytes at either end


@dataclass(frozen=True)
class Finding:
    """One thing that is odd about a file."""

    what: str
    is_attack: bool = True


class ContainerDetector:
    """Looks at the file around a picture."""

    def examine(self, examined: Examined) -> Evidence | None:
        """Say what is odd about the file; None where nothing is: that proves no picture innocent."""
        return evidence_of(list(_findings(examined)))


def evidence_of(findings: Sequence[Finding]) -> Evidence | None:
    """Sum up findings, the attacks alone where there are any; None of none."""
    if not findings:
        return None
    attacks = [finding for finding in findings if finding.is_attack]
    told = " ".join(f"{finding.what}." for finding in attacks or findings)
    return Evidence("container", float(len(attacks)), None, None, told, is_attack=bool(attacks))


def _findings(examined: Examined) -> Iterator[Finding]:
    beside = beside_pixels(examined.data)
    if (foreign := foreign_file(examined.data, beside, examined.decoded.stored.pixels)) is not None:
        yield Finding(*foreign)
    elif beside.tail.strip(b"\0\r\n ") and not is_of_camera(beside.tail) and not _has_further(examined):
        yield Finding(f"{len(beside.tail)} bytes follow the picture's end", is_attack=False)
    if (twice := odd_structure(examined.data)) is not None:
        yield Finding(f"The file has {twice}: readers may show one picture or another")
    yield from findings_in_texts(beside)
    blocks = find_blocks(examined.data)
    if (turns := two_turns(examined.data, blocks)) is not None:
        yield Finding(turns.what, turns.is_attack)
    yield from _of_colours(examined, blocks, beside)
    yield from _of_frames(examined)


def _has_further(examined: Examined) -> bool:
    """Whether a JPEG tells of further pictures behind its first (MPF)."""
    return examined.decoded.source.frames > 1 and examined.decoded.source.format == "jpeg"


def findings_in_texts(beside: BesidePixels) -> Iterator[Finding]:
    """Read what a file holds of text: orders to a model, or what a picture was generated from."""
    ends = (beside.tail[:_READ_OF_TAIL], beside.tail[_READ_OF_TAIL:][-_READ_OF_TAIL:])
    texts, is_all = _texts((*beside.blocks, *ends))
    order = next((excerpt(text) for text in texts if points(text) >= ALARM), None)
    if order is not None:
        yield Finding(f"Text in the file's metadata gives orders to a model: “{order}”")
    elif any(map(tells_of_generation, texts)):
        yield Finding("Its metadata hold what it was generated from", is_attack=False)
    if not is_all:
        yield Finding(f"Of the text in its metadata, {_MOST_LETTERS:,} letters were read", is_attack=False)
    if not beside.is_all:
        read = sum(map(len, beside.blocks))
        yield Finding(f"Of its metadata, {read:,} bytes were looked at", is_attack=False)


def _texts(blocks: Sequence[bytes]) -> tuple[list[str], bool]:
    """Return what blocks hold of letters, as much as is read of one file, and whether that is all.

    Letters count as they are compared: folded, one may become eighteen.
    """
    texts: list[str] = []
    room = _MOST_LETTERS
    for text in (text for block in blocks for text in decoded_texts(block) if text.strip()):
        if room <= 0 or len(texts) >= _MOST_TEXTS:
            return texts, False
        folded = unicodedata.normalize("NFKC", text)
        texts.append(folded[:room])
        room -= len(folded)
    return texts, room >= 0


def _of_colours(examined: Examined, blocks: Blocks, beside: BesidePixels) -> Iterator[Finding]:
    decoded, data = examined.decoded, examined.data
    if (trick := odd_profile(decoded, blocks)) is not None:
        yield Finding(f"The colour profile {trick}: readers that apply it show another picture")
    if odd_primaries(blocks):
        yield Finding("Its chromaticities exchange colours: readers that honour them show another picture")
    if odd_gamma(blocks, decoded.stored.pixels):
        yield Finding("The gamma is one no device has, or parts two pictures: who honours it sees another")
    yield from _of_inks(examined, blocks)
    if decoded.source.depth > 8 and unlike_halves(data):
        yield Finding("The lower half of the 16 bits is a picture of its own")
    if unlike_thumbnail(blocks.exif, beside.blocks, decoded.stored.pixels):
        yield Finding("The thumbnail shows another picture")


def _of_inks(examined: Examined, blocks: Blocks) -> Iterator[Finding]:
    decoded, data = examined.decoded, examined.data
    if odd_components(data):
        yield Finding("Its colours are stored one way by JFIF and another by Adobe's marker or their names")
    if unlike_inks(decoded, data, blocks):
        yield Finding("The inks show different pictures to readers with and without profiles")
    if unlike_decoders(decoded, data):
        yield Finding("Two decoders read different pictures from the file")


def _of_frames(examined: Examined) -> Iterator[Finding]:
    if _has_further(examined):
        if (further := unlike_further(examined.data)) is not None:
            yield Finding(*further)
        return
    if not examined.decoded.source.is_animated:
        return
    shown = animation(examined.data, DecodeLimits(), side=SIDE, most_pixels=_MOST_FRAME_PIXELS)
    if shown is None:
        yield Finding("The file tells of further frames that cannot be read", is_attack=False)
        return
    if (hidden := _hidden_in(examined.data, shown)) is not None:
        yield Finding(hidden)
    if len(shown.frames) < shown.count:
        what = f"Of the animation's {shown.count} frames, the first {len(shown.frames)} were looked at"
        yield Finding(what, is_attack=False)


def _hidden_in(data: bytes, shown: Animation) -> str | None:
    if (hidden := hidden_frame(shown)) is not None:
        return f"Of the animation's {shown.count} frames, {hidden}"
    if (number := glanced_text(data, shown)) is not None:
        return f"Frame {number} of the animation shows text for a glance, over a picture that stays"
    if shown.count <= MOST_FRAMES and (number := faint_letters(data)) is not None:
        return f"In frame {number} of the animation, text is hidden that the first has not"
    return None
