"""The page for the person who reviews flagged images: a Starlette app with its own key, fit for one process.

Works without JavaScript. Every answer forbids the browser whatever this page does not need. What people do is
logged with the flag's id; pictures and keys never are.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from calibration.image import ImageError
from gateway.detection.combination import DetectionCalibration
from gateway.review.asked import HOME, filter_of, form_of, mark_of, own_path
from gateway.review.critiquing import CannotJudgeError, Critiquing
from gateway.review.drawing import Drawings
from gateway.review.filters import Named
from gateway.review.flag import Flag, is_id
from gateway.review.judging import Judging
from gateway.review.labels import label_lines
from gateway.review.rendering import NOT_STORED, SAFE, STORED, Templates, static
from gateway.review.sessions import COOKIE, LASTS_SECONDS, Sessions, is_from_here
from gateway.review.store import ReviewStore
from gateway.review.views import flag_view, list_view

log = logging.getLogger(__name__)

_GUESSING = "Too many wrong keys from here. Wait a minute."
_SEE_OTHER = HTTPStatus.SEE_OTHER

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class ReviewPage:
    """What the page shows, and what it does."""

    store: ReviewStore
    judging: Judging
    drawings: Drawings
    critiquing: Critiquing
    sessions: Sessions
    templates: Templates
    keeps_pictures: bool
    calibration: DetectionCalibration  # on whose scale labels are told
    named: Named  # by the settings

    # --- signing in

    async def sign_in_form(self, request: Request) -> Response:
        """Ask for the key."""
        return self.templates.page(
            "sign_in.html", next=own_path(request.query_params.get("next", "")), problem=""
        )

    async def sign_in(self, request: Request) -> Response:
        """Begin a session for whoever sends the key."""
        form, address = await form_of(request), _address(request)
        target = own_path(form.get("next", ""))
        problem, status = "", HTTPStatus.FORBIDDEN
        if self.sessions.is_guessing(address):
            problem, status = _GUESSING, HTTPStatus.TOO_MANY_REQUESTS
        elif not self.sessions.opens(form.get("key", "").strip()):
            self.sessions.note_failure(address)
            log.warning("a wrong key was sent to the review page from %s", address)
            problem = "That is not the key."
        if problem:
            return self.templates.page("sign_in.html", status=status, next=target, problem=problem)
        answer = RedirectResponse(target, _SEE_OTHER)
        forwarded = request.headers.get("x-forwarded-proto", request.url.scheme)
        answer.set_cookie(
            COOKIE,
            self.sessions.begin(),
            max_age=LASTS_SECONDS,
            path=HOME,
            secure=forwarded.partition(",")[0].strip() == "https",  # the first of several proxies
            httponly=True,
            samesite="lax",  # a link on a dashboard leads here, signed in
        )
        log.info("somebody signed in to the review page from %s", address)
        return answer

    async def sign_out(self, request: Request) -> Response:  # noqa: ARG002 - as every page
        """Forget the session in this browser."""
        answer = RedirectResponse(f"{HOME}/sign-in", _SEE_OTHER)
        answer.delete_cookie(COOKIE, path=HOME)
        return answer

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

    def guarded(self, handler: Handler) -> Handler:
        """Let only those in who signed in; a form has to come from a page of theirs."""

        async def guarded(request: Request) -> Response:
            cookie = request.cookies.get(COOKIE, "")
            if not self.sessions.is_valid(cookie):
                if self.sessions.admits(request.headers.get("authorization", ""), _address(request)):
                    return await handler(request)  # a program: no browser sends that header unasked
                return _to_sign_in(request)
            if request.method == "POST":
                form = await form_of(request)
                if not (
                    is_from_here(request.headers) and self.sessions.is_form_word(cookie, form.get("word", ""))
                ):
                    raise HTTPException(
                        HTTPStatus.FORBIDDEN, "This form is not one of this page. Load it again."
                    )
            return await handler(request)

        return guarded

    def _page(self, request: Request, name: str, **fields: Any) -> Response:
        word = self.sessions.form_word(request.cookies.get(COOKIE, ""))
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
        signed_in = self.sessions.is_valid(request.cookies.get(COOKIE, ""))
        heading = status.phrase
        page = self._page if signed_in else lambda _, name, **fields: self.templates.page(name, **fields)
        return page(request, "told.html", status=status, heading=heading, text=text, back=HOME)


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
        Route(f"{HOME}/sign-in", page.sign_in_form),
        Route(f"{HOME}/sign-in", page.sign_in, methods=["POST"]),
        Route(f"{HOME}/sign-out", page.guarded(page.sign_out), methods=["POST"]),
        Route(HOME, page.guarded(page.show_list)),
        Route(f"{HOME}/labels.jsonl", page.guarded(page.show_labels)),
        Route(one, page.guarded(page.show_flag)),
        Route(f"{one}/file", page.guarded(page.show_file)),
        Route(f"{one}/critique", page.guarded(page.show_critique)),
        Route(f"{one}/mark", page.guarded(page.mark), methods=["POST"]),
        Route(f"{one}/undo", page.guarded(page.undo), methods=["POST"]),
        Route(f"{one}/forget", page.guarded(page.forget), methods=["POST"]),
        Route(f"{one}/{{view}}", page.guarded(page.show_drawing)),
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


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _to_sign_in(request: Request) -> Response:
    if request.method not in ("GET", "HEAD"):
        raise HTTPException(HTTPStatus.FORBIDDEN, "You are not signed in, or no longer.")
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{HOME}/sign-in?{urlencode({'next': asked})}", _SEE_OTHER)


def _back(form: Mapping[str, str], flag: Flag) -> Response:
    return RedirectResponse(f"{own_path(form.get('back', ''))}#{flag.id}", _SEE_OTHER)
