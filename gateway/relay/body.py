"""One request body: find its images, take each through the pipeline, put the results back.

Anything that cannot be checked meets the same rule here: forwarded untouched and said so, or refused.
"""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import orjson

from calibration.image import ImageError
from gateway.detection.verdict import unchecked
from gateway.dialects.data_url import Inline, NotInlineError
from gateway.dialects.protocol import Dialect, Slot
from gateway.dialects.splice import AmbiguousKeysError, Replacement, skeleton, splice
from gateway.errors import GatewayError, ImageBlockedError, RequestRefusedError
from gateway.metrics import Metrics
from gateway.pipeline import MISMATCH, ImageOutcome, Pipeline
from gateway.relay.admission import Admission
from gateway.relay.caller import Caller
from gateway.relay.destination import Destination
from gateway.relay.exchange import Exchange

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Problem:
    """Why something could not be checked."""

    kind: str  # one word, a label
    message: str  # for the caller
    param: str | None = None  # path of the image in the body


@dataclass(frozen=True)
class Looked:
    """What a body holds."""

    body: bytes
    dialect: Dialect
    model: str = ""
    slots: Sequence[Slot] = ()
    problem: Problem | None = None  # why it could not be looked into


@dataclass(frozen=True)
class BodyWork:
    """Looks into bodies, whatever their dialect."""

    pipeline: Pipeline
    pool: ThreadPoolExecutor
    admission: Admission
    metrics: Metrics
    max_images: int

    def look(self, body: bytes, dialect: Dialect, path: str) -> "Looked":
        """Find the images of a body and the model it asks for."""
        try:
            slots = dialect.find(body) if dialect.may_have_images(body) else []
            document = orjson.loads(skeleton(body, [span for slot in slots for span in slot.spans.values()]))
        except AmbiguousKeysError as error:
            return Looked(body, dialect, problem=Problem("duplicate_keys", str(error)))
        except ValueError as error:
            return Looked(body, dialect, problem=Problem("not_json", f"the body is not valid JSON: {error}"))
        if not isinstance(document, dict):
            problem = Problem("not_an_object", "the body must be a JSON object")
            return Looked(body, dialect, problem=problem)
        model = dialect.model_of(path, document)
        if len(slots) > self.max_images:
            message = f"expected at most {self.max_images} images, got {len(slots)}"
            return Looked(body, dialect, model, problem=Problem("too_many_images", message))
        return Looked(body, dialect, model, slots)

    async def treat(
        self,
        looked: "Looked",
        exchange: Exchange,
        caller: Caller,
        destination: Destination,  # noqa: ARG002 - whose rules and addresses apply
    ) -> bytes:
        """Return the body to send on; what was found goes into `exchange`.

        Raises:
            RequestRefusedError: Something cannot be checked, and the policy refuses that.
            ImageBlockedError: An image is flagged, and the policy blocks that.
        """
        if looked.problem is not None:
            self.give_up(looked.problem, exchange)
        if caller.is_bypassed:
            exchange.unchecked = "bypass"
            return looked.body
        if not looked.slots:
            return looked.body
        replacements = await self._treat_images(
            looked.body, looked.slots, exchange, looked.dialect, tenant=caller.tenant
        )
        self._enforce(looked.slots, exchange)
        if not replacements:
            return looked.body
        with self.metrics.stage.labels("splice").time():
            return splice(looked.body, replacements)

    def give_up(self, problem: Problem, exchange: Exchange) -> None:
        """Note that the body as a whole is not looked into.

        Raises:
            RequestRefusedError: The policy refuses that.
        """
        self._refuse_or_note(problem, exchange)
        exchange.unchecked = problem.kind

    async def _treat_images(
        self, body: bytes, slots: Sequence[Slot], exchange: Exchange, dialect: Dialect, *, tenant: str
    ) -> list[Replacement]:
        loop = asyncio.get_running_loop()
        jobs = [
            loop.run_in_executor(self.pool, self._treat_image, body, slot, dialect, exchange, tenant)
            for slot in slots
        ]
        treated = await asyncio.gather(*jobs)
        exchange.outcomes = tuple(each.outcome for each in treated)
        for each in treated:
            if each.problem is not None:
                self._refuse_or_note(each.problem, exchange)
        return [replacement for each in treated for replacement in each.replacements]

    def _treat_image(
        self, body: bytes, slot: Slot, dialect: Dialect, exchange: Exchange, tenant: str
    ) -> "_Treated":
        """Take one image through the pipeline, on a worker thread."""
        with exchange.trace.part("image") as part:
            treated = self._attempt(body, slot, dialect, exchange, tenant)
            part.tell("outcome", treated.outcome.verdict.outcome)
            part.tell("bytes_in", treated.outcome.bytes_in)
            part.tell("bytes_out", treated.outcome.bytes_out)
        return treated

    def _attempt(
        self, body: bytes, slot: Slot, dialect: Dialect, exchange: Exchange, tenant: str
    ) -> "_Treated":
        try:
            inline = _read(dialect, body, slot)
            outcome = self.pipeline.process(
                inline.data, inline.media_type, model=exchange.model, tenant=tenant, policy=exchange.policy
            )
            is_changed = outcome.data != inline.data
            replacements = dialect.write(slot, outcome.media_type, outcome.data) if is_changed else ()
        except NotInlineError as error:
            return _skipped(error.reason, None if error.reason == "url" else str(error), slot)
        except ImageError as error:
            return _skipped(error.reason, str(error), slot)
        except Exception:
            # The one outer handler of image work: a bug in detector or dialect is a failure like any other.
            log.exception("image work failed")
            return _skipped("internal", "the image could not be checked", slot)
        problem = None
        if outcome.reason == MISMATCH:
            problem = Problem(MISMATCH, "the image is not of its declared media type", slot.where)
        return _Treated(outcome, replacements, problem)

    def _refuse_or_note(self, problem: Problem, exchange: Exchange) -> None:
        if exchange.policy.on_failure == "forward":
            exchange.failures.append(problem.kind)
        elif problem.kind == GatewayError.kind:
            raise GatewayError(problem.message, param=problem.param)
        else:
            raise RequestRefusedError(problem.kind, problem.message, param=problem.param)

    def _enforce(self, slots: Sequence[Slot], exchange: Exchange) -> None:
        for slot, outcome in zip(slots, exchange.outcomes, strict=True):
            if outcome.action == "block":
                message = f"the gateway's policy blocks this image: {outcome.verdict.explanation}"
                raise ImageBlockedError(message, param=slot.where)


@dataclass(frozen=True)
class _Treated:
    """What became of one image, and of its place in the body."""

    outcome: ImageOutcome
    replacements: Sequence[Replacement] = ()  # none: the bytes stay
    problem: Problem | None = None


def _read(dialect: Dialect, body: bytes, slot: Slot) -> Inline:
    """Read a slot; strings that are not what JSON allows are an image that cannot be read."""
    try:
        return dialect.read(body, slot)
    except NotInlineError:
        raise
    except ValueError as error:
        raise NotInlineError("not_json", f"the string is not valid JSON: {error}") from error


def _skipped(reason: str, message: str | None, slot: Slot) -> _Treated:
    """Leave an image as it is; without a message, that is no failure."""
    outcome = ImageOutcome(data=b"", media_type="", bytes_in=0, verdict=unchecked(reason), reason=reason)
    return _Treated(outcome, problem=None if message is None else Problem(reason, message, slot.where))
