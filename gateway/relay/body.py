"""One request body: find its images, take each through the pipeline, put the results back.

Anything that cannot be checked meets the same rule here: forwarded untouched and said so, or refused.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from calibration.image import ImageError
from gateway.detection.verdict import unchecked
from gateway.dialects.data_url import Inline, NotInlineError
from gateway.dialects.protocol import Dialect, Slot
from gateway.dialects.splice import AmbiguousKeysError, Replacement, skeleton, splice
from gateway.errors import (
    GatewayError,
    ImageBlockedError,
    ImageTimeoutError,
    QueueFullError,
    RequestRefusedError,
)
from gateway.metrics import Metrics
from gateway.pipeline import MISMATCH, ImageOutcome
from gateway.relay.admission import Admission
from gateway.relay.exchange import Exchange
from gateway.relay.image_work import Asked, ImageWork, together

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Problem:
    """Why something could not be checked."""

    kind: str  # one word, a label
    message: str  # for the caller
    param: str | None = None  # path of the image in the body


@dataclass(frozen=True)
class BodyWork:
    """Looks into bodies, whatever their dialect."""

    images: ImageWork
    admission: Admission
    metrics: Metrics
    max_images: int

    async def treat(
        self, body: bytes, exchange: Exchange, dialect: Dialect, *, tenant: str, is_bypassed: bool
    ) -> bytes:
        """Return the body to send on; what was found goes into `exchange`.

        Raises:
            RequestRefusedError: Something cannot be checked, and the policy refuses that.
            ImageBlockedError: An image is flagged, and the policy blocks that.
            QueueFullError: Too much waits already.
        """
        with exchange.trace.part("look"):
            slots = self._find_images(body, exchange, dialect)
        if is_bypassed:
            exchange.unchecked = "bypass"
            return body
        if not slots:
            return body
        with self.admission.admit(len(body), tenant=tenant):
            replacements = await self._treat_images(body, slots, exchange, dialect, tenant=tenant)
        self._enforce(slots, exchange)
        if not replacements:
            return body
        with self.metrics.stage.labels("splice").time():
            return splice(body, replacements)

    def give_up(self, problem: Problem, exchange: Exchange) -> None:
        """Note that the body as a whole is not looked into.

        Raises:
            RequestRefusedError: The policy refuses that.
        """
        self._refuse_or_note(problem, exchange)
        exchange.unchecked = problem.kind

    def _find_images(self, body: bytes, exchange: Exchange, dialect: Dialect) -> list[Slot]:
        try:
            slots = dialect.find(body) if dialect.may_have_images(body) else []
            document = orjson.loads(skeleton(body, [span for slot in slots for span in slot.spans.values()]))
        except AmbiguousKeysError as error:
            self.give_up(Problem("duplicate_keys", str(error)), exchange)
            return []
        except ValueError as error:
            self.give_up(Problem("not_json", f"the body is not valid JSON: {error}"), exchange)
            return []
        if not isinstance(document, dict):
            self.give_up(Problem("not_an_object", "the body must be a JSON object"), exchange)
            return []
        exchange.model = dialect.model_of(exchange.api_path, document)
        if len(slots) > self.max_images:
            message = f"expected at most {self.max_images} images, got {len(slots)}"
            self.give_up(Problem("too_many_images", message), exchange)
            return []
        return slots

    async def _treat_images(
        self, body: bytes, slots: Sequence[Slot], exchange: Exchange, dialect: Dialect, *, tenant: str
    ) -> list[Replacement]:
        asked = Asked(
            exchange.model, tenant, exchange.policy, exchange.provider, self.images.request_deadline()
        )
        works = [self._treat_image(body, slot, dialect, exchange, asked) for slot in slots]
        treated = await together(works)
        exchange.outcomes = tuple(each.outcome for each in treated)
        for each in treated:
            if each.problem is not None:
                self._refuse_or_note(each.problem, exchange)
        return [replacement for each in treated for replacement in each.replacements]

    async def _treat_image(
        self, body: bytes, slot: Slot, dialect: Dialect, exchange: Exchange, asked: Asked
    ) -> "_Treated":
        """Take one image through the pipeline."""
        with exchange.trace.part("image") as part:
            treated = await self._attempt(body, slot, dialect, asked)
            part.tell("outcome", treated.outcome.verdict.outcome)
            part.tell("bytes_in", treated.outcome.bytes_in)
            part.tell("bytes_out", treated.outcome.bytes_out)
        return treated

    async def _attempt(self, body: bytes, slot: Slot, dialect: Dialect, asked: Asked) -> "_Treated":
        def read() -> Inline:
            return _read(dialect, body, slot)

        def finish(inline: Inline, outcome: ImageOutcome) -> _Treated:
            return _put_back(dialect, slot, inline, outcome)

        try:
            return await self.images.take(read, finish, asked)
        except NotInlineError as error:
            return _skipped(error.reason, None if error.reason == "url" else str(error), slot)
        except (ImageError, ImageTimeoutError) as error:
            return _skipped(error.reason, str(error), slot)
        except QueueFullError:
            raise
        except Exception:
            # The one outer handler of image work: a bug in detector or dialect is a failure like any other.
            log.exception("image work failed")
            return _skipped("internal", "the image could not be checked", slot)

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


def _put_back(dialect: Dialect, slot: Slot, inline: Inline, outcome: ImageOutcome) -> _Treated:
    """Say what has to change in the body."""
    is_changed = outcome.data != inline.data or outcome.media_type != inline.media_type
    replacements = dialect.write(slot, outcome.media_type, outcome.data) if is_changed else ()
    problem = None
    if outcome.reason == MISMATCH:
        problem = Problem(MISMATCH, "the image is not of its declared media type", slot.where)
    return _Treated(outcome, replacements, problem)


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
