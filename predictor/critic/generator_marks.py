"""Marks that programs which generate pictures leave in a file: settings, prompts, their own names.

Anybody can write or remove them: what is found here is a claim, and its absence says nothing.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from predictor.critic.file_texts import Text

_SETTINGS = re.compile(r"\bSteps: \d{1,5}, (?:Sampler|Size|CFG|Schedule)")
_MODEL = re.compile(r"\bModel: ([^,\n]{1,80})")
_VERSION = re.compile(r"\bVersion: ([^,\n]{1,40})")
_JOB = re.compile(r"\bJob ID: [0-9a-f]{8}-[0-9a-f-]{27}", re.IGNORECASE)
_MIDJOURNEY_OPTIONS = re.compile(r"\s--(?:v|niji|ar|stylize|chaos|seed|profile|raw)\b")
_NAMES: tuple[tuple[str, str], ...] = (  # how a program names itself where files name programs
    (r"midjourney", "Midjourney"),
    (r"stable[ _-]?diffusion|stability ?ai\b|\bsdxl\b", "Stable Diffusion"),
    (r"automatic1111", "Stable Diffusion WebUI"),
    (r"comfyui", "ComfyUI"),
    (r"invoke ?ai", "InvokeAI"),
    (r"novelai", "NovelAI"),
    (r"fooocus", "Fooocus"),
    (r"swarmui", "SwarmUI"),
    (r"draw things", "Draw Things"),
    (r"dall[·\-. ]?e\b|gpt-image|chatgpt|\bopenai\b", "OpenAI"),
    (r"adobe firefly|\bfirefly\b", "Adobe Firefly"),
    (r"made with google ai|\bimagen\b|google gemini", "Google"),
    (r"image creator|microsoft designer|bing image", "Microsoft Designer"),
    (r"\bimagined? with ai\b|\bmeta ai\b", "Meta AI"),
    (r"leonardo\.?ai", "Leonardo"),
    (r"ideogram", "Ideogram"),
    (r"black forest labs|\bflux\.?[12]?[ -](?:dev|schnell|pro|kontext)\b", "FLUX"),
    (r"\bseedream\b|\bjimeng\b", "Seedream"),
    (r"\brecraft\b", "Recraft"),
)
_NAMED = tuple((re.compile(pattern, re.IGNORECASE), name) for pattern, name in _NAMES)
_INVOKE = frozenset({"invokeai_metadata", "invokeai_graph", "invokeai_workflow", "sd-metadata", "dream"})
_PROGRAMS = frozenset(
    {"software", "source", "generator", "creator tool", "originating program", "credit"}
)  # keywords


@dataclass(frozen=True)
class Mark:
    """A program's mark."""

    generator: str  # with its model and version, where they are told
    source: str
    prompt: str = ""


def named_generator(text: str) -> str:
    """Return the generator that a name of a program means; empty for every other program."""
    return next((name for pattern, name in _NAMED if pattern.search(text[:1_024])), "")


def marks_of(texts: tuple[Text, ...]) -> Iterator[Mark]:
    """Give the marks that the texts of a file are; most texts are none."""
    for text in texts:
        found = (reader(text) for reader in _READERS)
        mark = next((each for each in found if each is not None), None)
        if mark is not None:
            yield mark


def _webui(text: Text) -> Mark | None:
    """Read what Stable Diffusion WebUI and its kin write: prompt, negative prompt, a line of settings.

    Under `parameters` in PNG, in EXIF's comment elsewhere.
    """
    found = _SETTINGS.search(text.content)
    if found is None:
        return None
    after = text.content[found.start() :]
    told = [match[1].strip() for match in (_MODEL.search(after), _VERSION.search(after)) if match]
    name = "Stable Diffusion WebUI" + (f" ({', '.join(told)})" if told else "")
    return Mark(name, text.source, text.content[: found.start()].partition("Negative prompt:")[0].strip())


def _invoke(text: Text) -> Mark | None:
    return Mark("InvokeAI", text.source) if text.keyword.casefold() in _INVOKE else None


def _swarm(text: Text) -> Mark | None:
    if "sui_image_params" not in text.content[:2_048]:
        return None
    return Mark("SwarmUI", text.source, _string(_loaded(text.content), "sui_image_params", "prompt"))


def _fooocus(text: Text) -> Mark | None:
    return Mark("Fooocus", text.source) if text.keyword.casefold().startswith("fooocus") else None


def _comfy(text: Text) -> Mark | None:
    """Recognise the graph of nodes that ComfyUI writes: under `prompt` and `workflow`, or in a comment."""
    if '"class_type"' in text.content:
        return Mark("ComfyUI", text.source)
    graph = _loaded(text.content) if text.keyword.casefold() == "workflow" else None
    is_graph = isinstance(graph, dict) and isinstance(graph.get("nodes"), list)
    return Mark("ComfyUI", text.source) if is_graph else None


def _novelai(text: Text) -> Mark | None:
    """Read NovelAI's settings, which stand in a PNG's `Comment`; "uc" is what is not wanted."""
    settings = _loaded(text.content) if text.keyword.casefold() == "comment" else None
    if isinstance(settings, dict) and "uc" in settings and "sampler" in settings:
        return Mark("NovelAI", text.source, _string(settings, "prompt"))
    return None


def _midjourney(text: Text) -> Mark | None:
    job = _JOB.search(text.content)
    if job is None:
        return None
    options = _MIDJOURNEY_OPTIONS.search(text.content)
    return Mark("Midjourney", text.source, text.content[: (options or job).start()].strip())


def _program(text: Text) -> Mark | None:
    name = named_generator(text.content) if text.keyword.casefold() in _PROGRAMS else ""
    return Mark(name, text.source) if name else None


def _loaded(content: str) -> Any:
    if not content.lstrip().startswith("{"):
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _string(value: Any, *path: str) -> str:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


_READERS: tuple[Callable[[Text], Mark | None], ...] = (
    _webui,
    _invoke,
    _swarm,
    _fooocus,
    _comfy,
    _novelai,
    _midjourney,
    _program,
)
