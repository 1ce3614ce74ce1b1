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
from gateway.admission import Admission
from gateway.data_url import NotInlineError, data_url_string, parse_data_url
from gateway.dialects.protocol import Dialect
from gateway.errors import ImageBlockedError, RequestRefusedError
from gateway.exchange import Exchange
from gateway.metrics import Metrics
from gateway.pipeline import MISMATCH, ImageOutcome, Pipeline
from gateway.settings import OnFailure
from gateway.splice import AmbiguousKeysError, Replacement, Span, locate, skeleton, splice, string_at
from gateway.verdict import unchecked

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
        results = await asyncio.gather(*jobs)
        exchange.outcomes = tuple(outcome for outcome, _, _ in results)
        for _, _, problem in results:
            if problem is not None:
                self._refuse_or_note(problem, exchange)
        return [replacement for _, replacement, _ in results if replacement is not None]

    def _treat_image(
        self, body: bytes, span: Span, model: str, tenant: str
    ) -> tuple[ImageOutcome, Replacement | None, Problem | None]:
        """Take one image through the pipeline, on a worker thread."""
        try:
            inline = parse_data_url(string_at(body, span))
            outcome = self.pipeline.process(inline.data, inline.media_type, model=model, tenant=tenant)
        except NotInlineError as error:
            problem = None if error.reason == "url" else Problem(error.reason, str(error), span.where)
            return _skipped(error.reason), None, problem
        except ImageError as error:
            return _skipped(error.reason), None, Problem(error.reason, str(error), span.where)
        except orjson.JSONDecodeError as error:
            return _skipped("not_json"), None, Problem("not_json", f"not valid JSON: {error}", span.where)
        except Exception:
            # The one outer handler of image work: a bug in a detector must not take the request down
            # unless the policy says so.
            log.exception("image work failed")
            return (
                _skipped("internal"),
                None,
                Problem("internal", "the image could not be checked", span.where),
            )
        problem = None
        if outcome.reason == MISMATCH:
            problem = Problem(MISMATCH, "the image is not of its declared media type", span.where)
        if outcome.data == inline.data:
            return outcome, None, problem
        return outcome, Replacement(span, data_url_string(outcome.media_type, outcome.data)), problem

    def _refuse_or_note(self, problem: Problem, exchange: Exchange) -> None:
        if self.on_failure == "refuse":
            raise RequestRefusedError(problem.kind, problem.message, param=problem.param)
        exchange.failures.append(problem.kind)

    def _enforce(self, spans: Sequence[Span], exchange: Exchange) -> None:
        for span, outcome in zip(spans, exchange.outcomes, strict=True):
            if outcome.action == "block":
                message = f"the gateway's policy blocks this image: {outcome.verdict.explanation}"
                raise ImageBlockedError(message, param=span.where)


def _skipped(reason: str) -> ImageOutcome:
    return ImageOutcome(data=b"", media_type="", bytes_in=0, verdict=unchecked(reason), reason=reason)
