"""Find pictures that show something else to readers who take their colours another way.

Some readers apply a colour profile and some do not, some honour gamma, some cut 16 bits to the lower half.
All of that shades an honest picture; it does not make another one of it.
"""

import struct

import cv2
import numpy as np
import numpy.typing as npt

from calibration.colour_profile import convert_to_srgb, is_srgb, profile_space, transfer_is_hdr
from calibration.containers import container_of, jpeg_file
from calibration.image import Decoded
from calibration.metadata_blocks import Blocks
from calibration.second_looks import deep_values, ink_reading
from gateway.detection.likeness import FLAT, SIDE, STRUCTURED, Pixels, detail, likeness, strength, structure

_UNRELATED = 0.5
_LEAST_CHANGE = 8.0  # grey levels, in the mean: what a profile has to do to this picture to matter
_LEAST_RANGE = 96  # grey levels that a profile leaves of black to white
_STEEPEST = 140  # grey levels over 64 of them, above the darkest: film curves stay below 120
_LARGEST_FALL = 8  # grey levels by which a brighter grey may come out darker
_SAMPLES = 128  # pixels a side
_GAMMAS = (15_000, 300_000)  # hundred-thousandths; files of scanners, linear files and old Macs lie between
_USUAL_GAMMAS = (36_000, 59_000)  # what people see changes little
_DISPLAY = 2.2  # exponent
_WOVEN = 0.8  # likeness: 120 photographs, pages, charts and screens had .83 at least, whatever the gamma
_LEAST_GAMUT = 0.01  # of the plane of chromaticities; sRGB takes .112
_JFIF, _ADOBE, _FRAMES = 0xE0, 0xEE, frozenset({0xC0, 0xC1, 0xC2})
_TABLES = (b"A2B0", b"A2B1", b"A2B2")
_REDUCED_8 = cv2.IMREAD_REDUCED_COLOR_8 | cv2.IMREAD_IGNORE_ORIENTATION


def odd_profile(decoded: Decoded, blocks: Blocks) -> str | None:
    """Say what an embedded profile does that none for a device does; None where it is an ordinary one."""
    profile = blocks.profile
    if profile is None or profile_space(profile) == "inks" or transfer_is_hdr(profile) or is_srgb(profile):
        return None
    stored = _sampled(decoded.stored.pixels)
    is_grey = profile_space(profile) == "grey"
    applied = stored.copy()
    if not convert_to_srgb(applied, profile, is_grey=is_grey):
        return None
    if np.abs(applied.astype(np.int16) - stored).mean() < _LEAST_CHANGE:
        return None
    trick = _trick(profile, is_grey=is_grey) or _unlike_tables(profile, stored, applied, is_grey=is_grey)
    if trick is None and likeness(structure(applied), structure(stored)) < _UNRELATED:
        trick = "shows another picture"
    if trick is None:
        small = _small(decoded.stored.pixels)
        is_known = convert_to_srgb(small, profile, is_grey=is_grey)
        if is_known and _is_woven(small, decoded.image.pixels, is_turned=decoded.source.is_rotated):
            trick = "shows another picture, which is woven into its pixels"
    return trick


def odd_gamma(blocks: Blocks, stored: Pixels) -> bool:
    """Whether a PNG's gamma makes of its picture a dark or bright one that hides another, or shows another.

    Args:
        blocks: Of the file.
        stored: Its pixels (H, W, 3), to which nothing was applied.
    """
    named = dict(blocks.png_colour)
    payload = named.get(b"gAMA", b"")
    if len(payload) != 4 or b"sRGB" in named or blocks.profile is not None:
        return False
    (gamma,) = struct.unpack(">I", payload)
    if gamma == 0 or _USUAL_GAMMAS[0] <= gamma <= _USUAL_GAMMAS[1]:
        return False
    if not _GAMMAS[0] <= gamma <= _GAMMAS[1]:
        return True
    levels = np.linspace(0.0, 1.0, 256) ** (100_000 / (gamma * _DISPLAY))
    curve = np.rint(255 * levels).astype(np.uint8)
    changed = cv2.LUT(stored, curve)
    if float(cv2.absdiff(changed, stored).mean()) < _LEAST_CHANGE:  # black and white stay what they are
        return False
    return _is_woven(cv2.LUT(_small(stored), curve), changed, is_turned=False)


def odd_primaries(blocks: Blocks) -> bool:
    """Whether a PNG's chromaticities name colours by another's place, or leave hardly any (PNG 11.3.2.1)."""
    named = dict(blocks.png_colour)
    payload = named.get(b"cHRM", b"")
    if len(payload) != 32 or b"sRGB" in named or b"cICP" in named or blocks.profile is not None:
        return False
    places = np.array(struct.unpack(">8I", payload)[2:], np.float64).reshape(3, 2) / 100_000  # x, y of each
    if (places <= 0).any() or (
        places.sum(axis=1) > 1.2
    ).any():  # some cameras' are imaginary; these are nonsense
        return False
    (red, green, blue) = places
    area = abs((green[0] - red[0]) * (blue[1] - red[1]) - (blue[0] - red[0]) * (green[1] - red[1])) / 2
    is_named_right = places[:, 0].argmax() == 0 and places[:, 1].argmax() == 1
    return bool(area < _LEAST_GAMUT or not is_named_right)


def unlike_inks(decoded: Decoded, data: bytes, blocks: Blocks) -> bool:
    """Whether a CMYK JPEG shows different pictures to readers with and without profiles."""
    if decoded.source.mode != "CMYK":
        return False
    if not any(part.marker == _ADOBE for part in jpeg_file(data).segments):
        return True  # with the marker inks are inverted; without it some readers invert them all the same
    plain = structure(decoded.stored.pixels)
    others = [_other_decoder(data)]
    if blocks.profile is not None and profile_space(blocks.profile) == "inks":
        others.append(ink_reading(data, blocks.profile, side=SIDE))
    return any(_is_another(plain, structure(other)) for other in others if other is not None)


def odd_components(data: bytes) -> bool:
    """Whether a JPEG is luma and chroma by JFIF, and red, green, blue by Adobe's marker or by its names."""
    if container_of(data) != "jpeg":
        return False
    file = jpeg_file(data)
    if not any(part.marker == _JFIF and part.payload.startswith(b"JFIF\0") for part in file.segments):
        return False
    frames = (part for part in file.segments if part.marker in _FRAMES and part.payload[5:6] == b"\3")
    names = next((part.payload[6::3][:3] for part in frames), b"")
    adobe = (part.payload for part in file.segments if part.marker == _ADOBE and part.payload[:5] == b"Adobe")
    transform = next((payload[11:12] for payload in adobe), b"")
    return names == b"RGB" or (bool(names) and transform == b"\0")


def unlike_decoders(decoded: Decoded, data: bytes) -> bool:
    """Whether a JPEG that was read only after repair shows OpenCV another picture."""
    if not decoded.source.is_repaired or decoded.source.format != "jpeg":
        return False
    other = _other_decoder(data)
    return other is not None and _is_another(structure(decoded.stored.pixels), structure(other))


def unlike_halves(data: bytes) -> bool:
    """Whether the lower half of a PNG's 16 bits, all that some readers keep, is a picture of its own.

    Of an honest picture it is noise, zero, the upper half again, or wraps round where that one steps.
    """
    values = deep_values(data)
    return values is not None and (_low_byte_is_a_picture(values) or _cut_is_a_picture(values))


def _low_byte_is_a_picture(values: npt.NDArray[np.uint16]) -> bool:
    low, high = (values & 255).astype(np.int16), (values >> 8).astype(np.int16)
    steps = np.diff(high, axis=1) != 0
    if steps.sum() < 256 or low.std() < 8:
        return False
    is_smooth_there = float((np.abs(np.diff(low, axis=1))[steps] < 8).mean()) > 0.6
    return is_smooth_there and likeness(structure(_as_rgb(low)), structure(_as_rgb(high))) < _UNRELATED


def _cut_is_a_picture(values: npt.NDArray[np.uint16]) -> bool:
    """Look at what is left where all above 255 is cut to white, as Pillow's own conversion does."""
    is_dark = values < 255
    if not 0.05 < is_dark.mean() < 0.95 or values.max() < 4096:
        return False
    cut, high = structure(_as_rgb(np.minimum(values, 255))), structure(_as_rgb(values >> 8))
    shades = np.unique(values[is_dark]).size
    return shades >= 32 and strength(cut) >= STRUCTURED and likeness(cut, high) < 0.2


def _is_woven(changed_small: Pixels, changed: Pixels, *, is_turned: bool) -> bool:
    """Whether two pictures lie between each other's pixels, of which a curve dims one and lifts the other.

    Of any other picture it is much the same whether it is shrunk before or after colours are changed.

    Args:
        changed_small: (SIDE, SIDE, 3), shrunk before.
        changed: (H, W, 3).
        is_turned: The latter was turned or mirrored besides.
    """
    before, after = detail(changed_small), structure(changed)
    if strength(before) < FLAT or strength(after) < STRUCTURED:  # dither that a curve takes away
        return False
    turns = [np.rot90(each, quarter) for each in (before, before[:, ::-1]) for quarter in range(4)]
    return max(likeness(each, after) for each in (turns if is_turned else [before])) < _WOVEN


def _small(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _trick(profile: bytes, *, is_grey: bool) -> str | None:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    convert_to_srgb(greys, profile, is_grey=is_grey)
    light = greys[0].astype(np.int16) @ np.array([2, 5, 1], np.int16) / 8
    if light[-16:].mean() < light[:16].mean():
        return "turns white to black"
    if light.max() - light.min() < _LEAST_RANGE:
        return "leaves hardly any contrast"
    if (np.maximum.accumulate(light) - light).max() > _LARGEST_FALL:
        return "makes some brighter greys darker"
    if np.abs(np.diff(light)).max() > _LEAST_RANGE or (light[96:] - light[32:-64]).max() > _STEEPEST:
        return "parts black from white without greys between"
    if not is_grey and _swaps_channels(profile):
        return "swaps colours"
    return None


def _unlike_tables(profile: bytes, stored: Pixels, applied: Pixels, *, is_grey: bool) -> str | None:
    """Compare a profile's tables with its curves and primaries: some readers use those, some these."""
    count = int.from_bytes(profile[128:132], "big")
    by_curves = bytearray(profile)
    for at in range(132, 132 + 12 * min(count, 100), 12):
        if profile[at : at + 4] in _TABLES:
            by_curves[at : at + 4] = b"none"
    if by_curves == profile:
        return None
    other = stored.copy()
    if not convert_to_srgb(other, bytes(by_curves), is_grey=is_grey):
        return None
    is_alike = likeness(structure(applied), structure(other)) >= _UNRELATED
    return None if is_alike else "shows another picture by its tables than by its curves"


def _swaps_channels(profile: bytes) -> bool:
    primaries = np.zeros((1, 3, 3), np.uint8)
    primaries[0, range(3), range(3)] = 255
    convert_to_srgb(primaries, profile, is_grey=False)
    return bool((primaries[0].argmax(axis=1) != np.arange(3)).any())


def _is_another(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> bool:
    return likeness(one, other) < _UNRELATED


def _other_decoder(data: bytes) -> Pixels | None:
    try:
        other = cv2.imdecode(np.frombuffer(data, np.uint8), _REDUCED_8)
    except cv2.error:
        return None
    return None if other is None else np.asarray(cv2.cvtColor(other, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _sampled(pixels: Pixels) -> Pixels:
    """Take pixels at even distances: a mean of neighbours would be a colour the picture does not have."""
    height, width = pixels.shape[:2]
    return np.ascontiguousarray(pixels[:: max(1, height // _SAMPLES), :: max(1, width // _SAMPLES)])


def _as_rgb(grey: npt.NDArray[np.integer]) -> Pixels:
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
