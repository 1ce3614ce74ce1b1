"""Ask live requests again with the original pictures, after their callers were answered, and back off.

A sample of requests whose pictures were lightened, within a daily budget, with the caller's own key. Nothing
a caller sees or waits for depends on it; requests that might do more than be answered are never repeated.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.types import Message, Send

from gateway.compression.audit.answers import Answer, Standing, say_the_same, standing
from gateway.compression.audit.ledger import Ledger
from gateway.compression.audit.repeatable import may_repeat, wire_of
from gateway.compression.audit.wire import WIRES, DialectName, UnreadableAnswerError
from gateway.configuration.images import ShadowAudit as ShadowSettings
from gateway.errors import GatewayError
from gateway.metrics import Metrics
from gateway.relay.callers.encodings import PackedBodyError, UnpackedTooLargeError, unpack
from gateway.relay.exchange import Exchange
from gateway.relay.upstreams.answer import Headers, UpstreamCutError
from gateway.relay.upstreams.destination import Destination
from gateway.relay.upstreams.upstream import forwardable

_MOST_BODY_BYTES = 16 * 1024 * 1024  # held until the second answer, beside what is held for callers
_MOST_ANSWER_BYTES = 1024 * 1024
_MOST_AT_ONCE = 2
_QUESTIONS = 2  # the original, and once more where the answers differ
# What makes an API answer as before instead of asking its model, and how bodies are packed.
_NOT_REPEATED = frozenset({b"idempotency-key", b"accept-encoding", b"content-encoding"})

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Repeat:
    """One request that will be asked again, and the answer its caller was given."""

    wire: DialectName
    exchange: Exchange
    destination: Destination
    target: bytes
    headers: Headers
    body: bytes  # with the original pictures, unpacked
    answer: bytearray = field(default_factory=bytearray)
    coding: bytes = b""
    is_whole: bool = False

    def hearing(self, send: Send) -> Send:
        """Return a `send` that keeps the answer as it passes."""

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.coding = b",".join(v for k, v in message["headers"] if k.lower() == b"content-encoding")
            elif len(self.answer) <= _MOST_ANSWER_BYTES:
                self.answer += message.get("body", b"")
                self.is_whole = not message.get("more_body", False)
            await send(message)

        return heard


class UncomparedError(Exception):
    """There are no two answers to compare."""


class ShadowAudit:
    """Samples, asks, counts; one per worker, with the ledger shared by all."""

    def __init__(
        self,
        settings: ShadowSettings,
        ledger: Ledger,
        metrics: Metrics,
        *,
        promise: float,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """`draw` returns numbers in [0, 1)."""
        self._settings, self._ledger, self._metrics = settings, ledger, metrics
        self._promise, self._draw = promise, draw
        self._tasks: set[asyncio.Task[None]] = set()
        self._metrics.shadow_promise.set(promise)
        self._metrics.shadow_budget_left.set(ledger.budget_left(settings.daily_budget))
        for model, picture_class, epoch in ledger.backed_off():
            self._show_epoch(model, picture_class, epoch)

    def sample(
        self, exchange: Exchange, destination: Destination, target: bytes, headers: Headers, body: bytes
    ) -> Repeat | None:
        """Return what will be asked again; None for most requests."""
        wire = wire_of(exchange.dialect, exchange.api_path)
        if (
            wire is None
            or not lightened_classes(exchange)
            or exchange.fetched_bytes
            or len(body) > _MOST_BODY_BYTES
            or self._draw() >= self._settings.share
        ):
            return None
        passed = [pair for pair in forwardable(headers) if pair[0] not in _NOT_REPEATED]
        sent = [*destination.headers(passed), (b"accept-encoding", b"identity")]
        return Repeat(wire, exchange, destination, target, sent, bytes(body))

    def settle(self, repeat: Repeat) -> None:
        """Ask and compare in the background."""
        is_answer = repeat.exchange.status == HTTPStatus.OK and not repeat.exchange.is_stream
        if is_answer and repeat.is_whole and len(self._tasks) < _MOST_AT_ONCE:
            task = asyncio.ensure_future(self._settle(repeat))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _settle(self, repeat: Repeat) -> None:
        try:
            if await asyncio.to_thread(self._may_ask, repeat):
                await self._compare(repeat)
        except UncomparedError as error:
            log.info("a request of the shadow audit was not compared: %s", error)
            self._count(repeat, "unanswered")
        except OSError as error:
            log.warning("the shadow audit cannot keep what it finds, and stops asking: %s", error)
        except Exception:  # a bug here must not reach whoever serves
            log.exception("the shadow audit failed")

    def _may_ask(self, repeat: Repeat) -> bool:
        daily = self._settings.daily_budget
        is_allowed = may_repeat(repeat.wire, repeat.body) and self._ledger.spend(_QUESTIONS, daily)
        self._metrics.shadow_budget_left.set(self._ledger.budget_left(daily))
        return is_allowed

    async def _compare(self, repeat: Repeat) -> None:
        lightened = await asyncio.to_thread(_answer_of, repeat.wire, bytes(repeat.answer), repeat.coding)
        original = await self._ask(repeat)
        again = None if say_the_same(original, lightened) else await self._ask(repeat)
        found = standing(original, lightened, again)
        self._count(repeat, _result(found))
        classes = lightened_classes(repeat.exchange)
        model = repeat.exchange.model
        raised = await asyncio.to_thread(
            self._ledger.record,
            model,
            classes,
            is_changed=found.is_changed,
            is_noise=found.is_noise,
            promise=self._promise,
        )
        for name in raised:
            epoch = self._ledger.entry(model, name).epoch
            log.warning(
                "answers of %s change with lightened pictures of class %s more than promised: they are "
                "lightened less from now on (epoch %d)",
                model,
                name,
                epoch,
            )
            self._show_epoch(model, name, epoch)

    async def _ask(self, repeat: Repeat) -> Answer:
        body = bytearray()
        try:
            answer = await repeat.destination.upstream.send(
                "POST", repeat.target, repeat.headers, repeat.body, size_bytes=len(repeat.body)
            )
            try:
                while not answer.is_complete and len(body) <= _MOST_ANSWER_BYTES:
                    body += await answer.next()
                body += answer.take()
            finally:
                answer.close()
        except (GatewayError, UpstreamCutError) as error:
            raise UncomparedError(error.kind) from error
        if answer.status != HTTPStatus.OK:
            raise UncomparedError(f"the API answered {answer.status}")
        return await asyncio.to_thread(_answer_of, repeat.wire, bytes(body), b"")

    def _show_epoch(self, model: str, picture_class: str, epoch: int) -> None:
        self._metrics.policy_epoch.labels(self._metrics.model_label(model), picture_class).set(epoch)

    def _count(self, repeat: Repeat, result: str) -> None:
        model = self._metrics.model_label(repeat.exchange.model)
        for name in lightened_classes(repeat.exchange):
            self._metrics.shadow_audits.labels(model, name, result).inc()
        client = self._metrics.client_label(repeat.exchange.client)
        self._metrics.client_shadow_audits.labels(client, result).inc()


def lightened_classes(exchange: Exchange) -> list[str]:
    """Return the classes of the pictures of a request that were sent as other bytes than came."""
    plans = [
        outcome.plan
        for outcome in exchange.outcomes
        if outcome.plan is not None and not outcome.is_observed and outcome.bytes_out != outcome.bytes_in
    ]
    return sorted({plan.picture_class for plan in plans if plan.picture_class})


def _result(found: Standing) -> str:
    return "changed" if found.is_changed else "noise" if found.is_noise else "same"


def _answer_of(wire: DialectName, body: bytes, coding: bytes) -> Answer:
    try:
        plain = unpack(body, coding, _MOST_ANSWER_BYTES) if coding else body
        return WIRES[wire].read(json.loads(plain))
    except (PackedBodyError, UnpackedTooLargeError, UnreadableAnswerError) as error:
        raise UncomparedError(str(error) or "an answer that is too large") from error
    except (ValueError, RecursionError) as error:
        raise UncomparedError("the answer is not JSON") from error
