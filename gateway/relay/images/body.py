"""One request body: take each of its images through the pipeline, put the results back.

Anything that cannot be checked meets the same rule here: forwarded untouched and said so, or refused.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from calibration.image import ImageError
from gateway.dialects.protocol import Dialect, Slot
from gateway.dialects.reading.data_url import Inline, NotInlineError
from gateway.dialects.reading.splice import Replacement, splice
from gateway.errors import (
    GatewayError,
    ImageTimeoutError,
    QueueFullError,
)
from gateway.metrics import Metrics
from gateway.pipeline import NOT_SANITIZED, Asked, ImageOutcome
from gateway.policy import EffectivePolicy
from gateway.providers.rules import Recipient
from gateway.relay.callers.caller import Caller
from gateway.relay.exchange import Exchange
from gateway.relay.images.enforcing import enforce, give_up, note_strays, refuse_or_note
from gateway.relay.images.flagging import note_flagged
from gateway.relay.images.image_work import Fresh, ImageWork, together
from gateway.relay.images.looking import Looked, Looking, Problem
from gateway.relay.images.request_limits import bring_inside, exceeded
from gateway.relay.images.terms import Terms, untouched
from gateway.relay.images.treated import (
    Treated,
    base64_bytes,
    flagged_in,
    problem_of,
    put_back,
    put_inline,
    read_slot,
    skipped,
)
from gateway.relay.upstreams.destination import Destination
from gateway.relay.upstreams.fetching import Fetcher, FetchError
from gateway.review.recorder import NO_RECORDS, Records
from gateway.settings import ImageUrls

log = logging.getLogger(__name__)

UNBOUND = "unbound"  # the reason of a verdict on what lay at an address when we asked: the model asks again

_Read = Callable[[], Inline]
_Finish = Callable[[Inline, ImageOutcome], Treated]
_Met = Treated | Fresh | None


@dataclass(frozen=True)
class BodyWork:
    """Looks into bodies, whatever their dialect."""

    looking: Looking
    images: ImageWork
    fetcher: Fetcher
    metrics: Metrics
    max_images: int
    max_fetched_bytes: int  # of all pictures of one request that lie at addresses
    records: Records = NO_RECORDS  # hears of flagged images

    async def look(
        self, body: bytes, dialect: Dialect, path: str, terms: Callable[[str], Terms] | None = None
    ) -> Looked:
        """Find the images of a body, and the model it asks for.

        `terms` tells by that model's name on which terms they are looked at; with it, images of a small body
        that were met before are recalled in passing.
        """
        also = partial(self._recall, terms) if terms is not None else None
        return await self.looking.look(body, dialect, path, also)

    def terms(
        self, policy: EffectivePolicy, caller: Caller, *, model: str, destination: Destination
    ) -> Terms:
        """Return on which terms the images of a request are looked at."""
        asked = Asked(
            recipient=Recipient(destination.provider, model),
            tenant=caller.tenant,
            policy=policy,
            deadline=self.images.request_deadline(),
        )
        return Terms(asked, destination.image_urls)

    async def treat(
        self, looked: Looked, exchange: Exchange, caller: Caller, destination: Destination
    ) -> bytes:
        """Return the body to send on; what was found goes into `exchange`.

        Raises:
            RequestRefusedError: Something cannot be checked, and the policy refuses that.
            ImageBlockedError: An image is flagged, and the policy blocks that.
            QueueFullError: Too many images wait already.
        """
        if caller.is_bypassed:
            exchange.unchecked = "bypass"
            return looked.body
        exchange.is_looked_at = True
        if looked.problem is not None:
            give_up(looked.problem, exchange)
        terms = self.terms(exchange.policy, caller, model=exchange.model, destination=destination)
        terms = terms.beside([*looked.slots, *looked.beyond])  # all are sent, looked at or not
        if looked.beyond:
            looked = await asyncio.to_thread(self._with_known, looked, terms)
        note_strays(looked, exchange, self.max_images)
        if not looked.slots:
            return looked.body
        known = looked.met or [None] * len(looked.slots)
        each_known = zip(looked.slots, known, strict=True)
        treated = await together([self._treat_image(slot, exchange, terms, met) for slot, met in each_known])
        exchange.outcomes = tuple(each.outcome for each in treated)
        exchange.noted = note_flagged(treated, exchange, caller.tenant, self.records)
        for each in treated:
            if each.problem is not None:
                refuse_or_note(each.problem, exchange)
        enforce(looked.slots, exchange)
        sent = await self._within_limits(looked, treated, exchange, terms)
        return await self._spliced(looked, [part for each in sent for part in each.replacements], exchange)

    async def _within_limits(
        self, looked: Looked, treated: Sequence[Treated], exchange: Exchange, terms: Terms
    ) -> Sequence[Treated]:
        """Bring the request as a whole inside its provider's limits; note what still exceeds them."""
        if not exchange.api_path:  # a question about pictures, to nobody but us
            return treated
        limits, size_bytes = self.images.pipeline.limits_of(terms.asked), len(looked.body)
        most_bytes = None if terms.is_batch else limits.max_request_bytes
        try:
            sent, step = await bring_inside(treated, body_bytes=size_bytes, most_bytes=most_bytes)
        except ImageTimeoutError:  # nothing but what was found so far can be sent, and told, in time
            sent, step = treated, 0
        exchange.outcomes, exchange.limit_step = tuple(each.outcome for each in sent), step
        exchange.exceeded = exceeded(
            replace(limits, max_request_bytes=most_bytes),
            sent,
            body_bytes=size_bytes,
            images=terms.most_images + looked.further,
        )
        return sent

    def _recall(self, terms_of: Callable[[str], Terms], looked: Looked) -> Looked:
        """Recall what this process met of the images that were found; runs on a thread that all share."""
        try:
            terms = terms_of(looked.model).beside(looked.slots)
        except GatewayError:  # nobody serves this model, which the caller is told of in its place
            return looked
        return replace(looked, met=[self._met(slot, terms) for slot in looked.slots])

    def _with_known(self, looked: Looked, terms: Terms) -> Looked:
        """Take in what lies beyond the limit of images as well, where enough of all were met before.

        A conversation sends its pictures again with every turn: the newest, which nobody has seen yet, would
        be the first that is left out. It is new pictures that cost.
        """
        room, further = self.max_images, 0
        slots, known = [], []
        for slot in (*looked.slots, *looked.beyond):
            met = self._met(slot, terms)
            is_new = met is None or isinstance(met, Fresh)
            if is_new and not room:
                further += 1
                continue
            room -= is_new
            slots.append(slot)
            known.append(met)
        return replace(looked, slots=slots, met=known, further=further or int(not looked.is_counted))

    def _met(self, slot: Slot, terms: Terms) -> _Met:
        if terms.address(slot) is not None:
            return None
        try:
            return self.images.recall_near(
                partial(read_slot, slot), partial(put_back, slot), terms.asked_of(slot)
            )
        except Exception:  # noqa: BLE001 - met again, and told, where the image is taken
            return None

    async def _treat_image(self, slot: Slot, exchange: Exchange, terms: Terms, met: _Met) -> Treated:
        with exchange.trace.part("image") as part:
            treated = await self._attempt(slot, exchange, terms, met)
            part.tell("outcome", treated.outcome.verdict.outcome)
            part.tell("bytes_in", treated.outcome.bytes_in)
            part.tell("bytes_out", treated.outcome.bytes_out)
        return treated

    async def _attempt(self, slot: Slot, exchange: Exchange, terms: Terms, met: _Met) -> Treated:
        """Take one image through the pipeline."""
        asked = terms.asked_of(slot)
        try:
            if (url := terms.address(slot)) is not None:
                return await self._fetch(slot, url, exchange, asked, terms.urls)
            return await self._take(partial(read_slot, slot), partial(put_back, slot), asked, met)
        except (NotInlineError, ImageError, ImageTimeoutError, FetchError) as error:
            return skipped(error.reason, str(error), slot)
        except QueueFullError:
            raise
        except Exception:
            # The one outer handler of image work: a bug in detector or dialect is a failure like any other.
            log.exception("image work failed")
            return skipped(GatewayError.kind, "the image could not be checked", slot)

    async def _take(self, read: _Read, finish: _Finish, asked: Asked, met: _Met = None) -> Treated:
        treated = await self.images.take(read, finish, asked, met=met)
        if treated.outcome.plan is None or treated.outcome.is_observed:
            return treated
        return replace(treated, at_step=partial(self._take_again, treated, read, finish, asked))

    async def _take_again(
        self, treated: Treated, read: _Read, finish: _Finish, asked: Asked, step: int
    ) -> Treated:
        """Return the image at a step of limits; as it was where that fails, for what was found stays."""
        asked = replace(asked, recipient=replace(asked.recipient, limit_step=step))
        try:
            again = await self.images.take_again(
                read, finish, replace(asked, verdict=treated.outcome.verdict)
            )
        except (ImageTimeoutError, QueueFullError):
            raise
        except Exception:
            log.exception("an image could not be brought inside a limit")
            return treated
        if again.outcome.reason == NOT_SANITIZED:  # what fits is not what the policy wants sent
            return treated
        return replace(again, outcome=again.outcome.found_as(treated.outcome))

    async def _fetch(
        self, slot: Slot, url: str, exchange: Exchange, asked: Asked, urls: ImageUrls
    ) -> Treated:
        """Judge what lies at an address; send it instead of the address, or the address as it came."""
        fetched = await self.fetcher.fetch(url, tenant=asked.tenant)
        self._make_room(len(fetched.data), exchange)
        # What its server says of the type is no part of the request: nothing is corrected.
        inline = Inline("", fetched.data)
        if urls == "fetch-check-inline":
            return await self._take(lambda: inline, partial(put_inline, slot), asked)
        return await self.images.take(
            lambda: inline,
            lambda _, outcome: Treated(
                replace(outcome, reason=outcome.reason or UNBOUND),
                problem=problem_of(slot, outcome),
                flagged=flagged_in(inline, outcome),
            ),
            untouched(asked),
        )

    def _make_room(self, size_bytes: int, exchange: Exchange) -> None:
        """Count a fetched picture like a sent one: a hundred addresses are few bytes, their pictures are not.

        Raises:
            FetchError: The pictures of this request are too large together.
            QueueFullError: There is no room for it beside other requests.
        """
        exchange.fetched_bytes += size_bytes
        if exchange.fetched_bytes > self.max_fetched_bytes:
            message = f"expected pictures of at most {self.max_fetched_bytes} bytes behind all addresses"
            raise FetchError("url_too_large", message)
        if exchange.room is not None:
            exchange.room.grow(size_bytes + base64_bytes(size_bytes))

    async def _spliced(
        self, looked: Looked, replacements: Sequence[Replacement], exchange: Exchange
    ) -> bytes:
        """Return the body with everything put in place."""
        if not replacements:
            return looked.body
        with self.metrics.stage.labels("splice").time():
            try:
                return await asyncio.to_thread(splice, looked.body, replacements)
            except ValueError:  # a dialect took one string for two images
                log.exception("the images cannot be put back")
                problem = Problem(GatewayError.kind, "the images could not be put back")
                give_up(problem, exchange)
                return looked.body
