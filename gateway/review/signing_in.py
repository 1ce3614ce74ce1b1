"""The door of the review page: sign in by the key, sign out, and let nobody else in, nor a form of elsewhere.

A program sends the key with each request instead. Whoever sends too many wrong ones a minute is told to wait;
the right one opens always, since behind an ingress everybody has one address. Keys are never logged.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.review.rendering import Templates
from gateway.review.request_parts import HOME, form_of, own_path
from gateway.review.sessions import COOKIE, LASTS_SECONDS, Sessions, bearer_of, is_from_here

log = logging.getLogger(__name__)

_GUESSING = "Too many wrong keys from here. Wait a minute."
_WRONG = "That is not the key."
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
        if not self.sessions.opens(form.get("key", "").strip()):
            is_guessing = self._note_wrong(address)
            status = HTTPStatus.TOO_MANY_REQUESTS if is_guessing else HTTPStatus.FORBIDDEN
            problem = _GUESSING if is_guessing else _WRONG
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
                key = bearer_of(request.headers.get("authorization", ""))
                if key is None:
                    return _to_sign_in(request)
                self._check(key, _address(request))
                return await handler(request)  # a program: no browser sends that header unasked
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

    def _check(self, key: str, address: str) -> None:
        """Refuse a program that sends another key."""
        if self.sessions.opens(key):
            return
        if self._note_wrong(address):
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, _GUESSING, {"retry-after": "60"})
        raise HTTPException(HTTPStatus.UNAUTHORIZED, _WRONG, {"www-authenticate": "Bearer"})

    def _note_wrong(self, address: str) -> bool:
        """Count a wrong key; tell whether there were too many lately."""
        if self.sessions.is_guessing(address):
            return True
        self.sessions.note_failure(address)
        log.warning("a wrong key was sent to the review page from %s", address)
        return False

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
