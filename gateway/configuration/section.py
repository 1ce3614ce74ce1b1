"""What every group of settings is made of: frozen sections, keys with a reason, and words checked as text."""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

MEBIBYTE = 1024 * 1024
MEGAPIXEL = 1_000_000

_WORD = re.compile(r"[a-z0-9_-]{1,40}")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_DOTS = re.compile(r"/\.{1,2}(/|$)")
_NO_KEY = re.compile(r"\$|os\.environ/|\{\{|<")  # how other programs and templates point at one
_PLAIN_ADDRESS = re.compile(r"[a-z]+://[^@]*")
_KEY = re.compile(r"[\x21-\x7e]+")


class Section(BaseModel):
    """A group of keys; unknown ones are refused, so that a misspelt key never silently means its default."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def setting(default: Any, description: str, *, why: str, **limits: Any) -> Any:
    """Declare a key: what it means, unit included, and why its default is what it is."""
    return Field(default=default, description=description, json_schema_extra={"why": why}, **limits)


def required(description: str) -> Any:
    """Declare a key that has no default."""
    return Field(description=description)


def _check_word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise ValueError(
            f"expected one word of small letters, digits, - and _, at most 40 of them, got {text[:60]!r}"
        )
    return text


def _check_prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text) or _DOTS.search(text):
        raise ValueError(
            "expected a path such as /llm: a leading slash, none at the end, no ? # or spaces, "
            f"got {text[:60]!r}"
        )
    return text


def points_at_key(text: str) -> bool:
    """Tell whether a text is how programs and templates point at a key, and so none itself."""
    return _NO_KEY.match(text) is not None


def holds_secret(text: str) -> bool:
    """Tell whether the text of a key has to be hidden: not where it is a pointer or a mere address."""
    return not points_at_key(text) and not _PLAIN_ADDRESS.fullmatch(text)


def _check_key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if text.lower().startswith("bearer "):
        raise ValueError("expected the key alone, without `Bearer`")
    if points_at_key(text):
        raise ValueError("expected a key, or ${NAME} of the environment variable that holds it")
    if not _KEY.fullmatch(text):
        raise ValueError("expected a key: visible ASCII characters without spaces or line breaks")
    return key


def _from_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError("expected a path, got the home folder of nobody here") from error


Folder = Annotated[Path, AfterValidator(_from_home)]
Word = Annotated[str, AfterValidator(_check_word)]
Prefix = Annotated[str, AfterValidator(_check_prefix)]
Key = Annotated[SecretStr, AfterValidator(_check_key)]
