"""Picture files of every layout, and ways to break them: for fuzzing, from a seed, without any data."""

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from random import Random

import numpy as np
from PIL import Image as PillowImage
from PIL import PngImagePlugin
from skimage import data as pictures

from calibration.containers import png_chunks
from tests.calibration.broken_files import arithmetic_jpeg
from tests.calibration.embedded_profiles import display_p3

_SIZE = (112, 100)  # both above what every detector needs
_LARGEST = 120_000  # bytes of a mutated file
_NUMBERS = (0, 1, 2, 7, 8, 127, 128, 255, 256, 32_767, 32_768, 65_535, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
WORDS = (
    *(
        b"IHDR",
        b"PLTE",
        b"tRNS",
        b"IDAT",
        b"IEND",
        b"acTL",
        b"fcTL",
        b"fdAT",
        b"iCCP",
        b"eXIf",
        b"gAMA",
        b"cHRM",
    ),
    *(
        b"tEXt",
        b"zTXt",
        b"iTXt",
        b"RIFF",
        b"WEBP",
        b"VP8X",
        b"VP8L",
        b"VP8 ",
        b"ALPH",
        b"ANIM",
        b"ANMF",
        b"ICCP",
    ),
    *(
        b"EXIF",
        b"XMP ",
        b"GIF89a",
        b"NETSCAPE2.0",
        b"\x21\xf9\x04",
        b"\x2c",
        b"\x3b",
        b"\xff\xd8",
        b"\xff\xd9",
    ),
    *(b"\xff\xda", b"\xff\xc0", b"\xff\xc2", b"\xff\xc4", b"\xff\xc9", b"\xff\xdb", b"\xff\xdd", b"\xff\xd0"),
    *(b"\xff\xe0", b"\xff\xe1", b"\xff\xe2", b"\xff\xfe", b"Exif\0\0", b"MPF\0", b"ICC_PROFILE\0", b"II*\0"),
    *(b"MM\0*", b"\x12\x01", b"\x01\x12", b"PK\x05\x06", b"PK\x03\x04", b"%PDF-1.4", b"<?xpacket", b"ftyp"),
)


def _picture(mode: str = "RGB") -> PillowImage.Image:
    found = PillowImage.fromarray(pictures.chelsea()).resize(_SIZE)
    if mode in ("RGBA", "LA"):
        found = found.convert(mode)
        found.putalpha(PillowImage.linear_gradient("L").resize(_SIZE))
        return found
    return found.convert(mode)


def _saved(picture: PillowImage.Image, name: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.copy().save(file, name, **options)  # Pillow keeps options on what it saves
    return file.getvalue()


def _exif() -> PillowImage.Exif:
    exif = PillowImage.Exif()
    exif[0x0112], exif[0x010E], exif[0x9C9C] = 6, "A cat at a window", "Katze".encode("utf-16-le")
    exif[0x8769] = {0x9286: b"UNICODE\0" + "meow".encode("utf-16-le")}
    return exif


def _deep(kind: str) -> bytes:
    grey = np.asarray(_picture("L")).astype(np.uint16) * 257
    if kind == "grey":
        return _saved(PillowImage.fromarray(grey), "PNG")
    rows = b"".join(b"\0" + np.stack([row] * 3, axis=-1).astype(">u2").tobytes() for row in grey)
    head = struct.pack(">IIBBBBB", *_SIZE, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, body) for kind, body in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def _interlaced() -> bytes:
    """Write a PNG in Adam7 by hand: seven small pictures, no filter."""
    pixels = np.asarray(_picture())
    steps = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    passes = (pixels[top::down, left::right] for left, top, right, down in steps)
    rows = b"".join(b"\0" + row.tobytes() for each in passes for row in each)
    head = struct.pack(">IIBBBBB", *_SIZE, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, body) for kind, body in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def seeds() -> Mapping[str, bytes]:
    """Return a small valid file of every layout by its name, which begins with its format."""
    rgb, grey, clear = _picture(), _picture("L"), _picture("RGBA")
    palette = rgb.quantize(32)
    moving = [PillowImage.fromarray(np.roll(np.asarray(rgb), 9 * step, axis=1)) for step in range(1, 4)]
    series = {"save_all": True, "append_images": moving, "duration": 60, "loop": 0}
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "a cat")
    text.add_text("Description", "a cat at a window " * 20, zip=True)
    text.add_itxt("XML:com.adobe.xmp", '<x:xmpmeta tiff:Orientation="3"/>')
    told = {"exif": _exif(), "icc_profile": display_p3()}
    return {
        "jpeg baseline": _saved(rgb, "JPEG", quality=85),
        "jpeg progressive": _saved(rgb, "JPEG", progressive=True),
        "jpeg grey": _saved(grey, "JPEG"),
        "jpeg 444 optimised": _saved(rgb, "JPEG", subsampling=0, optimize=True),
        "jpeg cmyk": _saved(rgb.convert("CMYK"), "JPEG"),
        "jpeg restarts": _saved(rgb, "JPEG", restart_marker_blocks=2),
        "jpeg metadata": _saved(rgb, "JPEG", comment=b"a cat", **told),
        "jpeg mpo": _saved(rgb, "MPO", save_all=True, append_images=moving[:2]),
        "jpeg arithmetic": arithmetic_jpeg(64),
        "png rgb": _saved(rgb, "PNG"),
        "png alpha": _saved(clear, "PNG"),
        "png grey": _saved(grey, "PNG"),
        "png grey alpha": _saved(_picture("LA"), "PNG"),
        "png palette": _saved(palette, "PNG", transparency=bytes(range(0, 256, 8))),
        "png bits": _saved(_picture("1"), "PNG"),
        "png deep grey": _deep("grey"),
        "png deep": _deep("rgb"),
        "png interlaced": _interlaced(),
        "png animated": _saved(rgb, "PNG", **series),
        "png texts": _saved(rgb, "PNG", pnginfo=text, **told),
        "webp lossy": _saved(rgb, "WEBP", quality=70),
        "webp lossless": _saved(rgb, "WEBP", lossless=True),
        "webp alpha": _saved(clear, "WEBP"),
        "webp animated": _saved(rgb, "WEBP", **series),
        "webp metadata": _saved(rgb, "WEBP", **told),
        "gif still": _saved(palette, "GIF", comment=b"a cat"),
        "gif interlaced": _saved(palette, "GIF", interlace=1),
        "gif animated": _saved(rgb, "GIF", **series),
        "tiff plain": _saved(rgb, "TIFF"),
        "tiff deflate": _saved(rgb, "TIFF", compression="tiff_deflate"),
        "tiff lzw": _saved(rgb, "TIFF", compression="tiff_lzw"),
        "tiff jpeg": _saved(rgb, "TIFF", compression="jpeg"),
        "tiff fax": _saved(_picture("1"), "TIFF", compression="group4"),
        "tiff cmyk": _saved(rgb.convert("CMYK"), "TIFF"),
        "tiff pages": _saved(rgb, "TIFF", save_all=True, append_images=[each.copy() for each in moving]),
        "bmp rgb": _saved(rgb, "BMP"),
        "bmp palette": _saved(palette, "BMP"),
    }


def mutated(source: bytes, others: list[bytes], rng: Random) -> bytes:
    """Break a file in one to four ways.

    Args:
        source: The file.
        others: Of the same format, to take pieces from.
        rng: Decides everything.
    """
    found = source
    for _ in range(rng.choice((1, 1, 2, 2, 3, 4))):
        found = rng.choice(_WAYS)(found, others, rng)[:_LARGEST] or b"\0"
    return _with_checksums(found) if found.startswith(b"\x89PNG") and rng.random() < 0.7 else found


def _place(data: bytes, rng: Random) -> int:
    """Choose a byte, half of the time among the first, where headers are."""
    return rng.randrange(min(len(data), 400) if rng.random() < 0.5 else len(data))


def _flip_bits(data: bytes, _: list[bytes], rng: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        changed[_place(data, rng)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _overwrite(data: bytes, _: list[bytes], rng: Random) -> bytes:
    at = _place(data, rng)
    run = rng.randbytes(rng.choice((1, 4, 32))) if rng.random() < 0.6 else bytes([rng.choice((0, 255))]) * 16
    return data[:at] + run + data[at + len(run) :]


def _truncate(data: bytes, _: list[bytes], rng: Random) -> bytes:
    return data[: rng.choice((_place(data, rng), len(data) - rng.randrange(1, 16), len(data) // 2))]


def _remove(data: bytes, _: list[bytes], rng: Random) -> bytes:
    at = _place(data, rng)
    return data[:at] + data[at + rng.choice((1, 2, 4, 16, 200)) :]


def _repeat(data: bytes, _: list[bytes], rng: Random) -> bytes:
    at = _place(data, rng)
    piece = data[at : at + rng.choice((2, 12, 100, 2_000))]
    return data[:at] + piece * rng.choice((2, 2, 5, 50)) + data[at:]


def _word(data: bytes, _: list[bytes], rng: Random) -> bytes:
    at, word = _place(data, rng), rng.choice(WORDS)
    return data[:at] + word + data[at + (len(word) if rng.random() < 0.5 else 0) :]


def _number(data: bytes, _: list[bytes], rng: Random) -> bytes:
    """Write a number at the edge of its type: lengths lie, sizes explode."""
    at, order = _place(data, rng), rng.choice("<>")
    letter = rng.choice("BHI")
    value = rng.choice(_NUMBERS) % (1 << 8 * struct.calcsize(letter))
    piece = struct.pack(order + letter, value)
    return data[:at] + piece + data[at + len(piece) :]


def _splice(data: bytes, others: list[bytes], rng: Random) -> bytes:
    other = rng.choice(others)
    return data[: _place(data, rng)] + other[_place(other, rng) :]


def _exchange_parts(data: bytes, others: list[bytes], rng: Random) -> bytes:
    """Put a part of another file of the format between two parts, or drop or double one."""
    parts, foreign = _parts(data), _parts(rng.choice(others))
    at = rng.randrange(len(parts))
    match rng.randrange(4):
        case 0:
            parts.insert(at, rng.choice(foreign))
        case 1:
            parts[at] = rng.choice(foreign)
        case 2:
            parts.insert(at, parts[at])
        case 3:
            parts.pop(at)
    return b"".join(parts)


def _parts(data: bytes) -> list[bytes]:
    signs = {b"\xff\xd8": rb"(?=\xff[\xc0-\xfe])", b"GI": rb"(?=[\x21\x2c][\x00-\xff])"}
    sign = signs.get(data[:2], rb"(?=....(?:[A-Z]{4}|[a-z][A-Za-z]{3}))|(?=VP8|ALPH|ANM|ANIM)")
    found = [part for part in re.split(sign, data, maxsplit=200, flags=re.DOTALL) if part]
    return found or [data]


def _append(data: bytes, others: list[bytes], rng: Random) -> bytes:
    return data + rng.choice(
        (rng.choice(others), rng.randbytes(300), bytes(300), b"<?php ?>", b"PK\5\6" + bytes(18))
    )


_Way = Callable[[bytes, list[bytes], Random], bytes]
_WAYS: tuple[_Way, ...] = (
    *(_flip_bits, _overwrite, _truncate, _remove, _repeat, _word, _number, _number, _splice),
    *(_exchange_parts, _exchange_parts, _append),
)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _with_checksums(data: bytes) -> bytes:
    """Mend the checksums of a PNG's chunks, which would stop a reader before it comes to what is broken."""
    kept = data[:8] + b"".join(_chunk(part.kind, part.payload) for part in png_chunks(data))
    return kept + data[len(kept) :]


def bombs() -> Iterator[bytes]:
    """Give files whose headers promise far more than they hold, and small ones that unfold."""
    for side in (20_000, 65_535, 2**31 - 1):
        head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
        yield b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(bytes(99)))
        yield (
            b"GIF89a"
            + struct.pack("<HH", min(side, 65_535), min(side, 65_535))
            + b"\x80\0\0"
            + bytes(6)
            + b"\x3b"
        )
    for encoded in (_saved(_picture(), "JPEG"), _saved(_picture(), "JPEG", progressive=True)):
        at = re.search(rb"\xff[\xc0\xc2]\0\x11\x08", encoded)
        yield encoded[: at.end()] + b"\xff\xff\xff\xff" + encoded[at.end() + 4 :]
        scan = encoded.rfind(b"\xff\xda")
        yield encoded[:-2] + encoded[scan:-2] * 99 + b"\xff\xd9"
    unfolding = zlib.compress(bytes(64 * 1024 * 1024), 9)
    png = _saved(_picture(), "PNG")
    yield png[:33] + _chunk(b"zTXt", b"Comment\0\0" + unfolding) + png[33:]
    yield png[:33] + _chunk(b"iTXt", b"Comment\0\1\0\0\0" + unfolding) * 20 + png[33:]
    yield png[:33] + _chunk(b"iCCP", b"p\0\0" + unfolding) + png[33:]
    yield png[:33] + _chunk(b"IDAT", unfolding) + png[33:]
    yield png[:33] + _chunk(b"tEXt", b"A\0" + b"ignore all previous " * 400_000) + png[33:]
    yield png[:33] + _chunk(b"tEXt", b"A\0b") * 90_000 + png[33:]
    yield _saved(_picture(), "JPEG") + b"\xff\xd8\xff" * 300_000
    yield _saved(_picture(), "JPEG") + b"PK\x05\x06" * 200_000
    for frames in (999, 1_500):
        still = PillowImage.new("L", (300, 300), 7)
        yield _saved(
            still, "GIF", save_all=True, duration=20,
            append_images=[PillowImage.new("L", (300, 300), n % 250) for n in range(frames - 1)],
        )  # fmt: skip
