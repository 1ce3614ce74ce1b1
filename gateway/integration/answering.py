"""What the endpoints of integration do: judge images, lighten and critique them, guard requests to LiteLLM.

With the keys, limits, queue, policies and accounting of the proxy. Who asks about one image gets an answer
about it or an error; a guardrail answers as the policy says.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import orjson
import pybase64

from calibration.image import decode
from calibration.image_source import DecodeLimits
from gateway.detection.heat_map import heat_map_png
from gateway.dialects.reading.document import Object, Scalar, read_document
from gateway.errors import ImageBlockedError, RequestRefusedError
from gateway.integration.bodies import read_body
from gateway.integration.conversation import lightened_rows, without_copies
from gateway.integration.critiquing import critic_of, critiqued
from gateway.integration.formats import are_strings, images_of, string_in
from gateway.pipeline import ImageOutcome
from gateway.policy import EffectivePolicy, excuse
from gateway.providers.detail import LEVELS, level_named
from gateway.providers.rules import load_rules
from gateway.relay.callers.caller import BYPASS_REFUSED, Caller
from gateway.relay.callers.incoming import Headers
from gateway.relay.explaining import explaining_headers
from gateway.relay.images.looking import Looked
from gateway.relay.proxy import Proxy
from gateway.relay.route import Request

_MOST_FRAMES = 1_000_000  # they were counted when the image was first decoded
_Adjust = Callable[[EffectivePolicy], EffectivePolicy]


@dataclass(frozen=True)
class Asked:
    """One request, read."""

    looked: Looked
    document: Object
    caller: Caller


@dataclass(frozen=True)
class Endpoints:
    """Answers requests; the proxy's parts do the work."""

    proxy: Proxy

    async def inspect(self, request: Request) -> None:
        """Tell whether an image carries an edit, and whether the model would notice it."""
        began = time.perf_counter()
        outcome, asked = await self._one_image(request, _only_judged)
        verdict = outcome.verdict
        fields: dict[str, Any] = {
            "outcome": verdict.outcome,
            "flags": list(verdict.flags),
            "p_value": verdict.p_value,
            "jnd_ratio": verdict.jnd_ratio,
            "evidence": [asdict(evidence) for evidence in verdict.evidence],
            "explanation": verdict.explanation,
            "reason": outcome.reason,
            "heat_map": None,
        }
        if _wants_heat_map(asked.document):
            fields["heat_map"] = await asyncio.to_thread(_heat_map, outcome)
        fields["milliseconds"] = _milliseconds_since(began)
        await _reply(request, orjson.dumps(fields))

    async def compress(self, request: Request) -> None:
        """Lighten an image by as much as the model cannot notice; never more bytes or tokens than before."""
        began = time.perf_counter()
        outcome, _ = await self._one_image(request, _only_lightened)
        if outcome.plan is None:
            raise RequestRefusedError("compression_off", "the gateway's settings leave compression off")
        if request.incoming.header(b"accept").startswith(b"image/"):
            await _reply(request, outcome.data, outcome.media_type)
            return
        fields = asdict(outcome.plan) | {"milliseconds": _milliseconds_since(began)}
        await _reply(request, await asyncio.to_thread(_with_image, outcome, fields))

    async def critique(self, request: Request) -> None:
        """Tell how good an image looks to people, why, and where it comes from."""
        began = time.perf_counter()
        images = self.proxy.work.images
        critic_of(images)  # refused before any work is done
        outcome, asked = await self._one_image(request, _only_read)
        fields = await critiqued(images, outcome, asked.caller.tenant)
        await _reply(request, orjson.dumps({**fields, "milliseconds": _milliseconds_since(began)}))

    async def guard(self, request: Request) -> None:
        """Judge the images of a request to LiteLLM, and lighten them, as the gateway's policy says."""
        async with self._asked(request, _as_settings) as asked:
            if not are_strings(asked.document, "images"):
                raise RequestRefusedError("invalid_request", "expected an array of strings", param="images")
            if string_in(asked.document, "input_type") == "response":
                request.exchange.policy = replace(request.exchange.policy, compression="off")
            looked = without_copies(asked.looked)
            await _reply(request, await self._verdict(request, replace(asked, looked=looked)))

    async def _verdict(self, request: Request, asked: Asked) -> bytes:
        try:
            body = await self._treat(request, asked)
        except (ImageBlockedError, RequestRefusedError) as error:
            request.exchange.failures.append(error.kind)
            place = f"{error.param}: " if error.param else ""
            return orjson.dumps({"action": "BLOCKED", "blocked_reason": place + error.message})
        if body is asked.looked.body:
            return orjson.dumps({"action": "NONE"})
        return await asyncio.to_thread(_intervention, body, images_of(asked.document))

    async def _one_image(self, request: Request, adjust: _Adjust) -> tuple[ImageOutcome, Asked]:
        """Return what becomes of the one image of a request, and the request itself.

        Raises:
            RequestRefusedError: There is none, or it cannot be looked at.
        """
        async with self._asked(request, adjust) as asked:
            if len(asked.looked.slots) != 1:
                found = len(asked.looked.slots)
                message = f"expected one image, as a string in the field `image`, got {found}"
                raise RequestRefusedError("invalid_request", message, param="image")
            _refuse_unknown_provider(asked.document)
            _refuse_unknown_level(asked.document)
            _wants_heat_map(asked.document)  # refused before any work is done
            await self._treat(request, asked)
            return request.exchange.outcomes[0], asked

    @contextlib.asynccontextmanager
    async def _asked(self, request: Request, adjust: _Adjust) -> AsyncIterator[Asked]:
        """Read a request, and hold the room of its body for the length of the block.

        Raises:
            GatewayError: The caller may not, there is no room, or it is no JSON object.
        """
        proxy, exchange = self.proxy, request.exchange
        usual = proxy.destinations.all[-1]
        caller = proxy.callers.of(request.incoming, usual.judging_provider)
        if caller.is_bypassed:  # whoever asks for a look gets one
            caller = replace(caller, is_bypassed=False, remarks=BYPASS_REFUSED)
        exchange.client, exchange.remarks = caller.client, caller.remarks
        policy = proxy.policies.named(caller.policy_name, is_trusted=caller.is_trusted)
        with proxy.admission.admit(tenant=caller.tenant) as room:
            body = await read_body(request.incoming, room, proxy.unpacking, proxy.max_body_bytes)
            exchange.times.body_arrived()
            with exchange.trace.part("look"):
                looked = await proxy.work.look(body, request.dialect, "")
            if looked.problem is not None:
                raise RequestRefusedError(looked.problem.kind, looked.problem.message)
            exchange.model = proxy.names.canonical(looked.model)
            models = (looked.model, exchange.model)
            exchange.policy = adjust(proxy.policies.suiting(policy, models=models, upstream=usual.name))
            document = await asyncio.to_thread(read_document, body, max_values=len(body))
            yield Asked(looked, document, caller)

    async def _treat(self, request: Request, asked: Asked) -> bytes:
        """Take the images through the pipeline by the rules of the provider the request names."""
        usual = self.proxy.destinations.all[-1]
        provider = string_in(asked.document, "provider") or usual.provider
        request.exchange.provider = provider
        return await self.proxy.work.treat(
            asked.looked, request.exchange, asked.caller, replace(usual, provider=provider)
        )


def _refuse_unknown_provider(document: Object) -> None:
    """Refuse to answer by rules that were not asked for.

    Raises:
        RequestRefusedError: Nobody has described the provider that is named.
    """
    named = document.get("provider")
    if _is_left_out(named) or (isinstance(named, str) and named in _known_providers()):
        return
    known = ", ".join(sorted(_known_providers() - {""}))
    message = f"expected a provider among {known}; none: that of the settings"
    raise RequestRefusedError("invalid_request", message, param="provider")


def _refuse_unknown_level(document: Object) -> None:
    """Refuse to answer for a level of detail that was not asked for.

    Raises:
        RequestRefusedError: There is no such level.
    """
    named = document.get("detail")
    if _is_left_out(named):
        return
    try:
        if not isinstance(named, str):
            raise ValueError(f"expected a level of detail among {', '.join(LEVELS)}, as one string")
        level_named(named)
    except ValueError as error:
        raise RequestRefusedError("invalid_request", str(error), param="detail") from error


def _wants_heat_map(document: Object) -> bool:
    """Tell whether a picture of the evidence is asked for.

    Raises:
        RequestRefusedError: The field is neither true nor false.
    """
    named = document.get("heat_map")
    if _is_left_out(named):
        return False
    word = named.body[named.start : named.end].decode() if isinstance(named, Scalar) else named
    if word not in ("true", "false"):
        raise RequestRefusedError("invalid_request", "expected true or false", param="heat_map")
    return word == "true"


def _heat_map(outcome: ImageOutcome) -> str:
    """Paint the evidence over the image, which was decoded before: so far it may go again."""
    limits = DecodeLimits(len(outcome.data), max(outcome.pixels_in, 1), _MOST_FRAMES)
    picture = decode(outcome.data, limits).image
    return str(pybase64.b64encode(heat_map_png(picture, outcome.verdict)), "ascii")


def _is_left_out(field: object) -> bool:
    """Tell whether a field is missing or null."""
    return field is None or (isinstance(field, Scalar) and field.body[field.start : field.end] == b"null")


@cache
def _known_providers() -> frozenset[str]:
    return frozenset({"", *load_rules().providers})


def _only_judged(policy: EffectivePolicy) -> EffectivePolicy:
    return replace(excuse(policy), on_failure="refuse", compression="off", inspection="on")


def _only_read(policy: EffectivePolicy) -> EffectivePolicy:
    return replace(excuse(policy), on_failure="refuse", compression="off", inspection="off")


def _only_lightened(policy: EffectivePolicy) -> EffectivePolicy:
    return replace(excuse(policy), on_failure="refuse", compression="on")


def _as_settings(policy: EffectivePolicy) -> EffectivePolicy:
    return policy


def _with_image(outcome: ImageOutcome, fields: dict[str, Any]) -> bytes:
    data = pybase64.b64encode(outcome.data).decode("ascii")
    return orjson.dumps({"image": f"data:{outcome.media_type};base64,{data}"} | fields)


def _intervention(body: bytes, came: Sequence[str]) -> bytes:
    goes = images_of(read_document(body, max_values=len(body)))
    rows = lightened_rows(body, came=came, goes=goes)
    fields: dict[str, object] = {"action": "GUARDRAIL_INTERVENED", "images": goes}
    return orjson.dumps(fields if rows is None else fields | {"structured_messages": orjson.Fragment(rows)})


async def _reply(request: Request, body: bytes, media_type: str = "application/json") -> None:
    request.exchange.answer_starts(200)
    headers: Headers = [
        (b"content-type", media_type.encode("ascii")),
        (b"content-length", b"%d" % len(body)),
        *explaining_headers(request.exchange),
    ]
    await request.send({"type": "http.response.start", "status": 200, "headers": headers})
    await request.send({"type": "http.response.body", "body": body, "more_body": False})


def _milliseconds_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)
