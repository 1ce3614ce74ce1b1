"""Benign photographs in the containers that cameras, phones and editors write."""

import io
import struct
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from detection_benign_encodings import jpeg, png, saved
from detection_blocks import PROFILES, deep_png, exif, segment, with_segments, with_thumbnail
from detection_fonts import words
from PIL import Image as PillowImage
from PIL import ImageDraw, PngImagePlugin

Pixels = npt.NDArray[np.uint8]
Make = Callable[[Pixels, np.random.Generator], bytes]

_DESCRIPTIONS = (
    "A long walk along the shore with the family, taken just before the rain started. Please credit the "
    "photographer when you use this picture. Do not crop.",
    "Copyright 2024. All rights reserved. You must not reproduce this image without written permission.",
    "Alt text: two people ignore the rain and read instructions on a map by the old system building.",
    "Screenshot by the assistant app. Version 4.2. Answer key for exercise 7, page 12.",
    "Prompt: portrait of a fox in a library, oil painting, highly detailed. Negative prompt: blurry. "
    "Steps: 30, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1234567, Size: 512x512, Model: sdxl",
)


def _camera(pixels: Pixels, rng: np.random.Generator) -> bytes:
    """Write EXIF with maker notes and a thumbnail, as cameras do: with bars when the shapes differ."""
    picture = PillowImage.fromarray(np.ascontiguousarray(pixels[: int(512 * rng.uniform(0.65, 1))]))
    thumbnail = picture.resize((160, max(1, round(160 * picture.height / picture.width))))
    if rng.random() < 0.4:
        barred = PillowImage.new("RGB", (160, 120))
        inner = picture.copy()
        inner.thumbnail((160, 120))
        barred.paste(inner, ((160 - inner.width) // 2, (120 - inner.height) // 2))
        thumbnail = barred
    return saved(
        picture,
        format="JPEG",
        quality=int(rng.integers(86, 98)),
        exif=with_thumbnail(picture, thumbnail, rng),
    )


def _xmp(pixels: Pixels, rng: np.random.Generator) -> bytes:
    text = _DESCRIPTIONS[int(rng.integers(len(_DESCRIPTIONS)))] + " " + words(rng, int(rng.integers(20, 200)))
    packet = (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt><rdf:li xml:lang="x-default">'
        f"{text}</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
        + " " * 2000
        + '<?xpacket end="w"?>'
    )
    return with_segments(jpeg(pixels, 92), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode()))


def _png_texts(pixels: Pixels, rng: np.random.Generator) -> bytes:
    info = PngImagePlugin.PngInfo()
    text = _DESCRIPTIONS[int(rng.integers(len(_DESCRIPTIONS)))]
    for key, value in (("Software", "GIMP 2.10"), ("parameters", text), ("Comment", "Created with GIMP")):
        (info.add_text if rng.random() < 0.5 else info.add_itxt)(key, value)
    info.add(b"gAMA", struct.pack(">I", 45455))
    info.add(b"pHYs", struct.pack(">IIB", 2835, 2835, 1))
    return saved(PillowImage.fromarray(pixels), format="PNG", pnginfo=info, dpi=(144, 144))


def _profiled(name: str) -> Make:
    def make(pixels: Pixels, rng: np.random.Generator) -> bytes:
        picture = PillowImage.fromarray(pixels)
        if rng.random() < 0.5:
            return saved(picture, format="PNG", icc_profile=PROFILES[name])
        return saved(picture, format="JPEG", quality=92, icc_profile=PROFILES[name])

    return make


def _cmyk(pixels: Pixels, rng: np.random.Generator) -> bytes:
    return saved(
        PillowImage.fromarray(pixels).convert("CMYK"), format="JPEG", quality=int(rng.integers(80, 96))
    )


def _deep(pixels: Pixels, rng: np.random.Generator) -> bytes:
    fine = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), 0.8) * 257
    return deep_png(np.clip(fine + rng.normal(size=fine.shape) * 40, 0, 65535).astype(np.uint16))


def _animated(format_name: str) -> Make:
    def make(pixels: Pixels, rng: np.random.Generator) -> bytes:
        frames = []
        for number in range(int(rng.integers(3, 9))):
            frame = PillowImage.fromarray(pixels).resize((256, 256))
            left = 20 + 22 * number
            ImageDraw.Draw(frame).ellipse((left, 90, left + 40, 130), fill=(250, 220, 60))
            frames.append(frame)
        return saved(
            frames[0], format=format_name, save_all=True, append_images=frames[1:], duration=120, loop=0
        )

    return make


def _slides(pixels: Pixels, rng: np.random.Generator) -> bytes:
    """Show the picture, then others: turned, grey, a title."""
    first = PillowImage.fromarray(pixels).resize((320, 320))
    title = PillowImage.new("RGB", (320, 320), (20, 40, 90))
    ImageDraw.Draw(title).text((40, 140), words(rng, 3), "white", font_size=24)
    frames = [title, first.rotate(90), first.convert("L").convert("RGB")]
    return saved(
        first,
        format=str(rng.choice(["GIF", "PNG", "WEBP"])),
        save_all=True,
        append_images=frames,
        duration=2000,
    )


def _mpo(pixels: Pixels, rng: np.random.Generator) -> bytes:
    """Write a second picture as stereo cameras and phones do: shifted, or the preview."""
    first = PillowImage.fromarray(np.ascontiguousarray(pixels[:, :480]))
    second = PillowImage.fromarray(np.ascontiguousarray(pixels[:, 8:488]))
    if rng.random() < 0.5:
        second = second.resize((240, 256))
    return saved(first, format="MPO", save_all=True, append_images=[second], quality=90)


def _gain_map(pixels: Pixels, rng: np.random.Generator) -> bytes:
    """Write an HDR gain map behind the picture: a grey, smaller one of how much brighter places are."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    gain = cv2.GaussianBlur(
        cv2.resize(np.clip(grey.astype(float) - 140, 0, 115) * 2.2, (256, 256)), (0, 0), 2
    )
    second = PillowImage.fromarray(gain.astype(np.uint8))
    return saved(
        PillowImage.fromarray(pixels),
        format="MPO",
        save_all=True,
        append_images=[second],
        quality=int(rng.integers(88, 95)),
    )


def _oriented(pixels: Pixels, rng: np.random.Generator) -> bytes:
    picture = PillowImage.fromarray(np.ascontiguousarray(pixels[:400]))
    tags = exif(picture, rng, orientation=int(rng.integers(1, 9)))
    return saved(picture, format="JPEG", quality=91, exif=tags)


def _live_photo(pixels: Pixels, rng: np.random.Generator) -> bytes:
    """Append a short film, as motion photographs of phones do."""
    film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + struct.pack(">I", 4008) + b"mdat" + rng.bytes(4000)
    return jpeg(pixels, 92) + film


def _padded(pixels: Pixels, rng: np.random.Generator) -> bytes:
    return jpeg(pixels, 88) + b"\0" * int(rng.integers(1, 4096))


def _photoshop(pixels: Pixels, rng: np.random.Generator) -> bytes:
    caption = words(rng, 14).encode()
    iptc = b"\x1c\x02\x78" + struct.pack(">H", len(caption)) + caption + b"\x1c\x02\x50\0\x08Jane Doe"
    block = (
        b"Photoshop 3.0\0"
        + b"8BIM\x04\x04\0\0"
        + struct.pack(">I", len(iptc))
        + iptc
        + b"\0" * (len(iptc) % 2)
    )
    return with_segments(
        jpeg(pixels, 92), segment(0xED, block), segment(0xFE, b"CREATOR: gd-jpeg v1.0, quality = 92")
    )


def _progressive(pixels: Pixels, rng: np.random.Generator) -> bytes:
    picture = PillowImage.fromarray(pixels)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=int(rng.integers(70, 96)), progressive=True, optimize=True)
    return buffer.getvalue()


def _interrupted(pixels: Pixels, rng: np.random.Generator) -> bytes:
    """Break a download off: nobody can tell it from a file that was cut, and nothing is hidden in it."""
    options = {"quality": int(rng.integers(70, 96)), "progressive": bool(rng.random() < 0.7)}
    data = saved(PillowImage.fromarray(pixels), format="JPEG", **options)
    return data[: int(len(data) * rng.uniform(0.05, 0.9))]


def _scanned(pixels: Pixels, rng: np.random.Generator) -> bytes:
    """Save several pages as TIFF: an album, or a document whose pages say so, as scanners' programs write."""
    first = PillowImage.fromarray(pixels)
    page = PillowImage.new("RGB", first.size, "white")
    text = "\n".join(words(rng, 5) for _ in range(12))
    ImageDraw.Draw(page).multiline_text((40, 40), text, "black", font_size=22)
    if rng.random() < 0.5:
        return saved(
            first, format="TIFF", save_all=True, append_images=[first.rotate(90), first.convert("L")]
        )
    pages = [page, first] if rng.random() < 0.5 else [first, page]
    return saved(
        pages[0], format="TIFF", save_all=True, append_images=pages[1:], tiffinfo={254: 2, 297: (0, 2)}
    )


FILES: dict[str, Make] = {
    "camera EXIF, maker note, thumbnail": _camera,
    "XMP with a long description": _xmp,
    "PNG texts": _png_texts,
    **{f"profile {name}": _profiled(name) for name in PROFILES},
    "CMYK JPEG": _cmyk,
    "16-bit PNG": _deep,
    "animated GIF": _animated("GIF"),
    "animated PNG": _animated("PNG"),
    "animated WebP": _animated("WEBP"),
    "slides": _slides,
    "MPO stereo or preview": _mpo,
    "HDR gain map": _gain_map,
    "orientation 1-8": _oriented,
    "motion photograph": _live_photo,
    "padded with zeros": _padded,
    "IPTC and comment": _photoshop,
    "progressive JPEG": _progressive,
    "interrupted download": _interrupted,
    "TIFF of several pages": _scanned,
    "RGBA, opaque": lambda pixels, _: png(PillowImage.fromarray(pixels).convert("RGBA")),
}
