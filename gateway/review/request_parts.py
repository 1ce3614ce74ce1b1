"""What a request to the review page says: its form, its filter, its mark, and where it wants to go back."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gateway.review.filters import BadFilterError, Filter, Named
from gateway.review.flag import MARKS, Mark

HOME = "/review"
_MOST_FORM_BYTES = 16_384


async def form_of(request: Request) -> Mapping[str, str]:
    """Read a form; it is read once, and found again on the request."""
    known: Mapping[str, str] | None = getattr(request.state, "form", None)
    if known is not None:
        return known
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_FORM_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The form is too long.")
    try:
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50))
    except ValueError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The form has too many fields.") from error
    request.state.form = form
    return form


def filter_of(request: Request, named: Named) -> Filter:
    """Read the filter of a link, where `other` is whatever is not named; raises HTTPException."""
    try:
        return Filter.of(request.query_params, named)
    except BadFilterError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"{error}.") from error


def mark_of(word: str) -> Mark:
    """Read a mark; raises HTTPException."""
    mark = next((each for each in MARKS if each == word), None)
    if mark is None:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"Expected a mark among {', '.join(MARKS)}.")
    return mark


def own_path(text: str) -> str:
    """Return a path of this page and its query; any other leads to the list."""
    try:
        parts = urlsplit(text.partition("#")[0])
    except ValueError:
        return HOME
    is_ours = not parts.scheme and not parts.netloc and "\\" not in text
    is_below = parts.path == HOME or parts.path.startswith(f"{HOME}/")
    if not (is_ours and is_below and text.isprintable()) or parts.path.startswith(f"{HOME}/sign-"):
        return HOME
    return parts.path + (f"?{parts.query}" if parts.query else "")
