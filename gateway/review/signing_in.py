"""The door of the review page: sign in by the key, sign out, and let nobody else in, nor a form of elsewhere.

A program sends the key with each request instead. Keys are never logged.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.review.asked import HOME, form_of, own_path
from gateway.review.rendering import Templates
from gateway.review.sessions import COOKIE, LASTS_SECONDS, Sessions, is_from_here

log = logging.getLogger(__name__)

_GUESSING = "Too many wrong keys from here. Wait a minute."
_SEE_OTHER = HTTPStatus.SEE_OTHER

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Door:
    """Who may look."""

    sessions: Sessions
    templates: Templates

    async def show_form(self, request: Request) -> Response:
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

    def word_of(self, request: Request) -> str:
        """Return what the forms of this browser's pages carry; empty where nobody signed in."""
        cookie = request.cookies.get(COOKIE, "")
        return self.sessions.form_word(cookie) if self.sessions.is_valid(cookie) else ""


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _to_sign_in(request: Request) -> Response:
    if request.method not in ("GET", "HEAD"):
        raise HTTPException(HTTPStatus.FORBIDDEN, "You are not signed in, or no longer.")
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{HOME}/sign-in?{urlencode({'next': asked})}", _SEE_OTHER)
