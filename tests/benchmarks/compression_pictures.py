"""Photographs that compression is measured on: small ones, megapixels, camera files, as JPEG and as PNG.

Made of photographs nobody learned from: the last of BIQ2021, reduced a little so that the grid of their own
JPEG blocks is gone, and the pictures of Kodak, which were never compressed. A larger picture is a mosaic of
them at their native resolution: enlarging would make pictures that are too easy.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageCms

from calibration.image import Decoded, Image, decode, encode_jpeg, encode_png, load, resize

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NATIVE_SIDE, SMALL_SIDE = 512, 460
CAMERA_TILES = (8, 6)  # of 512 pixels: 4096 x 3072, twelve megapixels
CAMERA_QUALITY, SMALL_QUALITY = 92, 95
NOISES = (0.0, 2.0, 4.0)  # sigma, grey levels
ON_ITS_SIDE = 6  # the orientation of a phone held upright
_ORIENTATION_TAG = 0x0112
_KEPT_FROM_LEARNING = 300  # photographs of BIQ2021, its last
# Display P3's primaries as a profile holds them, adapted to D50 (ICC.1:2022, DCI-P3 RP 431-2 with D65).
_P3_COLUMNS = {
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
}


@dataclass(frozen=True, eq=False)
class Picture:
    """One file as it comes in."""

    name: str
    data: bytes
    group: str = ""  # what it is reported under

    @cached_property
    def decoded(self) -> Decoded:
        """Its pixels, upright."""
        return decode(self.data)


def is_there() -> bool:
    """Tell whether the data are on this machine."""
    return DATA.exists()


def small_photographs(count: int) -> list[Picture]:
    """Return photographs of .2 to .4 megapixels as JPEG 95: two of BIQ2021 for each of Kodak."""
    kodak, others = _kodak(), _unseen()
    files = [one for index in range(len(kodak)) for one in (kodak[index], *others[2 * index : 2 * index + 2])]
    files += others[2 * len(kodak) :]
    return [
        Picture(path.stem, encode_jpeg(_ungridded(path), SMALL_QUALITY, progressive=False))
        for path in files[:count]
    ]


def photographs_to_fit(count: int) -> list[Picture]:
    """Return photographs like those, none of them among what is measured on."""
    files = sorted((DATA / "photos" / "biq2021").glob("*.jpg"))[:-_KEPT_FROM_LEARNING]
    chosen = np.random.default_rng(5).permutation(len(files))[:count]
    return [
        Picture(files[index].stem, encode_jpeg(_ungridded(files[index]), SMALL_QUALITY, progressive=False))
        for index in chosen
    ]


def megapixels(count: int) -> list[Picture]:
    """Return photographs of 1.05 megapixels as JPEG 95."""
    return [
        Picture(f"mosaic_{index}", encode_jpeg(_mosaic(2, 2, seed=index), SMALL_QUALITY, progressive=False))
        for index in range(count)
    ]


def png_photographs(count: int) -> list[Picture]:
    """Return photographs that were never compressed, as PNG."""
    return [Picture(path.stem, encode_png(load(path))) for path in _kodak()[:count]]


def drawings() -> list[Picture]:
    """Return drawings with an alpha channel, as they were published."""
    files = sorted((DATA / "charts" / "seaborn").glob("*.png"))
    found = [Picture(path.stem, path.read_bytes()) for path in files]
    return [picture for picture in found if picture.decoded.source.has_alpha]


def cut_outs(count: int) -> list[Picture]:
    """Return photographs cut out along a circle, as PNG: clear around it, with the colours beneath."""
    found = []
    for path in _kodak()[:count]:
        pixels = load(path).pixels
        rows, columns = np.mgrid[-1 : 1 : pixels.shape[0] * 1j, -1 : 1 : pixels.shape[1] * 1j]
        alpha = np.where(np.hypot(rows, columns) < 1, 255, 0).astype(np.uint8)
        found.append(Picture(path.stem, _saved(np.dstack([pixels, alpha]), "PNG")))
    return found


def deep_photographs(count: int) -> list[Picture]:
    """Return photographs of 16 bits a channel, as PNG: 8 bits and what lies between neighbours."""
    found = []
    for path in _kodak()[:count]:
        deep = cv2.GaussianBlur(load(path).pixels.astype(np.float32) * 257, (3, 3), 1)
        found.append(Picture(path.stem, cv2.imencode(".png", deep.astype(np.uint16))[1].tobytes()))
    return found


def cmyk_files(count: int) -> list[Picture]:
    """Return photographs as JPEG of four inks."""
    return [
        Picture(
            path.stem, _saved(PillowImage.fromarray(load(path).pixels).convert("CMYK"), "JPEG", quality=92)
        )
        for path in _kodak()[:count]
    ]


def _saved(picture: "np.ndarray | PillowImage.Image", format_name: str, **options: object) -> bytes:
    target = io.BytesIO()
    opened = PillowImage.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    opened.save(target, format_name, **options)
    return target.getvalue()


def camera_files(count: int) -> Iterator[Picture]:
    """Make JPEGs of twelve megapixels, one at a time: each noise, with and without orientation, profile."""
    kinds = [(turn, profile) for turn in (1, ON_ITS_SIDE) for profile in (None, "p3")]
    for index in range(count):
        noise, (orientation, profile) = NOISES[index % len(NOISES)], kinds[index % len(kinds)]
        mosaic = _mosaic(*CAMERA_TILES, seed=100 + index)
        data = _camera_jpeg(_noisy(mosaic, noise, seed=index), orientation, profile)
        yield Picture(
            f"camera_{index}", data, f"noise {noise:g}, orientation {orientation}, {profile or 'sRGB'}"
        )


def display_p3() -> bytes:
    """Return an ICC profile with wider primaries than sRGB: that of nearly every phone."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", profile, 128)
    for entry in range(count):
        tag, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * entry)
        if tag in _P3_COLUMNS:
            struct.pack_into(">3i", profile, offset + 8, *(round(each * 65536) for each in _P3_COLUMNS[tag]))
    # A phone's profile has a name of its own, in ASCII or in UTF-16.
    return (
        bytes(profile)
        .replace(b"sRGB", b"P3 D")
        .replace("sRGB".encode("utf-16-be"), "P3 D".encode("utf-16-be"))
    )


def _camera_jpeg(image: Image, orientation: int, profile: str | None) -> bytes:
    exif = PillowImage.Exif()
    exif[_ORIENTATION_TAG] = orientation
    options: dict[str, object] = {"icc_profile": display_p3()} if profile else {}
    target = io.BytesIO()
    PillowImage.fromarray(image.pixels).save(
        target, "JPEG", quality=CAMERA_QUALITY, subsampling=2, exif=exif, **options
    )
    return target.getvalue()


def _noisy(image: Image, sigma: float, seed: int) -> Image:
    if sigma == 0.0:
        return image
    noise = np.random.default_rng(seed).normal(0.0, sigma, image.pixels.shape).astype(np.float32)
    return Image(np.clip(np.rint(image.pixels + noise), 0, 255).astype(np.uint8))


def _mosaic(across: int, down: int, *, seed: int) -> Image:
    files = _unseen()
    chosen = np.random.default_rng(seed).permutation(len(files))[: across * down]
    tiles = [load(files[index]).pixels[:NATIVE_SIDE, :NATIVE_SIDE] for index in chosen]
    rows = [np.concatenate(tiles[row * across : (row + 1) * across], axis=1) for row in range(down)]
    return Image(np.concatenate(rows))


def _ungridded(path: Path) -> Image:
    picture = load(path)
    return picture if path.suffix == ".png" else resize(picture, SMALL_SIDE, SMALL_SIDE, "area")


def _kodak() -> list[Path]:
    return sorted((DATA / "photos" / "kodak").glob("*.png"))


def _unseen() -> list[Path]:
    """List what every part of the artifact was kept from, and no margin was found on."""
    return sorted((DATA / "photos" / "biq2021").glob("*.jpg"))[-_KEPT_FROM_LEARNING:]
