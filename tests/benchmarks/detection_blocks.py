"""Building blocks of picture files: EXIF as cameras write it, thumbnails, colour profiles, deep PNGs."""

import struct

import cv2
import numpy as np
import numpy.typing as npt
from detection_benign_encodings import jpeg
from PIL import Image as PillowImage
from PIL import ImageCms

_CAMERAS = (("Canon", "EOS R6"), ("Apple", "iPhone 15 Pro"), ("SONY", "ILCE-7M4"), ("samsung", "SM-S918B"),
            ("Google", "Pixel 8"), ("NIKON CORPORATION", "NIKON Z 6"))  # fmt: skip


def with_segments(data: bytes, *segments: bytes) -> bytes:
    """Insert JPEG segments right after the start of the picture."""
    return data[:2] + b"".join(segments) + data[2:]


def segment(marker: int, payload: bytes) -> bytes:
    """Return an APPn or COM segment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def exif(picture: PillowImage.Image, rng: np.random.Generator, *, orientation: int = 1) -> PillowImage.Exif:
    """Fill in what a camera writes."""
    make, model = _CAMERAS[int(rng.integers(len(_CAMERAS)))]
    tags = PillowImage.Exif()
    tags[0x010F], tags[0x0110], tags[0x0112] = make, model, orientation
    tags[0x0131], tags[0x0132] = "17.4.1", f"2024:0{rng.integers(1, 9)}:1{rng.integers(9)} 10:22:07"
    tags[0x013B] = "Jane Doe"
    inner = tags.get_ifd(0x8769)
    inner[0x829A], inner[0x829D], inner[0x8827] = 1 / 125, 2.8, int(rng.choice([100, 400, 3200]))
    inner[0x9286] = b"ASCII\0\0\0" + b"                "
    inner[0xA002], inner[0xA003] = picture.width, picture.height
    inner[0x927C] = make.encode()[:5] + b"\0" + rng.bytes(int(rng.integers(200, 3000)))
    return tags


def with_thumbnail(
    picture: PillowImage.Image, thumbnail: PillowImage.Image, rng: np.random.Generator
) -> bytes:
    small = jpeg(thumbnail, 75)
    head = exif(picture, rng).tobytes()  # "Exif", then TIFF without a second directory
    body = bytearray(head[6:])
    order = "<" if body[:2] == b"II" else ">"
    first = struct.unpack(order + "I", body[4:8])[0]
    entries = struct.unpack(order + "H", body[first : first + 2])[0]
    link = first + 2 + 12 * entries
    start = len(body) + len(body) % 2
    body += b"\0" * (len(body) % 2)
    body[link : link + 4] = struct.pack(order + "I", start)
    directory = struct.pack(order + "HHHI", 3, 0x0103, 3, 1) + struct.pack(order + "HH", 6, 0)
    directory += struct.pack(order + "HHII", 0x0201, 4, 1, start + 2 + 36 + 4)
    directory += struct.pack(order + "HHII", 0x0202, 4, 1, len(small))
    return b"Exif\0\0" + bytes(body) + directory + struct.pack(order + "I", 0) + small


def profile(primaries: tuple[float, ...], gamma: float) -> bytes:
    """Build a display profile (matrix and gamma) of three columns in XYZ, D50."""
    base = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), np.reshape(primaries, (3, 3)), strict=True):
        entry = base.index(tag)
        offset = struct.unpack(">I", base[entry + 4 : entry + 8])[0]
        base[offset + 8 : offset + 20] = struct.pack(">3i", *(round(value * 65536) for value in column))
    if gamma:
        entry = base.index(b"rTRC")
        offset = struct.unpack(">I", base[entry + 4 : entry + 8])[0]
        base[offset : offset + 14] = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    return bytes(base)


PROFILES = {
    "sRGB": profile((0.43607, 0.22249, 0.01392, 0.38515, 0.71687, 0.09708, 0.14307, 0.06061, 0.7141), 0.0),
    "Display P3": profile(
        (0.51512, 0.2412, -0.00105, 0.29198, 0.69225, 0.04189, 0.1571, 0.06657, 0.78407), 0.0
    ),
    "Adobe RGB": profile(
        (0.60974, 0.31111, 0.01947, 0.20528, 0.62567, 0.06087, 0.14919, 0.06322, 0.74457), 2.2
    ),
    "ProPhoto": profile((0.79767, 0.28804, 0.0, 0.13519, 0.71188, 0.0, 0.03134, 0.00009, 0.82491), 1.8),
}


def deep_png(deep: npt.NDArray[np.uint16]) -> bytes:
    """Save 16 bits a channel, RGB."""
    encoded = cv2.imencode(".png", np.ascontiguousarray(deep[..., ::-1]))[1]
    return encoded.tobytes()
