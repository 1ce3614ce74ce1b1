"""Mixed traffic with an identity in every request: what people send, what attackers send, and who hangs up.

A request says what answers to it are right. All of it follows from its number.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import orjson
import pybase64
from gateway_client import post
from gateway_identity_upstream import EVENTS

from calibration.image import Image, encode_jpeg, encode_png

MODEL = "gpt-4o"
PICTURES_SEEN_BEFORE = 10
REFUSED = frozenset({400, 413, 422, 429})


@dataclass(frozen=True)
class Request:
    """One request and what may come of it."""

    number: int
    kind: str
    wire: bytes
    events: int = 0  # of the answer, if it is a stream
    may_be_refused: bool = False
    leaves_after_bytes: int | None = None  # the caller hangs up once it has so much of the answer
    sent_bytes: int | None = None  # the caller hangs up after sending so much


@dataclass(frozen=True)
class Dialect:
    """How one API is asked."""

    path: str
    stream_path: str
    body: Callable[[str, bytes | None, bool], dict[str, object]]  # text, picture, whether to stream


def _url(picture: bytes) -> str:
    return "data:image/png;base64," + pybase64.b64encode(picture).decode()


def _chat(text: str, picture: bytes | None, stream: bool) -> dict[str, object]:
    parts: list[dict[str, object]] = [{"type": "text", "text": text}]
    if picture:
        parts.append({"type": "image_url", "image_url": {"url": _url(picture)}})
    return {"model": MODEL, "stream": stream, "messages": [{"role": "user", "content": parts}]}


def _responses(text: str, picture: bytes | None, stream: bool) -> dict[str, object]:
    parts: list[dict[str, object]] = [{"type": "input_text", "text": text}]
    if picture:
        parts.append({"type": "input_image", "image_url": _url(picture)})
    return {"model": MODEL, "stream": stream, "input": [{"role": "user", "content": parts}]}


def _anthropic(text: str, picture: bytes | None, stream: bool) -> dict[str, object]:
    parts: list[dict[str, object]] = [{"type": "text", "text": text}]
    if picture:
        source = {"type": "base64", "media_type": "image/png", "data": pybase64.b64encode(picture).decode()}
        parts.append(
            {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image", "source": source}]}
        )
    messages = [{"role": "user", "content": parts}]
    return {"model": MODEL, "stream": stream, "max_tokens": 9, "messages": messages}


def _gemini(text: str, picture: bytes | None, stream: bool) -> dict[str, object]:  # noqa: ARG001 - in the path
    parts: list[dict[str, object]] = [{"text": text}]
    if picture:
        data = pybase64.b64encode(picture).decode()
        parts.append({"inlineData": {"mimeType": "image/png", "data": data}})
    return {"contents": [{"role": "user", "parts": parts}]}


def _ollama(text: str, picture: bytes | None, stream: bool) -> dict[str, object]:
    message: dict[str, object] = {"role": "user", "content": text}
    if picture:
        message["images"] = [pybase64.b64encode(picture).decode()]
    return {"model": MODEL, "stream": stream, "messages": [message]}


GEMINI = f"/gemini/v1beta/models/{MODEL}"
DIALECTS = {
    "openai_chat": Dialect("/v1/chat/completions", "/v1/chat/completions", _chat),
    "openai_responses": Dialect("/v1/responses", "/v1/responses", _responses),
    "anthropic": Dialect("/anthropic/v1/messages", "/anthropic/v1/messages", _anthropic),
    "gemini": Dialect(f"{GEMINI}:generateContent", f"{GEMINI}:streamGenerateContent?alt=sse", _gemini),
    "ollama": Dialect("/ollama/api/chat", "/ollama/api/chat", _ollama),
}


def settings(upstream: int) -> dict[str, object]:
    """Return settings under which all dialects lead to one API, and whose memories are soon full."""
    others = ("anthropic", "gemini", "ollama")
    named = [
        {"name": name, "prefix": f"/{name}", "base_url": f"http://127.0.0.1:{upstream}", "provider": name}
        for name in others
    ]
    return {
        "upstreams": named,
        "limits": {"cache_bytes": 1_048_576},
        "near_duplicate": {"max_entries": 100},
    }


def make(number: int) -> Request:
    """Return the request of this number."""
    rng = random.Random(number)
    kinds = (text, stream, seen_picture, new_picture, large, hostile, hang_up)
    kind = rng.choices(kinds, weights=(55, 17, 9, 2, 1, 6, 10))[0]
    return kind(number, rng)


def text(number: int, rng: random.Random) -> Request:
    return _asked(number, "text", rng, "word " * rng.randrange(400))


def stream(number: int, rng: random.Random) -> Request:
    return _asked(number, "stream", rng, "word " * rng.randrange(200), wants_stream=True)


def seen_picture(number: int, rng: random.Random) -> Request:
    chosen = picture(rng.randrange(PICTURES_SEEN_BEFORE), 120)
    return _asked(number, "seen_picture", rng, "what?", chosen, wants_stream=rng.random() < 0.2)


def new_picture(number: int, rng: random.Random) -> Request:
    return _asked(number, "new_picture", rng, "what?", _draw(number + 1000, 96))


def large(number: int, rng: random.Random) -> Request:
    size = rng.choice((200_000, 1_000_000, 4_000_000))
    return _asked(number, "large", rng, 'ä " \\ \n word ' * (size // 16), may_be_refused=True)


def hostile(number: int, rng: random.Random) -> Request:
    """A body that is no JSON, a picture that is none, a nest of brackets, a bomb."""
    opening = f'{{"model":"{MODEL}","user":"identity-{number}",'.encode()
    bodies: tuple[Callable[[], bytes], ...] = (
        lambda: opening + b'"messages":[',
        lambda: opening + b'"a":NaN,"b":"\\ud800","messages":[{"role":"user","content":"\\udfff"}]}',
        lambda: opening + b'"messages":' + b"[" * 3000 + b"]" * 3000 + b"}",
        lambda: opening + b'"messages":[' + b"[]," * 20_000 + b"[]]}",
        lambda: opening + b'"messages":[{"role":"user","content":[' + _part(picture(1, 200)[:500]) + b"]}]}",
        lambda: opening + b'"messages":[{"role":"user","content":[' + _part(b"GIF89a") + b"]}]}",
        lambda: opening + b'"messages":[],"messages":[{"role":"user","content":"twice"}]}',
        lambda: opening + bytes(rng.randrange(256) for _ in range(300)),
    )
    body = rng.choice(bodies)() if rng.random() < 0.999 else opening + b'"messages":[' + _bomb() + b"]}"
    wire = post("/v1/chat/completions", body, {"x-request": str(number)})
    return Request(number, "hostile", wire, may_be_refused=True)


def hang_up(number: int, rng: random.Random) -> Request:
    """Leave in the middle of the body, or of the answer."""
    asked = _asked(number, "hang_up", rng, "word " * 500, wants_stream=True)
    if rng.random() < 0.4:
        return Request(number, "hang_up", asked.wire, sent_bytes=rng.randrange(1, len(asked.wire)))
    return Request(number, "hang_up", asked.wire, leaves_after_bytes=rng.choice((0, 1, 100)))


def _asked(
    number: int,
    kind: str,
    rng: random.Random,
    words: str,
    shown: bytes | None = None,
    *,
    wants_stream: bool = False,
    may_be_refused: bool = False,
) -> Request:
    dialect = DIALECTS[rng.choices(tuple(DIALECTS), weights=(6, 2, 2, 1, 1))[0]]
    body = orjson.dumps(dialect.body(f"identity-{number} {words}", shown, wants_stream))
    path = dialect.stream_path if wants_stream else dialect.path
    wire = post(path, body, {"x-request": str(number), "authorization": f"Bearer key-{number % 3}"})
    return Request(number, kind, wire, EVENTS if wants_stream else 0, may_be_refused)


def _part(data: bytes) -> bytes:
    return orjson.dumps({"type": "image_url", "image_url": {"url": _url(data)}})


@cache
def _bomb() -> bytes:
    """Return a message with a small file of 20 megapixels."""
    flat = encode_png(Image(np.zeros((4000, 5000, 3), np.uint8)))
    return b'{"role":"user","content":[' + _part(flat) + b"]}"


@cache
def picture(seed: int, side: int) -> bytes:
    """Return one of a few pictures that come again and again."""
    return _draw(seed, side)


def _draw(seed: int, side: int) -> bytes:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
    fine = np.kron(coarse, np.ones((side // 6 + 1, side // 6 + 1, 1), np.uint8))[:side, :side]
    noisy = np.clip(fine + rng.normal(0, 6, fine.shape), 0, 255).astype(np.uint8)
    image = Image(np.ascontiguousarray(noisy))
    return encode_png(image) if seed % 2 else encode_jpeg(image, 90)
