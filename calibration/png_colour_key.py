"""Read the one colour of a PNG that is transparent: stated in the depth of the file, not of the decoder."""

import struct
from dataclasses import dataclass

from calibration.containers import container_of, png_chunks

_CHANNELS = {0: 1, 2: 3}  # by colour type: grey and RGB; palettes have a transparency for each colour instead


@dataclass(frozen=True)
class ColourKey:
    """The transparent colour: one value of grey, or three of RGB."""

    values: tuple[int, ...]
    bits: int  # of each value: 1, 2, 4, 8 or 16

    def in_eight_bits(self) -> int | tuple[int, ...]:
        """Scale to 8 bits, as Pillow scales grey pixels, in the shape that Pillow wants."""
        scaled = tuple(value * 255 // ((1 << self.bits) - 1) for value in self.values)
        return scaled[0] if len(scaled) == 1 else scaled


def read_colour_key(data: bytes) -> ColourKey | None:
    """Return the transparent colour of a grey or RGB PNG; None where there is none."""
    if container_of(data) != "png":
        return None
    header = b""
    for chunk in png_chunks(data):
        if chunk.kind == b"IHDR":
            header = chunk.payload
        elif chunk.kind == b"tRNS" and len(header) >= 10:
            return _key(chunk.payload, bits=header[8], color_type=header[9])
        elif chunk.kind == b"IDAT":
            break
    return None


def _key(payload: bytes, *, bits: int, color_type: int) -> ColourKey | None:
    channels = _CHANNELS.get(color_type)
    if channels is None or len(payload) < 2 * channels or bits not in (1, 2, 4, 8, 16):
        return None
    # More bits than the file's are ignored (PNG, third edition, 11.3.1.1).
    values = struct.unpack_from(f">{channels}H", payload)
    return ColourKey(tuple(value & ((1 << bits) - 1) for value in values), bits)
