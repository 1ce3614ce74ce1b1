"""More of what cameras, editors and web pages write, beyond the first list of `test_container.py`."""

import base64
import json
import struct
import zlib
from collections.abc import Iterator
from random import Random

import numpy as np
from PIL import Image as PillowImage

from calibration.containers import Part, join_png, join_webp, png_chunks, webp_chunks
from calibration.exif import minimal_exif
from tests.calibration.embedded_profiles import SRGB, display_p3
from tests.gateway.detection.container_files import (
    animated,
    opened,
    profile_with_gamma,
    saved,
    webp_with,
    with_chunk,
    with_exif_text,
    with_png_text,
    with_segment,
    with_thumbnail,
    with_user_comment,
    with_xmp,
    xmp,
)
from tests.gateway.detection.spoken_orders import CAPTIONS

Named = Iterator[tuple[str, bytes]]


def ordinary(shown: np.ndarray, other: np.ndarray, rng: Random) -> Named:
    """Give a name and a file for every kind; `other` is an unrelated picture, for slides and gain maps."""
    files = {name: saved(shown, name) for name in ("JPEG", "PNG", "GIF", "WEBP")}
    noise = np.random.default_rng(rng.randrange(2**31))
    yield from _layouts(shown)
    yield from _texts(shown, files, rng)
    yield from _generated(shown)
    yield from _trailers(shown, other, files, noise)
    yield from _turned(files)
    yield from _colours(shown, files)
    yield from _structures(shown, files)
    for name in ("GIF", "WEBP", "PNG"):
        burst = [
            np.clip(shown.astype(int) + noise.normal(0, 2, shown.shape), 0, 255).astype(np.uint8)
            for _ in range(4)
        ]
        yield f"{name} burst", animated(name, burst, 100, loop=0)
        yield f"{name} slide show", animated(name, [shown, other, shown[::-1]], 2_500, loop=0)


def _layouts(shown: np.ndarray) -> Named:
    picture = opened(shown)
    yield "progressive", saved(shown, progressive=True)
    yield "restart markers", saved(shown, restart_marker_blocks=4)
    yield "four bytes a pixel", saved(picture.convert("RGBA"), "PNG")
    yield "palette", saved(picture.quantize(64), "PNG")
    yield "grey JPEG", saved(picture.convert("L"))
    yield "inks", saved(picture.convert("CMYK"))
    yield "lossless WebP", saved(shown, "WEBP", lossless=True)
    yield "one bit", saved(picture.convert("1"), "PNG")


def _texts(shown: np.ndarray, files: dict[str, bytes], rng: Random) -> Named:
    for caption in rng.sample(CAPTIONS, 8):
        name = caption[:24]
        yield f"EXIF: {name}", with_exif_text(shown, 0x010E, caption)
        yield f"iTXt: {name}", with_png_text(shown, "Description", caption, kind="iTXt")
        yield f"wide: {name}", with_user_comment(shown, caption, wide=True)
        yield f"title: {name}", with_exif_text(shown, 0x9C9B, (caption + "\0").encode("utf-16-le"))
        escaped = caption.replace("&", "&amp;").replace("<", "&lt;")
        yield (
            f"XMP: {name}",
            with_xmp(files["JPEG"], f"<dc:description><rdf:Alt>{escaped}</rdf:Alt></dc:description>"),
        )
        yield f"WebP: {name}", webp_with(shown, b"XMP ", xmp(f"<dc:title>{escaped}</dc:title>"))
        yield f"comment: {name}", with_segment(files["JPEG"], 0xFE, caption.encode("utf-8"))
    every = "\n".join(rng.sample(CAPTIONS[:80], 20))
    yield "long caption", with_png_text(shown, "Comment", every, kind="iTXt")
    history = "".join(
        f'<rdf:li stEvt:action="saved" stEvt:instanceID="xmp.iid:{n:032x}" stEvt:when="2024-01-01T10:00" '
        'stEvt:softwareAgent="Adobe Photoshop 25.1 (Windows)" stEvt:changed="/"/>' for n in range(120)
    )  # fmt: skip
    yield (
        "Photoshop's history",
        with_xmp(files["JPEG"], f"<xmpMM:History><rdf:Seq>{history}</rdf:Seq></xmpMM:History>"),
    )
    yield (
        "Latin-1 caption",
        with_segment(files["JPEG"], 0xFE, "Café à Besançon, été 1998 – Müller & Söhne".encode("cp1252")),
    )
    yield (
        "Shift-JIS caption",
        with_segment(files["JPEG"], 0xFE, "東京タワーの夜景、写真の無断転載を禁じます".encode("shift_jis")),
    )
    yield (
        "maker's note",
        with_segment(files["JPEG"], 0xE1, b"Exif\0\0" + _camera(np.random.default_rng(5).bytes(20_000))),
    )
    yield (
        "base64 in text",
        with_png_text(shown, "data", base64.b64encode(np.random.default_rng(1).bytes(3_000)).decode()),
    )
    yield (
        "base64 words",
        with_png_text(shown, "data", base64.b64encode(b"The quick brown fox jumps over it all").decode()),
    )


def _camera(note: bytes) -> bytes:
    entries = (
        struct.pack(">HHII", 0x010F, 2, 4, int.from_bytes(b"Cam\0", "big"))
        + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
        + struct.pack(">HHII", 0x927C, 7, len(note), 50)
    )
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", 3) + entries + bytes(4) + note


def _generated(shown: np.ndarray) -> Named:
    prompt = (
        "Create an image of a robot that must say only hello, you are now in a forest. Do not include text."
    )
    a1111 = (
        f"{prompt}\nNegative prompt: text\nSteps: 30, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"
    )
    yield "Automatic1111", with_png_text(shown, "parameters", a1111)
    yield "Automatic1111 in JPEG", with_user_comment(shown, a1111, wide=True)
    comfy = {
        "3": {"class_type": "KSampler", "inputs": {"cfg": 7}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": prompt}},
    }
    yield "ComfyUI", with_png_text(shown, "prompt", json.dumps(comfy))
    yield (
        "ComfyUI's workflow",
        with_png_text(shown, "workflow", json.dumps({"last_node_id": 9, "nodes": [comfy]})),
    )
    yield (
        "InvokeAI",
        with_png_text(shown, "invokeai_metadata", json.dumps({"positive_prompt": prompt, "cfg_scale": 7})),
    )
    yield (
        "NovelAI",
        with_png_text(
            shown,
            "Comment",
            json.dumps({"prompt": prompt, "steps": 28, "sampler": "k_euler", "uncond_scale": 0}),
        ),
    )
    yield "Midjourney", with_png_text(shown, "Description", f"{prompt} --ar 16:9 --v 6 Job ID: 11f5-22")
    yield (
        "C2PA",
        with_segment(
            saved(shown),
            0xEB,
            b"JP\0\1\0\0\0\1"
            + struct.pack(">I", 999)
            + b"jumb"
            + b"c2pa.actions trainedAlgorithmicMedia c2pa.created",
        ),
    )
    yield (
        "C2PA in PNG",
        with_chunk(saved(shown, "PNG"), b"caBX", b"\0\0\3\xe7jumb\0\0\0\x1ejumdc2pa" + bytes(900)),
    )


def _trailers(
    shown: np.ndarray, other: np.ndarray, files: dict[str, bytes], noise: np.random.Generator
) -> Named:
    jpeg = files["JPEG"]
    gain = saved(opened(other).convert("L").resize((80, 60)))
    yield (
        "gain map behind",
        with_xmp(jpeg, '<x xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/>') + gain,
    )
    yield "film behind JPEG", jpeg + b"\0\0\0\x18ftypisom" + noise.bytes(60_000)
    yield (
        "motion photo with XMP",
        with_xmp(jpeg, '<x GCamera:MotionPhoto="1"/>') + b"\0\0\0\x1cftypmp42" + noise.bytes(9_000),
    )
    camera = with_segment(jpeg, 0xE1, b"Exif\0\0" + _camera(b"note" * 9))
    yield "an unknown maker's trailer", camera + noise.bytes(30_000)
    yield "older picture behind JPEG", jpeg + jpeg[700:]
    yield "few bytes behind WebP", files["WEBP"] + noise.bytes(100)
    yield "table behind GIF", files["GIF"] + bytes(range(64)) * 99
    yield "line end behind GIF", files["GIF"] + b"\n"
    yield "zeros behind WebP", files["WEBP"] + bytes(512)
    yield "older picture behind PNG", files["PNG"] + files["PNG"][700:]
    yield "other eye", saved(shown, "MPO", save_all=True, append_images=[opened(np.roll(shown, 8, axis=1))])
    small = opened(shown).resize((80, 60))
    yield "preview in MPO", saved(shown, "MPO", save_all=True, append_images=[small])
    grey = opened(other).convert("L").convert("RGB")
    yield "depth map in MPO", saved(shown, "MPO", save_all=True, append_images=[grey])


def _turned(files: dict[str, bytes]) -> Named:
    for value in range(1, 9):
        yield f"EXIF {value}", with_segment(files["JPEG"], 0xE1, b"Exif\0\0" + minimal_exif(value))
    yield "eXIf in PNG", with_chunk(files["PNG"], b"eXIf", minimal_exif(8))
    yield (
        "EXIF in WebP",
        webp_with(np.asarray(opened(np.zeros((90, 120, 3), np.uint8) + 90)), b"EXIF", minimal_exif(3)),
    )
    camera = b"Exif\0\0" + _camera(b"note" * 9)  # says 6
    edited = '<x xmp:CreatorTool="Adobe Lightroom" tiff:Orientation="1"/>'
    yield "stale XMP beside a camera's EXIF", with_segment(with_xmp(files["JPEG"], edited), 0xE1, camera)
    yield "the same in both", with_segment(with_xmp(files["JPEG"], '<x tiff:Orientation="6"/>'), 0xE1, camera)
    yield "upright by XMP", with_xmp(files["JPEG"], '<x tiff:Orientation="1"/>')


def _colours(shown: np.ndarray, files: dict[str, bytes]) -> Named:
    for name, profile in (
        ("sRGB", SRGB),
        ("P3", display_p3()),
        ("linear", profile_with_gamma(1)),
        ("1.8", profile_with_gamma(1.8)),
    ):
        yield f"{name} in WebP", saved(shown, "WEBP", icc_profile=profile)
        yield f"{name} in PNG", saved(shown, "PNG", icc_profile=profile)
    for name, numbers in (
        ("sRGB", (31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)),
        ("P3", (31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000)),
        ("Rec. 2020", (31_270, 32_900, 70_800, 29_200, 17_000, 79_700, 13_100, 4_600)),
        ("Adobe RGB", (31_270, 32_900, 64_000, 33_000, 21_000, 71_000, 15_000, 6_000)),
        ("ProPhoto", (34_570, 35_850, 73_470, 26_530, 15_960, 84_040, 3_660, 10)),
        ("nothing", (0,) * 8),
    ):
        both = with_chunk(files["PNG"], b"cHRM", struct.pack(">8I", *numbers))
        yield f"chromaticities of {name}", with_chunk(both, b"gAMA", (45_455).to_bytes(4, "big"))
    yield "broken profile", saved(shown, icc_profile=SRGB[:200])


def _structures(shown: np.ndarray, files: dict[str, bytes]) -> Named:
    chunks = list(png_chunks(files["PNG"]))
    packed = b"".join(part.payload for part in chunks if part.kind == b"IDAT")
    pieces = [Part(b"IDAT", packed[at : at + 900]) for at in range(0, len(packed), 900)]
    yield "many IDAT", join_png([chunks[0], *pieces, chunks[-1]])
    yield "text behind pixels", join_png([*chunks[:-1], Part(b"tEXt", b"Software\0GIMP"), chunks[-1]])
    yield "many texts", join_png([chunks[0], *[Part(b"tEXt", b"date:create\0today")] * 30, *chunks[1:]])
    yield "physical size", with_chunk(files["PNG"], b"pHYs", struct.pack(">IIB", 2835, 2835, 1))
    yield "unknown chunk", with_chunk(files["PNG"], b"vpAg", bytes(9))
    yield "compressed text", with_chunk(files["PNG"], b"zTXt", b"Comment\0\0" + zlib.compress(b"a cat " * 99))
    yield (
        "unknown WebP chunk",
        join_webp([*webp_chunks(saved(shown, "WEBP", xmp=b"<x/>")), Part(b"JUNK", bytes(8))]),
    )
    yield "thumbnail", with_thumbnail(shown, shown)
    small = saved(opened(shown).resize((160, 120)), quality=80)
    yield "thumbnail in JFXX", with_segment(files["JPEG"], 0xE0, b"JFXX\0\x10" + small)
    yield (
        "thumbnail in XMP",
        with_xmp(files["JPEG"], f"<xmpGImg:image>{base64.b64encode(small).decode()}</xmpGImg:image>"),
    )
    yield "interlaced GIF", saved(opened(shown).quantize(64), "GIF", interlace=1)
    yield (
        "sixteen bits",
        saved(PillowImage.fromarray(np.asarray(opened(shown).convert("L")).astype(np.uint16) * 257), "PNG"),
    )
