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
from gateway.dialects.data_url import NotInlineError, data_url_string, parse_data_url
from gateway.dialects.protocol import Dialect
from gateway.dialects.splice import AmbiguousKeysError, Replacement, Span, locate, skeleton, splice, string_at
from gateway.errors import GatewayError, ImageBlockedError, RequestRefusedError
from gateway.metrics import Metrics
from gateway.pipeline import MISMATCH, ImageOutcome, Pipeline
from gateway.relay.admission import Admission
from gateway.relay.exchange import Exchange
from gateway.settings import OnFailure

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Problem:
    """Why something could not be checked."""

    kind: str  # one word, a label
    message: str  # for the caller
    param: str | None = None  # path of the image in the body


@dataclass(frozen=True)
class BodyWork:
    """Looks into bodies of one dialect."""

    dialect: Dialect
    pipeline: Pipeline
    pool: ThreadPoolExecutor
    admission: Admission
    metrics: Metrics
    on_failure: OnFailure
    max_images: int

    async def treat(self, body: bytes, exchange: Exchange, *, tenant: str, is_bypassed: bool) -> bytes:
        """Return the body to send on; what was found goes into `exchange`.

        Raises:
            RequestRefusedError: Something cannot be checked, and the policy refuses that.
            ImageBlockedError: An image is flagged, and the policy blocks that.
            QueueFullError: Too much waits already.
        """
        spans = self._find_images(body, exchange)
        if is_bypassed:
            exchange.unchecked = "bypass"
            return body
        if not spans:
            return body
        with self.admission.admit(len(body)):
            replacements = await self._treat_images(body, spans, exchange, tenant)
        self._enforce(spans, exchange)
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

    def _find_images(self, body: bytes, exchange: Exchange) -> list[Span]:
        # Escapes could spell the marker differently; only then is the scan needed to be sure.
        may_have_images = self.dialect.image_marker in body or b"\\u" in body
        try:
            spans = locate(body, self.dialect.image_paths) if may_have_images else []
            document = orjson.loads(skeleton(body, spans))
        except AmbiguousKeysError as error:
            self.give_up(Problem("duplicate_keys", str(error)), exchange)
            return []
        except ValueError as error:
            self.give_up(Problem("not_json", f"the body is not valid JSON: {error}"), exchange)
            return []
        if not isinstance(document, dict):
            self.give_up(Problem("not_an_object", "the body must be a JSON object"), exchange)
            return []
        model = document.get("model")
        exchange.model = model if isinstance(model, str) else ""
        if len(spans) > self.max_images:
            message = f"expected at most {self.max_images} images, got {len(spans)}"
            self.give_up(Problem("too_many_images", message), exchange)
            return []
        return spans

    async def _treat_images(
        self, body: bytes, spans: Sequence[Span], exchange: Exchange, tenant: str
    ) -> list[Replacement]:
        loop = asyncio.get_running_loop()
        jobs = [
            loop.run_in_executor(self.pool, self._treat_image, body, span, exchange.model, tenant)
            for span in spans
        ]
        treated = await asyncio.gather(*jobs)
        exchange.outcomes = tuple(each.outcome for each in treated)
        for each in treated:
            if each.problem is not None:
                self._refuse_or_note(each.problem, exchange)
        return [each.replacement for each in treated if each.replacement is not None]

    def _treat_image(self, body: bytes, span: Span, model: str, tenant: str) -> "_Treated":
        """Take one image through the pipeline, on a worker thread."""
        try:
            inline = parse_data_url(string_at(body, span))
            outcome = self.pipeline.process(inline.data, inline.media_type, model=model, tenant=tenant)
        except NotInlineError as error:
            return _skipped(error.reason, None if error.reason == "url" else str(error), span)
        except ImageError as error:
            return _skipped(error.reason, str(error), span)
        except orjson.JSONDecodeError as error:
            return _skipped("not_json", f"the string is not valid JSON: {error}", span)
        except Exception:
            # The one outer handler of image work: a bug in a detector is a failure like any other.
            log.exception("image work failed")
            return _skipped("internal", "the image could not be checked", span)
        problem = None
        if outcome.reason == MISMATCH:
            problem = Problem(MISMATCH, "the image is not of its declared media type", span.where)
        if outcome.data == inline.data:
            return _Treated(outcome, problem=problem)
        replacement = Replacement(span, data_url_string(outcome.media_type, outcome.data))
        return _Treated(outcome, replacement, problem)

    def _refuse_or_note(self, problem: Problem, exchange: Exchange) -> None:
        if self.on_failure == "forward":
            exchange.failures.append(problem.kind)
        elif problem.kind == GatewayError.kind:
            raise GatewayError(problem.message, param=problem.param)
        else:
            raise RequestRefusedError(problem.kind, problem.message, param=problem.param)

    def _enforce(self, spans: Sequence[Span], exchange: Exchange) -> None:
        for span, outcome in zip(spans, exchange.outcomes, strict=True):
            if outcome.action == "block":
                message = f"the gateway's policy blocks this image: {outcome.verdict.explanation}"
                raise ImageBlockedError(message, param=span.where)


@dataclass(frozen=True)
class _Treated:
    """What became of one image, and of its place in the body."""

    outcome: ImageOutcome
    replacement: Replacement | None = None  # None: the bytes stay
    problem: Problem | None = None


def _skipped(reason: str, message: str | None, span: Span) -> _Treated:
    """Leave an image as it is; without a message, that is no failure."""
    outcome = ImageOutcome(data=b"", media_type="", bytes_in=0, verdict=unchecked(reason), reason=reason)
    return _Treated(outcome, problem=None if message is None else Problem(reason, message, span.where))
