"""The endpoints of integration and their OpenAPI description: inspect, compress, critique, guard.

FastAPI finds and describes them; what they do runs as every request does, accounted for and drained alike.
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.protocol import Dialect
from gateway.errors import GatewayError, MethodNotAllowedError, UnknownPathError
from gateway.integration.answering import Endpoints
from gateway.integration.bodies import IMAGE_TYPES, IN_QUERY
from gateway.integration.formats import LiteLLMGuardrail, OneImage
from gateway.integration.schemas import (
    CompressAnswer,
    CritiqueAnswer,
    CritiqueRequest,
    ErrorAnswer,
    GuardrailAnswer,
    GuardrailRequest,
    ImageRequest,
    InspectAnswer,
    InspectRequest,
)
from gateway.relay.callers.incoming import Incoming
from gateway.relay.exchange import Exchange
from gateway.relay.proxy import Proxy
from gateway.relay.route import Request

OWN_PATH = "/v1/jnd"
GUARDRAIL_PATH = "/beta/litellm_basic_guardrail_api"
_ERRORS = (400, 401, 403, 413, 429)

_Answer = Callable[[Request], Awaitable[None]]


def mounted_at(prefix: str, proxy: Proxy) -> Mapping[str, ASGIApp]:
    """Return the app by the paths that are its own, with everything below them."""
    app = create_endpoints(proxy, prefix)
    return {prefix + path: app for path in (OWN_PATH, GUARDRAIL_PATH)}


def create_endpoints(proxy: Proxy, prefix: str = "") -> FastAPI:
    """Return the app.

    Args:
        proxy: Whose keys, limits, queue and policies apply.
        prefix: Of every path, as `listen.prefix`.
    """
    app = FastAPI(
        title="JND gateway",
        version=version("lmm-jnd"),
        description="Ask what the gateway makes of an image, without sending it to a model.",
        docs_url=prefix + OWN_PATH + "/docs",
        openapi_url=prefix + OWN_PATH + "/openapi.json",
        redoc_url=None,
    )
    app.add_exception_handler(HTTPStatus.NOT_FOUND, _nothing_here(prefix))
    app.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, _not_allowed)
    endpoints = Endpoints(proxy)
    image, inspected, critiqued = (
        _described(model) | {"parameters": _of_query(model)}
        for model in (ImageRequest, InspectRequest, CritiqueRequest)
    )
    for described in (image, inspected, critiqued):
        described["requestBody"]["content"] |= {each: {"schema": _BINARY} for each in IMAGE_TYPES}
    for path, dialect, answer, taken, answered in (
        (OWN_PATH + "/inspect", OneImage("jnd_inspect"), endpoints.inspect, inspected, InspectAnswer),
        (OWN_PATH + "/compress", OneImage("jnd_compress"), endpoints.compress, image, CompressAnswer),
        (OWN_PATH + "/critique", OneImage("jnd_critique"), endpoints.critique, critiqued, CritiqueAnswer),
        (
            GUARDRAIL_PATH,
            LiteLLMGuardrail(),
            endpoints.guard,
            _described(GuardrailRequest),
            GuardrailAnswer,
        ),
    ):
        app.add_api_route(
            prefix + path,
            _handler(proxy, dialect, answer),
            methods=["POST"],
            summary=(answer.__doc__ or "").strip(),
            response_model=answered,
            responses={code: {"model": ErrorAnswer} for code in _ERRORS},
            openapi_extra=taken,
        )
    return app


_OnError = Callable[[HttpRequest, Exception], Awaitable[Response]]


def _nothing_here(prefix: str) -> _OnError:
    message = f"nothing here; {prefix}{OWN_PATH}/docs tells what there is"

    async def answer(request: HttpRequest, error: Exception) -> Response:  # noqa: ARG001 - as Starlette calls
        return _told(UnknownPathError(message))

    return answer


async def _not_allowed(request: HttpRequest, error: Exception) -> Response:  # noqa: ARG001 - as Starlette calls
    allowed = error.headers if isinstance(error, HTTPException) else None
    return _told(MethodNotAllowedError((allowed or {}).get("Allow", "POST")))


def _told(error: GatewayError) -> Response:
    body = OpenAIChat().error_body(error)
    return Response(body, error.http_status, dict(error.headers), "application/json")


class _Served(Response):
    """Answers as the proxy does: errors rendered, accounted for, ended when the caller hangs up."""

    def __init__(self, proxy: Proxy, dialect: Dialect, answer: _Answer) -> None:
        super().__init__()
        self._proxy = proxy
        self._dialect = dialect
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        incoming = Incoming(scope, receive)
        exchange = Exchange(self._dialect.name, "", incoming.raw_path.decode("latin-1"))
        await self._proxy.route.serve(Request(incoming, exchange, send, self._dialect), self._answer)


def _handler(proxy: Proxy, dialect: Dialect, answer: _Answer) -> Callable[[], Awaitable[Response]]:
    async def handle() -> Response:
        return _Served(proxy, dialect, answer)

    handle.__name__ = dialect.name
    return handle


_BINARY: Mapping[str, str] = {"type": "string", "format": "binary"}


def _described(model: type[BaseModel]) -> dict[str, Any]:
    content = {"application/json": {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}


def _of_query(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Describe what the query says of an image that comes as it is."""
    return [
        {
            "name": name,
            "in": "query",
            "schema": {"type": "boolean" if field.annotation is bool else "string"},
            "description": f"For an image as it is. {field.description}",
        }
        for name in IN_QUERY
        if (field := model.model_fields.get(name)) is not None
    ]
