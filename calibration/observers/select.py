"""From the command line's SPEC to an observer. Each kind is imported only when it is asked for."""

from collections.abc import Callable, Mapping
from pathlib import Path

from calibration.observers.protocol import Observer
from calibration.observers.simulated import parse_simulated
from calibration.settings import read_settings

_EXPECTED = (
    "embedded, embedded:FOLDER, openai:MODEL@BASE_URL, anthropic:MODEL, gemini:MODEL, "
    "transformers:PATH_OR_ID, python:MODULE:FACTORY or "
    "simulated:threshold=20,slope=3,false_alarm=0.02,lapse=0.02"
)


def build_observer(spec: str, *, workers: int = 8) -> Observer:
    """Build the observer a SPEC names.

    Args:
        spec: As on the command line.
        workers: Requests in flight at a time, for remote observers.

    Raises:
        ValueError: The SPEC is not understood, or a key it needs is missing.
        ObserverError: The observer cannot be loaded.
    """
    kind, _, rest = spec.partition(":")
    builders: Mapping[str, Callable[[], Observer]] = {
        "embedded": lambda: _embedded(rest),
        "openai": lambda: _openai(rest, workers),
        "anthropic": lambda: _anthropic(rest, workers),
        "gemini": lambda: _gemini(rest, workers),
        "transformers": lambda: _transformers(rest),
        "python": lambda: _plugin(rest),
        "simulated": lambda: parse_simulated(rest),
    }
    if kind not in builders:
        raise ValueError(f"unknown observer {spec!r}; expected {_EXPECTED}")
    return builders[kind]()


def _embedded(rest: str) -> Observer:
    if rest and not (Path(rest) / "config.json").is_file():
        raise ValueError(f"expected a folder with a training of the embedded model, got {rest!r}")
    from calibration.observers.embedded.observer import load_embedded  # noqa: PLC0415 - loads torch

    return load_embedded(Path(rest) if rest else None)


def _openai(rest: str, workers: int) -> Observer:
    from calibration.observers.openai_compatible import parse_openai  # noqa: PLC0415 - loads aiohttp

    return parse_openai(rest, settings=read_settings(), workers=workers)


def _anthropic(rest: str, workers: int) -> Observer:
    from calibration.observers.anthropic import parse_anthropic  # noqa: PLC0415 - loads aiohttp

    return parse_anthropic(rest, settings=read_settings(), workers=workers)


def _gemini(rest: str, workers: int) -> Observer:
    from calibration.observers.gemini import parse_gemini  # noqa: PLC0415 - loads aiohttp

    return parse_gemini(rest, settings=read_settings(), workers=workers)


def _transformers(rest: str) -> Observer:
    from calibration.observers.transformers_local import load_transformers  # noqa: PLC0415 - loads torch

    return load_transformers(rest)


def _plugin(rest: str) -> Observer:
    from calibration.observers.python_plugin import load_plugin  # noqa: PLC0415 - for symmetry, and Pillow

    return load_plugin(rest)
