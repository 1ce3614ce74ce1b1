"""From the command line's SPEC to an observer. Each kind is imported only when it is asked for."""

from collections.abc import Callable, Mapping
from pathlib import Path

from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import Observer
from calibration.observers.simulated import parse_simulated
from calibration.settings import read_settings

_EXPECTED = (
    "embedded, embedded:FOLDER, critic, critic:FOLDER, openai:MODEL@BASE_URL, "
    "openai-responses:MODEL@BASE_URL, anthropic:MODEL, gemini:MODEL, transformers:PATH_OR_ID, "
    "python:MODULE:FACTORY, human or "
    "simulated:threshold=20,slope=3,false_alarm=0.02,lapse=0.02"
)


REMOTE = frozenset({"openai", "openai-responses", "anthropic", "gemini"})  # kinds asked over HTTP, and billed


def build_observer(spec: str, options: ObserverOptions | None = None) -> Observer:
    """Build the observer a SPEC names.

    Args:
        spec: As on the command line.
        options: How remote observers are asked; None: in the usual way.

    Raises:
        ValueError: The SPEC is not understood, a key it needs is missing, or an option is not for it.
        ObserverError: The observer cannot be loaded.
    """
    options = options or ObserverOptions()
    kind, _, rest = spec.partition(":")
    builders: Mapping[str, Callable[[], Observer]] = {
        "embedded": lambda: _embedded(rest),
        "critic": lambda: _critic(rest),
        "openai": lambda: _openai(rest, options),
        "openai-responses": lambda: _openai_responses(rest, options),
        "anthropic": lambda: _anthropic(rest, options),
        "gemini": lambda: _gemini(rest, options),
        "transformers": lambda: _transformers(rest),
        "python": lambda: _plugin(rest),
        "human": lambda: _human(rest),
        "simulated": lambda: parse_simulated(rest),
    }
    if kind not in builders:
        raise ValueError(f"unknown observer {spec!r}; expected {_EXPECTED}")
    if kind not in REMOTE and options.given:
        raise ValueError(f"{', '.join(options.given)} are for observers asked over HTTP; {kind} takes none")
    return builders[kind]()


def _embedded(rest: str) -> Observer:
    if rest and not (Path(rest) / "config.json").is_file():
        raise ValueError(f"expected a folder with a training of the embedded model, got {rest!r}")
    from calibration.observers.embedded.observer import load_embedded  # noqa: PLC0415 - loads torch

    return load_embedded(Path(rest) if rest else None)


def _critic(rest: str) -> Observer:
    if rest and not (Path(rest) / "config.json").is_file():
        raise ValueError(f"expected a folder with a training of the critic LMM, got {rest!r}")
    from calibration.observers.critic.observer import load_critic  # noqa: PLC0415 - loads torch

    return load_critic(Path(rest) if rest else None)


def _openai(rest: str, options: ObserverOptions) -> Observer:
    from calibration.observers.openai_compatible import parse_openai  # noqa: PLC0415 - loads aiohttp

    return parse_openai(rest, settings=read_settings(), options=options)


def _openai_responses(rest: str, options: ObserverOptions) -> Observer:
    from calibration.observers.openai_compatible import parse_openai_responses  # noqa: PLC0415 - loads aiohttp

    return parse_openai_responses(rest, settings=read_settings(), options=options)


def _anthropic(rest: str, options: ObserverOptions) -> Observer:
    from calibration.observers.anthropic import parse_anthropic  # noqa: PLC0415 - loads aiohttp

    return parse_anthropic(rest, settings=read_settings(), options=options)


def _gemini(rest: str, options: ObserverOptions) -> Observer:
    from calibration.observers.gemini import parse_gemini  # noqa: PLC0415 - loads aiohttp

    return parse_gemini(rest, settings=read_settings(), options=options)


def _transformers(rest: str) -> Observer:
    from calibration.observers.transformers_local import load_transformers  # noqa: PLC0415 - loads torch

    return load_transformers(rest)


def _plugin(rest: str) -> Observer:
    from calibration.observers.python_plugin import load_plugin  # noqa: PLC0415 - for symmetry, and Pillow

    return load_plugin(rest)


def _human(rest: str) -> Observer:
    if rest:
        raise ValueError(f"expected human alone, got human:{rest}")
    from calibration.observers.human import HumanObserver  # noqa: PLC0415 - needs the extra `local`

    return HumanObserver()
