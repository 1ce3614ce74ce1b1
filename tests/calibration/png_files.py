"""PNGs of every kind, built by hand: what no library writes is among them."""

import struct
import zlib

import numpy as np

from calibration.containers import Part, join_png

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
KINDS = [(colour, bits) for colour, depths in DEPTHS.items() for bits in depths]
_PASSES = [  # of Adam7: first column, first row, and how far apart
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
]


def png_of(samples, *, bits, colour, interlaced=False, palette=None, transparency=None, chunks=()):
    """Write samples (H, W, C); `transparency` is the contents of tRNS, `chunks` stand before the pixels."""
    height, width = samples.shape[:2]
    parts = [Part(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced)))]
    parts += [Part(kind, payload) for kind, payload in chunks]
    if palette is not None:
        parts.append(Part(b"PLTE", np.asarray(palette, np.uint8).tobytes()))
    if transparency is not None:
        parts.append(Part(b"tRNS", transparency))
    whole = [(0, 0, 1, 1)]
    rows = b"".join(
        b"\0" + packed(row, bits)
        for left, top, across, down in (_PASSES if interlaced else whole)
        for row in samples[top::down, left::across]
        if row.size
    )
    return join_png([*parts, Part(b"IDAT", zlib.compress(rows, 0)), Part(b"IEND", b"")])


def packed(row, bits):
    """Return the bytes of a row (W, C)."""
    values = row.reshape(-1)
    if bits == 16:
        return values.astype(">u2").tobytes()
    if bits == 8:
        return values.astype(np.uint8).tobytes()
    return np.packbits((values[:, None] >> np.arange(bits)[::-1]) & 1).tobytes()


def samples_of(rng, *, bits, colour, size=(23, 37)):
    """Make samples smooth enough to be worth compressing, of every value a depth has."""
    height, width = size
    most = (1 << bits) - 1
    slope = np.add.outer(np.arange(height), np.arange(width))[..., None] * max(1, most // (height + width))
    noise = rng.integers(0, max(1, most // 16), (height, width, CHANNELS[colour]))
    return (slope + noise) % (most + 1)


def made(rng, *, colour, bits, has_clear_pixels=False, **options):
    """Make a PNG of one kind, with a palette where its kind has one, with a tRNS where that is asked for."""
    palette = rng.integers(0, 256, (1 << bits, 3)) if colour == 3 else None
    samples = samples_of(rng, bits=bits, colour=colour)
    if has_clear_pixels:
        clear = samples[5, 7].astype(">u2").tobytes()  # this colour
        opacities = rng.integers(0, 200, 1 << bits, dtype=np.uint8).tobytes()  # of every colour
        options["transparency"] = opacities if colour == 3 else clear
    return png_of(samples, bits=bits, colour=colour, palette=palette, **options)
