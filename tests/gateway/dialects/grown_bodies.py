"""Grow random bodies of each API's grammar: odd JSON, and pictures in and out of the places it knows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.gateway.dialects.garden import Garden
from tests.gateway.dialects.odd_json import Pairs, written

_DEEPEST = 3


@dataclass(frozen=True)
class Chat:
    """OpenAI's chat completions."""

    garden: Garden

    def request(self) -> Pairs:
        return Pairs([("model", "m"), ("messages", self.garden.some(self.message)), ("stream", False)])

    def message(self) -> Pairs:
        garden = self.garden
        content = garden.pick(garden.words, lambda: garden.some(self.part))()
        pairs = Pairs([("role", garden.pick("user", "tool", "assistant")), ("content", content)])
        if garden.chance(0.1):
            call = Pairs([("name", "f"), ("arguments", garden.text())])
            pairs.append(("tool_calls", [Pairs([("id", "c"), ("function", call)])]))
        return garden.doubled(pairs, {"content": lambda: [self.part()], "role": garden.words})

    def part(self, nest: int = 0) -> Any:
        return self.garden.pick(
            self.image, self.image, self.file, self.text, lambda: self.nested(nest), self.garden.junk
        )()

    def image(self) -> Pairs:
        garden = self.garden
        held = garden.pick(garden.either, self.url)()
        pairs = Pairs([("type", "image_url"), ("image_url", held)])
        return garden.doubled(pairs, {"image_url": garden.either, "type": garden.words})

    def url(self) -> Pairs:
        pairs = Pairs([("url", self.garden.either()), ("detail", "low")])
        return self.garden.doubled(pairs, {"url": self.garden.either, "detail": self.garden.junk})

    def file(self) -> Pairs:
        held = Pairs([("filename", "a"), ("file_data", self.garden.either())])
        return Pairs([("type", "file"), ("file", held)])

    def text(self) -> Pairs:
        return Pairs([("type", "text"), ("text", self.garden.text())])

    def nested(self, nest: int) -> Pairs:
        return Pairs([("type", "x"), ("content", [self.part(nest + 1)])]) if nest < _DEEPEST else self.text()


@dataclass(frozen=True)
class Responses:
    """OpenAI's responses."""

    garden: Garden

    def request(self) -> Pairs:
        garden = self.garden
        whole = Pairs(
            [("model", "m"), ("input", garden.pick(garden.words, lambda: garden.some(self.item))())]
        )
        if garden.chance(0.2):
            whole.append(("prompt", Pairs([("id", "p"), ("variables", Pairs([("a", self.image())]))])))
        return whole

    def item(self) -> Pairs:
        made = self.garden.pick(self.message, self.message, self.answer, self.screen, self.made, self.drawn)()
        again = {"content": self.parts, "output": self.parts, "type": self.garden.words}
        return self.garden.doubled(made, again)

    def message(self) -> Pairs:
        return Pairs([("role", "user"), ("content", self.garden.pick(self.garden.words, self.parts)())])

    def answer(self) -> Pairs:
        return Pairs([("type", "function_call_output"), ("call_id", "c"), ("output", self.parts())])

    def screen(self) -> Pairs:
        shot = Pairs([("type", "computer_screenshot"), ("image_url", self.garden.either())])
        return Pairs([("type", "computer_call_output"), ("output", shot)])

    def made(self) -> Pairs:
        return Pairs([("type", "image_generation_call"), ("result", self.garden.bare())])

    def drawn(self) -> Pairs:
        output = Pairs([("type", "image"), ("url", self.garden.url())])
        return Pairs([("type", "code_interpreter_call"), ("outputs", [output])])

    def parts(self) -> list[Any]:
        return self.garden.some(self.image, self.image, self.text, self.file, self.garden.junk)

    def image(self) -> Pairs:
        garden = self.garden
        value = garden.pick(garden.either, lambda: Pairs([("url", garden.either())]))()
        pairs = Pairs([("type", "input_image"), ("image_url", value)])
        return garden.doubled(pairs, {"image_url": garden.either, "file_id": lambda: "file-1"})

    def text(self) -> Pairs:
        return Pairs([("type", "input_text"), ("text", self.garden.text())])

    def file(self) -> Pairs:
        return Pairs([("type", "input_file"), ("file_data", self.garden.either())])


@dataclass(frozen=True)
class Messages:
    """Anthropic's messages."""

    garden: Garden

    def request(self) -> Pairs:
        garden = self.garden
        whole = Pairs([("model", "m"), ("max_tokens", 5), ("messages", garden.some(self.message))])
        if garden.chance(0.2):
            whole.append(("system", garden.pick(garden.words, lambda: [self.block()])()))
        if garden.chance(0.1):
            return Pairs([("requests", [Pairs([("custom_id", "a"), ("params", whole)])])])
        return whole

    def message(self) -> Pairs:
        content = self.garden.pick(self.garden.words, lambda: self.garden.some(self.block))()
        return self.garden.doubled(
            Pairs([("role", "user"), ("content", content)]), {"content": lambda: [self.block()]}
        )

    def block(self, nest: int = 0) -> Any:
        makers = [self.image, self.image, self.text, self.document, self.use, self.garden.junk]
        return self.garden.pick(*makers, lambda: self.result(nest))()

    def image(self) -> Pairs:
        pairs = Pairs([("type", self.garden.pick("image", "image", "document")), ("source", self.source())])
        return self.garden.doubled(pairs, {"source": self.source, "type": self.garden.words})

    def source(self) -> Pairs:
        garden = self.garden
        if garden.chance(0.1):
            return Pairs([("type", "url"), ("url", "https://example.org/cat.png")])
        pairs = Pairs([("type", "base64"), ("media_type", garden.media_type()), ("data", garden.either())])
        garden.random.shuffle(pairs)
        again = {"data": garden.bare, "media_type": garden.media_type, "type": lambda: "text"}
        return garden.doubled(pairs, again)

    def text(self) -> Pairs:
        return Pairs([("type", "text"), ("text", self.garden.text())])

    def result(self, nest: int) -> Pairs:
        held = [self.block(nest + 1)] if nest < _DEEPEST else self.garden.words()
        pairs = Pairs([("type", "tool_result"), ("tool_use_id", "t"), ("content", held)])
        return self.garden.doubled(pairs, {"content": lambda: [self.image()]})

    def document(self) -> Pairs:
        return Pairs(
            [("type", "document"), ("source", Pairs([("type", "content"), ("content", [self.image()])]))]
        )

    def use(self) -> Pairs:
        return Pairs([("type", "tool_use"), ("id", "t"), ("name", "f"), ("input", self.garden.junk())])


@dataclass(frozen=True)
class Contents:
    """Gemini's contents."""

    garden: Garden

    def request(self) -> Pairs:
        whole = Pairs(
            [("contents", self.garden.pick(self.content, lambda: self.garden.some(self.content))())]
        )
        if self.garden.chance(0.2):
            whole.append((self.garden.pick("systemInstruction", "system_instruction"), self.content()))
        return whole

    def content(self) -> Pairs:
        pairs = Pairs([("role", "user"), ("parts", self.garden.some(self.part))])
        return self.garden.doubled(pairs, {"parts": lambda: [self.part()]})

    def part(self, nest: int = 0) -> Any:
        makers = [self.inline, self.inline, self.text, self.garden.junk]
        return self.garden.pick(*makers, lambda: self.response(nest))()

    def inline(self) -> Pairs:
        pairs = Pairs([(self.garden.pick("inlineData", "inline_data"), self.blob())])
        return self.garden.doubled(pairs, {"inlineData": self.blob})

    def blob(self) -> Pairs:
        garden = self.garden
        mime, mime_again = garden.pick(("mimeType", "mime_type"), ("mime_type", "mimeType"))
        pairs = Pairs([(mime, garden.media_type()), ("data", garden.either())])
        return garden.doubled(pairs, {mime_again: garden.media_type, "data": garden.bare})

    def text(self) -> Pairs:
        return Pairs([("text", self.garden.text())])

    def response(self, nest: int) -> Pairs:
        held = Pairs([("name", "f"), ("response", self.garden.junk())])
        if nest < _DEEPEST:
            held.append(("parts", [self.part(nest + 1)]))
        return Pairs([(self.garden.pick("functionResponse", "function_response"), held)])


@dataclass(frozen=True)
class Interactions:
    """Gemini's interactions."""

    garden: Garden

    def request(self) -> Pairs:
        shown = self.garden.pick(self.garden.words, self.content, lambda: self.garden.some(self.content))()
        return Pairs([("model", "m"), ("input", shown)])

    def content(self, nest: int = 0) -> Any:
        makers = [self.image, self.image, self.text, self.garden.junk]
        return self.garden.pick(*makers, lambda: self.step(nest))()

    def image(self) -> Pairs:
        garden = self.garden
        pairs = Pairs([("type", "image"), ("mime_type", garden.media_type()), ("data", garden.either())])
        return garden.doubled(
            pairs, {"data": garden.bare, "mimeType": garden.media_type, "type": garden.words}
        )

    def text(self) -> Pairs:
        return Pairs([("type", "text"), ("text", self.garden.text())])

    def step(self, nest: int) -> Pairs:
        if nest >= _DEEPEST:
            return self.text()
        key = self.garden.pick("content", "result")
        return Pairs([("type", "function_result"), (key, [self.content(nest + 1)])])


@dataclass(frozen=True)
class Prompts:
    """Ollama's chat and generation."""

    garden: Garden

    def request(self) -> Pairs:
        garden = self.garden
        if garden.chance(0.3):
            return Pairs(
                [("model", "m:7b"), ("prompt", garden.words()), ("images", garden.some(garden.bare))]
            )
        return Pairs([("model", "m:7b"), ("messages", garden.some(self.message)), ("options", garden.junk())])

    def message(self) -> Pairs:
        garden = self.garden
        pairs = Pairs([("role", "user"), ("content", garden.text())])
        pairs.append(("images", garden.some(garden.bare, garden.bare, garden.either)))
        return garden.doubled(pairs, {"images": lambda: garden.some(garden.bare)})


GRAMMARS: Mapping[str, Callable[[Garden], Any]] = {
    "openai_chat": Chat,
    "openai_responses": Responses,
    "azure_chat": Chat,
    "azure_responses": Responses,
    "anthropic": Messages,
    "gemini": Contents,
    "gemini_interactions": Interactions,
    "ollama": Prompts,
}


@dataclass(frozen=True)
class Grown:
    """A body, and every picture in it by what was written."""

    body: bytes
    planted: Mapping[str, bytes]


def grown(dialect: str, random: Random) -> Grown:
    """Grow one body of a dialect's grammar."""
    garden = Garden(random)
    whole = GRAMMARS[dialect](garden).request()
    whole = garden.doubled(whole, {"extra": garden.junk, "metadata": garden.junk})
    used = set(_strings(whole))
    planted = {text: picture for text, picture in garden.planted.items() if text in used}
    return Grown(written(whole, random), planted)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, Pairs):
        for _, each in value:
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, str):
        yield value
