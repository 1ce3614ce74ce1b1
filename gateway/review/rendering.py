"""Answers of the review page: templates filled in, files of its own, and headers that forbid the rest."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import Response

from gateway.review import words

SAFE: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
NOT_STORED = {"cache-control": "no-store"}
STORED = {"cache-control": "private, max-age=86400, immutable"}  # what is drawn of a flag never changes
_STATIC = {"review.css": "text/css; charset=utf-8", "review.js": "text/javascript; charset=utf-8"}
_FILTERS = (
    words.kind_in_words,
    words.mark_in_words,
    words.when,
    words.machine_time,
    words.number,
    words.sure,
    words.how_sure,
    words.is_by_rule,
)


class Templates:
    """The pages' templates."""

    def __init__(self, version: str) -> None:
        """Take what changes with a release: browsers ask again for styles then."""
        self._environment = Environment(
            loader=PackageLoader("gateway.review"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._environment.filters |= {each.__name__: each for each in _FILTERS}
        self._environment.globals |= {"version": version, "word": "", "wanted": None}

    def page(self, name: str, *, status: int = 200, **fields: Any) -> Response:
        """Return a page, filled in."""
        text = self._environment.get_template(name).render(**fields)
        return Response(text, status, dict(NOT_STORED), "text/html; charset=utf-8")


def static(name: str) -> Response | None:
    """Return one of the page's own files; None where there is none of that name."""
    if name not in _STATIC:
        return None
    return Response(_content(name), headers=dict(STORED), media_type=_STATIC[name])


@cache
def _content(name: str) -> bytes:
    return files("gateway.review").joinpath("static", name).read_bytes()
