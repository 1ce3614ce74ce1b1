import asyncio
import json
import time
from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.registry import DIALECTS
from gateway.relay.images.looking import INLINE_BYTES, LARGE_BYTES, Looked, Looking
from tests.gateway.dialects.bodies import JPEG, PNG, base64, data_url

PATH = "/v1/chat/completions"
DIALECT = OpenAIChat()


class OnTheLoop(Looking):
    """Has no threads: whatever is not decided on the event loop fails."""

    def look_slowly(self, *_: object) -> Looked:
        raise AssertionError("it was looked at on a thread")


class AtAGlance(Looking):
    """Reads no table of a body."""

    def look_closely(self, *_: object) -> Looked:
        raise AssertionError("it was looked at closely")


def look(body: bytes, *, kind: type[Looking] = Looking, dialect=DIALECT, **limits: int) -> Looked:
    async def run() -> Looked:
        looking = kind(**({"max_values": 10_000, "max_images": 3} | limits))
        try:
            return await looking.look(body, dialect, PATH)
        finally:
            await looking.close()

    return asyncio.run(run())


def said(*parts: object) -> dict[str, object]:
    return {"model": "m", "messages": [{"role": "user", "content": list(parts)}]}


def test_text_is_decided_on_the_event_loop():
    looked = look(orjson.dumps(said({"type": "text", "text": 'Was ist "das"? äöü\n'})), kind=OnTheLoop)

    assert (looked.model, looked.slots, looked.strays, looked.problem) == ("m", (), (), None)


@pytest.mark.parametrize(
    "body",
    [
        said({"type": "image_url", "image_url": {"url": "https://example.org"}}),
        said({"blob": base64(PNG)}),
        {"x": "a" * INLINE_BYTES},
    ],
)
def test_large_bodies_and_signs_of_images_are_looked_at_on_a_thread(body):
    with pytest.raises(AssertionError, match="on a thread"):
        look(orjson.dumps(body), kind=OnTheLoop)


@pytest.mark.parametrize("size", [100, INLINE_BYTES + 1, LARGE_BYTES + 1])
def test_of_a_body_without_signs_nothing_but_the_model_is_read(size):
    body = orjson.dumps(said({"type": "text", "text": '\n"{\\}"' * (size // 8)}))

    looked = look(body, kind=AtAGlance)

    assert (looked.model, looked.slots, looked.strays, looked.problem) == ("m", (), (), None)


@pytest.mark.parametrize(
    ("body", "model", "problem"),
    [
        (b'{"model": "m", "x": NaN}', "m", None),
        (b'{"model": "m", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "", "too_many_values"),
        (b'{"x": ' + b"[" * 2_000 + b"]" * 2_000 + b', "model": "m"}', "m", None),
        (b'{"model": "\\ud800m", "x": 1}', None, None),
        (b'{"model": "m"} {}', "", "not_json"),
        (b'["model"]', "", "not_an_object"),
        (b'{"model": 7, "name": {"model": "m"}}', "", None),
        ('{"model": "m"}'.encode("utf-16"), "", "not_json"),
    ],
)
@pytest.mark.parametrize("padding", [b"", b" " * INLINE_BYTES])
def test_what_the_fastest_parser_does_not_take_is_looked_at_closely(body, model, problem, padding):
    looked = look(padding + body)

    assert model is None or looked.model == model
    assert (looked.problem and looked.problem.kind) == problem


@pytest.mark.parametrize("padding", ["", "x" * INLINE_BYTES])
def test_the_model_of_a_batch_is_that_of_its_first_request(padding):
    params = {"model": "m", "messages": [{"role": "user", "content": padding}]}
    body = orjson.dumps({"requests": [{"custom_id": "1", "params": params}]})

    assert look(body, dialect=next(each for each in DIALECTS if each.name == "anthropic")).model == "m"


WORDS = (
    "An image_url, e.g. data:image/png;base64,... or iVBORw0KGgo; SUkqA, /9j/: read file_id and document_url."
)
SCHEMA = {
    "type": "object",
    "properties": {
        "image_url": {"type": "string", "description": WORDS},
        "document_url": {"type": "object", "properties": {"url": {"type": "string"}}},
        "file_id": {"type": ["string", "null"]},
        "Images": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["image_url", "file_id"],
}
WAV = base64(b"RIFF\x24\0\0\0WAVEfmt " + bytes(range(64)))
M4A = base64(b"\0\0\0\x1cftypM4A " + bytes(range(64)))


def heard(data: str, kind: str) -> dict[str, object]:
    return {"type": "input_audio", "input_audio": {"data": data, "format": kind}}


ORDINARY = [
    (
        "openai_chat",
        {**said({"type": "text", "text": WORDS}), "tools": [{"function": {"parameters": SCHEMA}}]},
    ),
    ("openai_chat", said(heard(WAV, "wav"))),
    ("openai_chat", said(heard(M4A, "m4a"), heard("data:;base64," + WAV, "wav"))),
    ("openai_chat", said({"type": "audio_url", "audio_url": {"url": "https://example.org/a.mp3"}})),
    ("openai_chat", said({"type": "text", "text": "?", "image_url": None, "images": [], "file": None})),
    ("openai_chat", {"messages": [{"Role": "user", "Content": WORDS}], "metadata": {"file_id": "a"}}),
    ("openai_chat", said({"type": "file", "file": {"file_data": data_url(b"a,b", "text/csv")}})),
    (
        "openai_responses",
        {
            "input": [
                {"type": "function_call_output", "output": WORDS},
                {
                    "content": [
                        {"type": "output_text", "text": "?", "annotations": [{"file_id": "a", "url": "u"}]}
                    ]
                },
            ],
            "tools": [{"type": "function", "parameters": SCHEMA}],
        },
    ),
    (
        "anthropic",
        {
            "system": WORDS,
            "tools": [{"name": "look", "input_schema": SCHEMA}],
            "messages": [
                {
                    "content": [
                        {"type": "tool_use", "input": {"image_url": {"url": "https://a"}, "file_id": 7}},
                        {"type": "tool_result", "content": WORDS},
                        {"type": "search_result", "source": "https://a", "title": "?", "content": []},
                        {
                            "type": "document",
                            "source": {"type": "text", "media_type": "text/plain", "data": "Words."},
                        },
                    ]
                }
            ],
        },
    ),
    (
        "gemini",
        {
            "contents": [
                {
                    "parts": [
                        {"text": WORDS},
                        {"fileData": {"mimeType": "audio/mp3", "fileUri": "https://example.org/files/a"}},
                        {"file_data": {"file_uri": "gs://b/a.txt", "mime_type": "text/plain"}},
                        {"inlineData": {"mimeType": "audio/wav", "data": WAV}},
                        {"inlineData": {"mimeType": "audio/mp4", "data": M4A}},
                        {"inlineData": {"mimeType": "text/plain", "data": base64(b"Words.")}},
                        {"functionResponse": {"response": {"image_url": {"url": "https://a"}}}},
                    ]
                }
            ],
            "tools": [{"functionDeclarations": [{"parameters": SCHEMA}]}],
        },
    ),
    (
        "gemini_interactions",
        {
            "input": [
                {"type": "audio", "uri": "https://example.org/a.mp3", "mime_type": "audio/mp3"},
                {"type": "audio", "data": M4A, "mime_type": "audio/mp4"},
                {"type": "text", "text": WORDS},
            ],
            "tools": [{"parameters": SCHEMA}],
        },
    ),
    (
        "ollama",
        {
            "Model": "m",
            "messages": [{"Role": "user", "Content": WORDS, "images": None}],
            "tools": [{"function": {"parameters": SCHEMA}}],
        },
    ),
]


@pytest.mark.parametrize(("name", "body"), ORDINARY)
def test_ordinary_words_tools_and_sounds_are_not_told_as_unchecked(name, body):
    (dialect,) = (each for each in DIALECTS if each.name == name)
    looking = Looking(max_values=10_000, max_images=3)

    looked = looking.look_closely(orjson.dumps(body), dialect, PATH)

    assert (list(looked.slots), list(looked.strays), looked.problem) == ([], [], None)


def test_a_sound_named_beside_another_type_or_as_a_picture_is_told():
    for file in (
        {"mimeType": "image/png", "fileUri": "https://a"},
        {"fileUri": "https://a"},
        {"mimeType": "audio/mp3", "mime_type": "image/png", "fileUri": "https://a"},
        {"mimeType": "audio/mp3", "image_url": "https://a"},
    ):
        (dialect,) = (each for each in DIALECTS if each.name == "gemini")
        body = orjson.dumps({"elsewhere": file})
        looked = Looking(max_values=100, max_images=3).look_closely(body, dialect, PATH)
        assert [each.reason for each in looked.strays] == ["unknown_place"]


json_values = st.recursive(
    st.none()
    | st.floats()
    | st.text()
    | st.integers(0, 255)
    | st.sampled_from([data_url(PNG), base64(JPEG), "https://x.org/a.png", "/9j\n/4" + base64(JPEG)[6:]])
    | st.sampled_from(["data:;base64,i\nVBORw0KGgo" + base64(PNG)[11:], "iVBO\r\n" + base64(PNG)[4:]]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["messages", "content", "image_url", "url", "input", "images", "source", "data", "file"]
            )
            | st.sampled_from(["Image_URL", "imageS", "image\u017f", "\u017fource", "Data", "URL", "Parts"])
            | st.sampled_from(["parts", "inlineData", "InlineData", "file_data", "FileUri", "FILE", "result"])
            | st.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["messages", "contents", "model", "images", "input", "Images", "image\u017f", "Input"]
        ),
        json_values,
    ),
    st.sampled_from(DIALECTS),
    st.booleans(),
    st.sampled_from(["/", "\\/"]),
)
@settings(deadline=None)
def test_the_glance_never_denies_what_a_close_look_finds(document, dialect, ensure_ascii, slash):
    body = (
        json.dumps(document, ensure_ascii=ensure_ascii).replace("/", slash).encode("utf-8", "surrogatepass")
    )
    looking = Looking(max_values=10_000, max_images=100)

    glanced = look(body, dialect=dialect, max_images=100)
    closely = looking.look_closely(body, dialect, PATH)

    assert (glanced.model, glanced.problem) == (closely.model, closely.problem)
    assert [slot.where for slot in glanced.slots] == [slot.where for slot in closely.slots]
    assert list(glanced.strays) == list(closely.strays)


@given(st.binary(max_size=80), st.sampled_from(DIALECTS))
@settings(deadline=None)
def test_noise_is_a_problem_and_no_error(noise, dialect):
    looked = look(noise, dialect=dialect)

    assert looked.problem is None or looked.problem.kind in {"not_json", "not_an_object"}


def test_slots_beyond_the_limit_are_cut_and_no_strays():
    body = orjson.dumps(said(*[{"image_url": data_url(PNG)}] * 5, {"text": "?"}))

    cut, whole = look(body), look(body, max_images=5)

    assert (len(cut.slots), cut.is_cut, cut.strays) == (3, True, [])
    assert (len(whole.slots), whole.is_cut) == (5, False)


def test_bodies_of_very_many_slots_are_cut_without_holding_them_all():
    body = orjson.dumps(said(*[{"image_url": "https://example.org"}] * 3000))

    looked = look(body, max_values=100_000)

    assert (len(looked.slots), looked.is_cut) == (3, True)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "not_json"),
        (b"[]", "not_an_object"),
        (b'{"image_url": [' + b"1," * 99 + b"1]}", "too_many_values"),
    ],
)
def test_what_cannot_be_looked_into_says_why(body, kind):
    looked = look(body, max_values=50)

    assert looked.problem is not None
    assert (looked.problem.kind, looked.model) == (kind, "")


class SlowForLarge(Looking):
    def look_closely(self, body, dialect, path):
        if len(body) > LARGE_BYTES:
            time.sleep(0.5)
        return super().look_closely(body, dialect, path)


def test_a_body_of_usual_size_does_not_wait_for_large_ones():
    large = orjson.dumps({"pad": "x" * LARGE_BYTES})
    small = orjson.dumps(said({"image_url": data_url(PNG)}))

    async def run() -> tuple[float, Looked]:
        looking = SlowForLarge(max_values=1000, max_images=9)
        waiting = [asyncio.ensure_future(looking.look(large, DIALECT, PATH)) for _ in range(2)]
        await asyncio.sleep(0.05)
        started = time.monotonic()
        looked = await looking.look(small, DIALECT, PATH)
        seconds = time.monotonic() - started
        await asyncio.gather(*waiting)
        await looking.close()
        return seconds, looked

    seconds, looked = asyncio.run(run())

    assert seconds < 0.3
    assert len(looked.slots) == 1


def test_whoever_goes_on_with_what_was_found_does_so_for_small_bodies_with_images_alone():
    seen = []

    def also(looked: Looked) -> Looked:
        seen.append(len(looked.body))
        return replace(looked, met=["known"])

    image = {"type": "image_url", "image_url": {"url": data_url(PNG)}}
    bodies = [
        orjson.dumps(said(*parts))
        for parts in ([image], [{"type": "text", "text": "a" * INLINE_BYTES}], [image, "x" * LARGE_BYTES])
    ]

    async def run() -> list[Looked]:
        looking = Looking(max_values=1000, max_images=9)
        try:
            return [await looking.look(body, DIALECT, PATH, also) for body in bodies]
        finally:
            await looking.close()

    found = asyncio.run(run())

    assert seen == [len(bodies[0])]
    assert [list(looked.met) for looked in found] == [["known"], [], []]
