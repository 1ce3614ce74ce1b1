"""Answer requests: look into those of a dialect, pass everything else through untouched.

Plain ASGI, no middleware: a caller who hangs up is noticed at any moment, and only bodies that are looked
into are held in memory. Each request's way reads forward: find the place, prepare the body, ask the
upstream, relay.
"""

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from starlette.types import Receive, Scope, Send

from gateway.compression.audit.shadow import Repeat, ShadowAudit
from gateway.dialects.protocol import Dialect
from gateway.errors import MethodRefusedError, UnknownCodingError, UpgradeRefusedError
from gateway.model_names import ModelNames
from gateway.policy import EffectivePolicy, Policies
from gateway.relay.admission import Admission, Reservation
from gateway.relay.callers.caller import Caller, Callers
from gateway.relay.callers.charset import foreign_charset
from gateway.relay.callers.encodings import PackedBodyError, UnpackedTooLargeError, layers
from gateway.relay.callers.incoming import BodyTooLargeError, Incoming
from gateway.relay.callers.unpacking import Unpacking
from gateway.relay.exchange import Exchange
from gateway.relay.explaining import explaining_headers
from gateway.relay.genai import NOT_GENERATIVE
from gateway.relay.images.body import BodyWork
from gateway.relay.images.enforcing import give_up
from gateway.relay.images.looking import Problem
from gateway.relay.images.terms import Terms
from gateway.relay.paths import keeping_short, read_target
from gateway.relay.route import ApiRoute, Request
from gateway.relay.upstreams.answer import Answer
from gateway.relay.upstreams.destination import Destination, Destinations, Place
from gateway.relay.upstreams.upload import Body
from gateway.relay.upstreams.upstream import relay
from gateway.relay.usage import Overheard

_SLASH = re.compile("/")
_VERSION = "/v1"
_PACKED = "encoded_body"


class Dialects:
    """Finds the dialect of a path, whatever stands before the part the dialect knows."""

    def __init__(self, dialects: Sequence[Dialect]) -> None:
        """Take the dialects in order of precedence; the first tells errors of requests that are nobody's."""
        self._dialects = dialects
        self._by_name = {each.name: each for each in dialects}
        self.find = keeping_short(self._find)

    def of_errors(self, provider: str) -> Dialect:
        """Return the dialect in which callers of a provider's API expect errors."""
        return self._by_name.get(provider, self._dialects[0])

    def _find(self, path: str) -> tuple[Dialect, str] | None:
        """Return the dialect and the path as it knows it.

        Every tail of the path is tried, with and without a version: servers offer their APIs below
        prefixes of their own, and llama.cpp without /v1 too.
        """
        for start in (place.start() for place in _SLASH.finditer(path)):
            for known in (path[start:], _VERSION + path[start:]):
                for dialect in self._dialects:
                    if dialect.takes(known):
                        return dialect, known
        return None


@dataclass(frozen=True)
class Proxy:
    """Forwards every request that is not the gateway's own."""

    route: ApiRoute
    dialects: Dialects
    destinations: Destinations
    callers: Callers
    policies: Policies
    names: ModelNames
    work: BodyWork
    admission: Admission
    unpacking: Unpacking
    max_body_bytes: int
    shadow_audit: ShadowAudit | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        incoming = Incoming(scope, receive)
        exchange = Exchange(NOT_GENERATIVE, "", incoming.raw_path.decode("latin-1"))
        await self.route.serve(Request(incoming, exchange, send, self.dialects.of_errors("")), self._answer)

    async def _answer(self, request: Request) -> None:
        incoming, exchange = request.incoming, request.exchange
        place = self.destinations.place(read_target(incoming.raw_path).wire)
        found = self.dialects.find(place.target.plain) if _may_have_body(incoming) else None
        request.dialect = found[0] if found else self.dialects.of_errors(place.destination().provider)
        if found is not None:
            exchange.dialect, exchange.api_path = request.dialect.name, found[1]
        _refuse_other_protocols(incoming)
        caller = self.callers.of(incoming, place.destination().judging_provider)
        exchange.client, request.tenant, exchange.remarks = caller.client, caller.tenant, caller.remarks
        if found is None:
            await self._pass_through(request, place, caller)
            return
        exchange.policy = self.policies.named(caller.policy_name, is_trusted=caller.is_trusted)
        with (
            self.admission.admit(tenant=caller.tenant) as room,
            closing(await self._inspect(request, place, caller, room)) as answer,
        ):
            await self._relay(answer, request)
        if request.repeat and self.shadow_audit:
            self.shadow_audit.settle(request.repeat)

    async def _relay(self, answer: Answer, request: Request) -> None:
        """Pass an answer on; what it tells of tokens is read behind it, where images are in the request."""
        exchange, extra = request.exchange, explaining_headers(request.exchange)
        send = request.repeat.hearing(request.send) if request.repeat else request.send
        if not exchange.outcomes:
            await relay(answer, send, extra, exchange.times)
            return
        overheard = Overheard(answer.status, answer.headers)
        await relay(answer, send, extra, exchange.times, overheard.take)
        exchange.usage = overheard.usage()

    # --- requests that are looked into

    async def _inspect(self, request: Request, place: Place, caller: Caller, room: Reservation) -> Answer:
        """Ask the upstream with a body that was looked into, or as it comes where that cannot be done."""
        incoming, exchange = request.incoming, request.exchange
        exchange.room = room
        if charset := foreign_charset(incoming.headers):
            problem = Problem("charset", f"expected a body in UTF-8, got {charset}")
            return await self._forward_unseen(request, place, problem, incoming.chunks())
        try:
            packed = await incoming.read(self.max_body_bytes, room)
        except BodyTooLargeError:
            return await self._forward_unseen(
                request, place, _too_large(self.max_body_bytes), incoming.chunks()
            )
        exchange.times.body_arrived()
        body = packed
        coding = incoming.joined(b"content-encoding")
        if coding and layers(coding):
            try:
                body = await self.unpacking.unpack(packed, coding, room)
            except PackedBodyError as error:
                return await self._forward_unseen(request, place, Problem(_PACKED, str(error)), packed)
            except UnpackedTooLargeError:
                return await self._forward_unseen(request, place, _too_large(self.max_body_bytes), packed)
        with exchange.trace.part("look"):
            looked = await self.work.look(
                body, request.dialect, exchange.api_path, partial(self._terms, request, place, caller)
            )
        exchange.model = self.names.canonical(looked.model)
        destination = place.destination(looked.model, exchange.model)
        exchange.upstream, exchange.provider = destination.name, destination.provider
        exchange.policy = self._suiting(exchange, destination, looked.model)
        caller = self._going_to(caller, request, place, destination)
        request.tenant = caller.tenant
        treated = await self.work.treat(looked, exchange, caller, destination)
        headers = incoming.headers
        request.repeat = None if treated is body else self._sample(request, destination, place, body)
        if treated is body:
            treated = packed
        elif body is not packed:
            headers = [pair for pair in headers if pair[0] != b"content-encoding"]
        return await self.route.ask(request, destination, place.target.wire, treated, headers)

    def _sample(self, request: Request, destination: Destination, place: Place, body: bytes) -> Repeat | None:
        """Return what will be asked again with the original pictures, if the settings want any of that."""
        if self.shadow_audit is None or request.exchange.action != "monitor":
            return None  # with the original, the model would see what it was kept from
        target = destination.target(place.target.wire, request.incoming.query)
        return self.shadow_audit.sample(request.exchange, destination, target, request.incoming.headers, body)

    def _terms(self, request: Request, place: Place, caller: Caller, model: str) -> Terms:
        """Return on which terms the images of a request for a model are looked at."""
        name = self.names.canonical(model)
        destination = place.destination(model, name)
        policy = self._suiting(request.exchange, destination, model)
        caller = self._going_to(caller, request, place, destination)
        return self.work.terms(policy, caller, model=name, destination=destination)

    def _going_to(self, caller: Caller, request: Request, place: Place, destination: Destination) -> Caller:
        """Return the caller as the destination that its model has chosen knows it."""
        if destination is place.destination():
            return caller
        return self.callers.going_to(caller, request.incoming, destination.judging_provider)

    def _suiting(self, exchange: Exchange, destination: Destination, model: str) -> EffectivePolicy:
        """Return by which policy a request for a model is treated there."""
        models = (model, self.names.canonical(model))
        return self.policies.suiting(exchange.policy, models=models, upstream=destination.name)

    async def _forward_unseen(self, request: Request, place: Place, problem: Problem, body: Body) -> Answer:
        """Pass on what cannot be looked into, if the policy allows that."""
        destination = place.destination()
        request.exchange.upstream, request.exchange.provider = destination.name, destination.provider
        request.exchange.policy = self._suiting(request.exchange, destination, "")
        give_up(problem, request.exchange)
        return await self.route.ask(request, destination, place.target.wire, body, request.incoming.headers)

    # --- everything else

    async def _pass_through(self, request: Request, place: Place, caller: Caller) -> None:
        incoming, exchange = request.incoming, request.exchange
        with self.admission.admit(tenant=caller.tenant) as room:
            body: Body = None
            destination = place.destination()
            if not incoming.has_body:
                incoming.without_body()
            elif len(place.candidates) > 1 and _is_json(incoming):
                body = await self._read_for_model(incoming, room)
                if isinstance(body, bytes):  # embeddings, speech: no picture is looked for, but a model named
                    looked = await self.work.look(body, request.dialect, place.target.plain)
                    destination = place.destination(looked.model, self.names.canonical(looked.model))
            else:
                body = incoming.chunks()
            answer = await self.route.ask(request, destination, place.target.wire, body, incoming.headers)
            with closing(answer):
                await relay(answer, request.send, [], exchange.times)

    async def _read_for_model(self, incoming: Incoming, room: Reservation) -> Body:
        """Return the whole body; in pieces if it is too large for that."""
        try:
            return await incoming.read(self.max_body_bytes, room)
        except BodyTooLargeError:
            return incoming.chunks()


def _may_have_body(incoming: Incoming) -> bool:
    """Tell whether there may be something to look into; some APIs hear other methods than the one sent."""
    return incoming.method == "POST" or incoming.has_body


def _is_json(incoming: Incoming) -> bool:
    is_json = b"json" in incoming.joined(b"content-type").lower()
    return is_json and not layers(incoming.joined(b"content-encoding"))


def _refuse_other_protocols(incoming: Incoming) -> None:
    """Refuse what cannot be passed on faithfully.

    Raises:
        MethodRefusedError: TRACE.
        UpgradeRefusedError: A websocket.
        UnknownCodingError: A transfer coding other than chunked.
    """
    if incoming.method == "TRACE":
        raise MethodRefusedError("TRACE does not pass: its answer would show what the upstream was sent")
    for name, value in incoming.headers:
        if name == b"upgrade" and value.strip().lower() == b"websocket":
            raise UpgradeRefusedError("websockets do not pass: nothing in them could be checked")
        if name == b"transfer-encoding" and value.strip().lower() != b"chunked":
            raise UnknownCodingError("expected no transfer coding but chunked")


def _too_large(max_body_bytes: int) -> Problem:
    return Problem("body_too_large", f"expected a body of at most {max_body_bytes} bytes")
