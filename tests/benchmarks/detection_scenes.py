"""Pictures that follow one another without anybody hiding a thing, made from photographs and documents.

Video (cv2's MPEG-4 and MJPEG), a still camera, bursts, scans, people's edits. Whoever calls brings the
pictures; nothing here knows a detector.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from detection_people_edits import EDITS_OF_PEOPLE
from PIL import Image as PillowImage

from calibration.image import Image, encode_jpeg, encode_png, encode_webp
from predictor.learning.residual.camera_pictures import photograph_again

Pixels = npt.NDArray[np.uint8]
_FRAMES = 16
_CAMERA_LOOKS = 100
_BURST = 5
_SCANS = 4
_EDITS = 8


@dataclass(frozen=True)
class Look:
    """One picture of a stream, as its sender stored it."""

    kind: str  # of what happened since the one before
    data: bytes


@dataclass(frozen=True)
class Stream:
    """What one sender sends in order."""

    cluster: str  # page, application or scene: looks of one depend on each other
    looks: Iterator[Look]


Scene = Callable[[Pixels, np.random.Generator], Iterator[Look]]


def scene_streams(
    photographs: list[tuple[str, Image]], documents: list[tuple[str, Image]], seed: int
) -> Iterator[Stream]:
    """Make every stream; two or three in a hundred photographs stand before a still camera."""
    turns: tuple[Scene, ...] = (
        *(_pan, _edited, _zoom, _edited, _still_video, _edited, _moving_thing, _edited),
        *(_handheld, _edited, _dimmed, _burst),
    )
    for number, (name, photograph) in enumerate(photographs):
        scene = _still_camera if number % 40 == 0 else turns[number % len(turns)]
        yield Stream(name, scene(photograph.pixels, np.random.default_rng([seed, 0, number])))
    for number, (name, document) in enumerate(documents):
        scene = (_scanned, _stamped)[number % 2]
        yield Stream(name, scene(document.pixels, np.random.default_rng([seed, 1, number])))


def _stored(pixels: Pixels, rng: np.random.Generator) -> Callable[[Pixels], bytes]:
    """Draw how a whole stream is stored."""
    how = int(rng.integers(4))
    quality = int(rng.choice([75, 80, 85, 90, 95]))
    if how == 0 and pixels.size < 3_000_000:
        return lambda each: encode_png(Image(each))
    if how == 1:
        return lambda each: encode_webp(Image(each), quality)
    return lambda each: encode_jpeg(Image(each), quality)


def _pan(scene: Pixels, rng: np.random.Generator) -> Iterator[Look]:
    step = rng.uniform(0.3, 6, 2) * rng.choice([-1, 1], 2)

    def at(time: int) -> npt.NDArray[np.float64]:
        return np.array([[1.25, 0, step[0] * (time - 8)], [0, 1.25, step[1] * (time - 8)]])

    return _video("video: pan", scene, at, rng)


def _zoom(scene: Pixels, rng: np.random.Generator) -> Iterator[Look]:
    speed = float(rng.uniform(0.003, 0.03))
    height, width = scene.shape[:2]

    middle = (width / 2, height / 2)
    return _video(
        "video: zoom",
        scene,
        lambda time: cv2.getRotationMatrix2D(middle, 0.1 * time, 1.1 + speed * time),
        rng,
    )


def _still_video(scene: Pixels, rng: np.random.Generator) -> Iterator[Look]:
    return _video("video: still", scene, lambda _time: np.eye(2, 3), rng)


def _moving_thing(scene: Pixels, rng: np.random.Generator) -> Iterator[Look]:
    height, width = scene.shape[:2]
    thing = cv2.GaussianBlur(scene[: height // 5, : width // 6, ::-1], (0, 0), 1)
    speed = int(rng.integers(1, 12))

    def with_thing(time: int) -> Pixels:
        frame = scene.copy()
        left = (20 + speed * time) % (width - thing.shape[1])
        frame[height // 2 : height // 2 + thing.shape[0], left : left + thing.shape[1]] = thing
        return frame

    return _video("video: moving thing", scene, lambda _time: np.eye(2, 3), rng, with_thing)


def _handheld(scene: Pixels, rng: np.random.Generator) -> Iterator[Look]:
    """Film out of the hand: it sways, and turns a little."""
    height, width = scene.shape[:2]
    sway, phase = rng.uniform(1, 6, 2), rng.uniform(0, 6, 3)

    def at(time: int) -> npt.NDArray[np.float64]:
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0.4 * np.sin(time / 9 + phase[2]), 1.06)
        matrix[:, 2] += sway * np.sin(time / np.array([5.0, 7.0]) + phase[:2])
        return np.asarray(matrix)

    return _video("video: out of the hand", scene, at, rng)


def _dimmed(scene: Pixels, rng: np.random.Generator) -> Iterator[Look]:
    """Film what stands still while a lamp is turned down, and up again."""
    least = float(rng.uniform(0.5, 0.9))

    def lit(time: int) -> Pixels:
        light = 1 - (1 - least) * np.sin(np.pi * time / (2 * _FRAMES)) ** 2
        return np.clip(np.rint(scene * light), 0, 255).astype(np.uint8)

    return _video("video: dimmed", scene, lambda _time: np.eye(2, 3), rng, lit)


def _video(
    kind: str,
    scene: Pixels,
    at: Callable[[int], npt.NDArray[np.float64]],
    rng: np.random.Generator,
    drawn: Callable[[int], Pixels] | None = None,
) -> Iterator[Look]:
    """Film with a sensor's noise; send every second frame of what the codec left."""
    size = (scene.shape[1] // 2 * 2, scene.shape[0] // 2 * 2)
    noise, codec = float(rng.uniform(0.5, 4)), str(rng.choice(["mp4v", "mp4v", "MJPG"]))
    frames = []
    for time in range(2 * _FRAMES):
        taken = scene if drawn is None else drawn(time)
        frame = cv2.warpAffine(taken, at(time), size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        frames.append(_noisy(frame, noise, rng))
    store = _stored(scene, rng)
    for frame in _coded(frames, codec)[::2]:
        yield Look(kind, store(frame))


def _noisy(frame: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    noise = cv2.GaussianBlur(rng.normal(0, 1.6 * strength, frame.shape), (0, 0), 0.6)
    return np.clip(np.rint(frame + noise), 0, 255).astype(np.uint8)


def _coded(frames: list[Pixels], codec: str) -> list[Pixels]:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / ("film.mp4" if codec == "mp4v" else "film.avi"))
        height, width = frames[0].shape[:2]
        writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*codec), 25, (width, height))
        for frame in frames:
            writer.write(np.ascontiguousarray(frame[..., ::-1]))
        writer.release()
        film, decoded = cv2.VideoCapture(path), []
        while (read := film.read())[0]:
            decoded.append(np.ascontiguousarray(read[1][..., ::-1]))
    if len(decoded) != len(frames):
        raise ValueError(f"expected {len(frames)} frames back, got {len(decoded)}")
    return decoded


class _SameCamera:
    """Draws a camera's properties alike for every take, and the noise of each pixel anew."""

    def __init__(self, camera: int, take: int) -> None:
        self._camera, self._take = np.random.default_rng(camera), np.random.default_rng([camera, take])
        self.uniform, self.random = self._camera.uniform, self._camera.random
        self.integers = self._camera.integers

    def standard_normal(self, size: tuple[int, ...] | None = None, dtype: type = np.float64) -> object:
        return self._camera.standard_normal() if size is None else self._take.standard_normal(size, dtype)


def _take(scene: Pixels, camera: int, take: int) -> Pixels:
    return photograph_again(scene, _SameCamera(camera, take))  # type: ignore[arg-type]


def _still_camera(scene: Pixels, rng: np.random.Generator) -> Iterator[Look]:
    """Look once a second: the light drifts, clouds pass, the automatic exposure answers in steps."""
    camera, quality = int(rng.integers(1 << 30)), int(rng.choice([80, 85, 90]))
    for second in range(_CAMERA_LOOKS):
        light = 1 + 0.06 * np.sin(second / 17) + 0.01 * (second // 25) + 0.004 * rng.standard_normal()
        lit = np.clip(np.rint(scene * light), 0, 255).astype(np.uint8)
        yield Look("still camera", encode_jpeg(Image(_take(lit, camera, second)), quality))


def _burst(scene: Pixels, rng: np.random.Generator) -> Iterator[Look]:
    """Take it again out of the hand: shifted by a few pixels, turned by a fraction of a degree."""
    camera, store = int(rng.integers(1 << 30)), _stored(scene, rng)
    for take in range(_BURST):
        yield Look("burst", store(_take(_shaken(scene, 3.0, 0.4, rng), camera, take)))


def _shaken(scene: Pixels, pixels: float, degrees: float, rng: np.random.Generator) -> Pixels:
    height, width = scene.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.normal(0, degrees)), 1.02)
    matrix[:, 2] += rng.normal(0, pixels, 2)
    turned = cv2.warpAffine(
        scene, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(turned, dtype=np.uint8)


def _scanned(page: Pixels, rng: np.random.Generator) -> Iterator[Look]:
    store = _stored(page, rng)
    for _ in range(_SCANS):
        yield Look("document: scanned again", store(_scan(page, rng)))


def _stamped(page: Pixels, rng: np.random.Generator) -> Iterator[Look]:
    store, kept = _stored(page, rng), _scan(page, rng)
    yield Look("document: scanned", store(kept))
    for _ in range(_SCANS - 1):
        kept = _with_stamp(kept, rng)
        yield Look("document: stamped", store(kept))


def _scan(page: Pixels, rng: np.random.Generator) -> Pixels:
    laid = _shaken(page, 2.0, 0.3, rng).astype(np.float32)
    seen = cv2.GaussianBlur(laid, (0, 0), 0.7) * rng.uniform(0.97, 1.03) + rng.uniform(-4, 4)
    return np.clip(np.rint(seen + rng.normal(0, 1.2, seen.shape)), 0, 255).astype(np.uint8)


def _with_stamp(page: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = page.shape[:2]
    middle = (int(rng.uniform(0.25, 0.75) * width), int(rng.uniform(0.25, 0.75) * height))
    ink, size = np.zeros((height, width), np.uint8), max(10, width // 9)
    cv2.circle(ink, middle, size, 255, max(2, size // 12))
    cv2.putText(
        ink, "PAID", (middle[0] - size // 2, middle[1] + 6), cv2.FONT_HERSHEY_DUPLEX, size / 50, 255, 2
    )
    share = (float(rng.uniform(0.5, 0.9)) / 255 * cv2.GaussianBlur(ink, (0, 0), 0.8))[..., None]
    colour = np.array(rng.choice([(190, 30, 40), (30, 50, 160)]))
    return np.clip(np.rint(page * (1 - share) + colour * share), 0, 255).astype(np.uint8)


def _edited(photograph: Pixels, rng: np.random.Generator) -> Iterator[Look]:
    """Send a photograph, then what a person made of it; each version from the first."""
    store, picture = _stored(photograph, rng), PillowImage.fromarray(photograph)
    yield Look("photograph", store(photograph))
    names = list(EDITS_OF_PEOPLE)
    for index in rng.permutation(len(names))[:_EDITS]:
        made = EDITS_OF_PEOPLE[names[index]](picture.copy(), rng)
        stored_anew = _stored(photograph, rng) if rng.random() < 0.5 else store
        yield Look(f"edit: {names[index]}", stored_anew(np.asarray(made)))
