"""The page for the person who reviews flagged images: a Starlette app with its own key, fit for one process.

Works without JavaScript. Every answer forbids the browser whatever this page does not need. What people do is
logged with the flag's id; pictures and keys never are.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from calibration.image import ImageError
from gateway.detection.combination import DetectionCalibration
from gateway.review.critiquing import CannotJudgeError, Critiquing
from gateway.review.drawing import Drawings
from gateway.review.filters import Named
from gateway.review.flag import Flag, is_id
from gateway.review.judging import Judging
from gateway.review.labels import label_lines
from gateway.review.rendering import NOT_STORED, SAFE, STORED, Templates, static
from gateway.review.request_parts import HOME, filter_of, form_of, mark_of, own_path
from gateway.review.signing_in import Door
from gateway.review.store import ReviewStore
from gateway.review.views import flag_view, list_view

log = logging.getLogger(__name__)

_SEE_OTHER = HTTPStatus.SEE_OTHER


@dataclass(frozen=True)
class ReviewPage:
    """What the page shows, and what it does."""

    store: ReviewStore
    judging: Judging
    drawings: Drawings
    critiquing: Critiquing
    door: Door
    templates: Templates
    keeps_pictures: bool
    calibration: DetectionCalibration  # on whose scale labels are told
    named: Named  # by the settings

    # --- looking

    async def show_list(self, request: Request) -> Response:
        """Show flags, newest first."""
        wanted = filter_of(request, self.named)
        fields = await asyncio.to_thread(list_view, self.store, wanted)
        here = HOME + (f"?{request.url.query}" if request.url.query else "")
        return self._page(request, "list.html", **fields, here=here)

    async def show_flag(self, request: Request) -> Response:
        """Show one flag."""
        flag, wanted = await self._flag(request), filter_of(request, self.named)
        fields = await asyncio.to_thread(flag_view, self.store, flag, wanted)
        here = f"{HOME}/{flag.id}" + (f"?{wanted.query}" if wanted.query else "")
        return self._page(request, "flag.html", **fields, here=here)

    async def show_drawing(self, request: Request) -> Response:
        """Show one view of a picture."""
        view, flag = request.path_params["view"], await self._flag(request)
        if view not in self.drawings.views:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such view of a picture.")
        data = await self._data(flag)
        try:
            drawn = await asyncio.to_thread(self.drawings.draw, view, data, flag)
        except (ImageError, ValueError) as error:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"The picture cannot be drawn: {error}") from error
        return Response(drawn.data, headers=dict(STORED), media_type=drawn.media_type)

    async def show_file(self, request: Request) -> Response:
        """Give the file as it came, to be saved and never shown."""
        flag = await self._flag(request)
        name = f'attachment; filename="{flag.digest[:16]}.bin"'
        headers = {**NOT_STORED, "content-disposition": name}
        return Response(await self._data(flag), headers=headers, media_type="application/octet-stream")

    async def show_critique(self, request: Request) -> Response:
        """Say how good the picture looks."""
        flag = await self._flag(request)
        data = await self._data(flag)
        try:
            text = await self.critiquing.sentence(flag.digest, data)
        except CannotJudgeError as error:
            text = f"It cannot be judged: {error}."
        heading = "How good it looks"
        return self._page(request, "told.html", heading=heading, text=text, back=f"{HOME}/{flag.id}")

    async def show_labels(self, request: Request) -> Response:
        """Give what people said, as JSON lines."""
        lines = label_lines(self.store, filter_of(request, self.named).at(), self.calibration)
        headers = {**NOT_STORED, "content-disposition": 'attachment; filename="labels.jsonl"'}
        return StreamingResponse(lines, headers=headers, media_type="application/x-ndjson")

    # --- doing

    async def mark(self, request: Request) -> Response:
        """Note what is said of a flag."""
        form, flag = await form_of(request), await self._flag(request)
        mark = mark_of(form.get("mark", ""))
        say = self.judging.mark_picture if form.get("of") == "picture" else self.judging.mark
        await asyncio.to_thread(say, flag, mark)
        return _back(form, flag)

    async def undo(self, request: Request) -> Response:
        """Take the last mark of a flag back."""
        form, flag = await form_of(request), await self._flag(request)
        await asyncio.to_thread(self.judging.undo, flag)
        return _back(form, flag)

    async def forget(self, request: Request) -> Response:
        """Delete a picture with every flag of it."""
        flag = await self._flag(request)
        await asyncio.to_thread(self.judging.forget, flag)
        return RedirectResponse(HOME, _SEE_OTHER)

    # --- on the way

    def _page(self, request: Request, name: str, **fields: Any) -> Response:
        word = self.door.word_of(request)
        return self.templates.page(name, word=word, keeps_pictures=self.keeps_pictures, **fields)

    async def _flag(self, request: Request) -> Flag:
        flag_id = request.path_params["flag_id"]
        flag = await asyncio.to_thread(self.store.get, flag_id) if is_id(flag_id) else None
        if flag is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no flag of that id, or no longer.")
        return flag

    async def _data(self, flag: Flag) -> bytes:
        data = await asyncio.to_thread(self.store.pictures.get, flag.digest)
        if data is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "The picture is not kept, or no longer.")
        return data

    async def tell(self, request: Request, error: Exception) -> Response:
        """Say what went wrong, with a way back."""
        status, text = HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong; the log says what."
        if isinstance(error, HTTPException):
            status, text = HTTPStatus(error.status_code), error.detail
        elif isinstance(error, OSError):
            log.error("the review page could not write: %s", error)
            text = f"It could not be written, and nothing was noted: {error.strerror or error}."
        elif isinstance(error, SQLAlchemyError):
            log.error("the store of the review page failed: %s", str(error).splitlines()[0])
            status, text = HTTPStatus.SERVICE_UNAVAILABLE, "The store does not answer. Try again soon."
        told = self._page(request, "told.html", status=status, heading=status.phrase, text=text, back=HOME)
        told.headers.update(getattr(error, "headers", None) or {})
        return told


def create_review_app(page: ReviewPage) -> ASGIApp:
    """Return the app of the page, and a health check beside it."""

    async def livez(request: Request) -> Response:  # noqa: ARG001 - as every page
        return Response('{"status":"alive"}', media_type="application/json")

    async def to_the_list(request: Request) -> Response:  # noqa: ARG001 - as every page
        return RedirectResponse(HOME)

    async def own_file(request: Request) -> Response:
        found = static(request.path_params["name"])
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such file.")
        return found

    one = f"{HOME}/{{flag_id}}"
    routes = [
        Route("/livez", livez),
        Route("/", to_the_list),
        Route(f"{HOME}/static/{{name}}", own_file),
        Route(f"{HOME}/sign-in", page.door.show_form),
        Route(f"{HOME}/sign-in", page.door.sign_in, methods=["POST"]),
        Route(f"{HOME}/sign-out", page.door.guarded(page.door.sign_out), methods=["POST"]),
        Route(HOME, page.door.guarded(page.show_list)),
        Route(f"{HOME}/labels.jsonl", page.door.guarded(page.show_labels)),
        Route(one, page.door.guarded(page.show_flag)),
        Route(f"{one}/file", page.door.guarded(page.show_file)),
        Route(f"{one}/critique", page.door.guarded(page.show_critique)),
        Route(f"{one}/mark", page.door.guarded(page.mark), methods=["POST"]),
        Route(f"{one}/undo", page.door.guarded(page.undo), methods=["POST"]),
        Route(f"{one}/forget", page.door.guarded(page.forget), methods=["POST"]),
        Route(f"{one}/{{view}}", page.door.guarded(page.show_drawing)),
    ]
    handlers = {
        HTTPException: page.tell,
        OSError: page.tell,
        SQLAlchemyError: page.tell,
        Exception: page.tell,
    }
    return _safely(Starlette(routes=routes, exception_handlers=handlers))


def _safely(app: ASGIApp) -> ASGIApp:
    """Add to every answer what browsers must not do."""
    safe = [(name.encode(), value.encode()) for name, value in SAFE.items()]

    async def safely(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *safe]
            await send(message)

        await app(scope, receive, send_safely)

    return safely


def _back(form: Mapping[str, str], flag: Flag) -> Response:
    return RedirectResponse(f"{own_path(form.get('back', ''))}#{flag.id}", _SEE_OTHER)
