"""Know whether the upstreams answer, by looking in the background: a probe of ours waits for nobody.

Any HTTP answer counts, an error too: that the key is wrong is not for a load balancer to mend.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from gateway.errors import GatewayError
from gateway.metrics import Metrics
from gateway.relay.callers.drain import Drain
from gateway.settings import Readiness as ReadinessSettings

log = logging.getLogger(__name__)

_KIND = "upstream_look"  # beside the failures of requests

Look = Callable[[], Awaitable[object]]  # returns when the upstream answered


class Readiness:
    """What /readyz goes by."""

    def __init__(
        self, settings: ReadinessSettings, looks: Mapping[str, Look], metrics: Metrics, drain: Drain
    ) -> None:
        """Take how each upstream is looked at; a look raises `GatewayError` when there is no answer."""
        self._settings = settings
        self._looks = looks if settings.check_upstream else {}
        self._metrics = metrics
        self._answers: dict[str, bool | None] = dict.fromkeys(self._looks)  # None: not asked yet
        self._drain = drain

    @property
    def is_ready(self) -> bool:
        """Whether requests should be sent here: one dead upstream must not take the others' callers along."""
        return not self._drain.has_begun and (not self._looks or any(self._answers.values()))

    @property
    def upstreams(self) -> Mapping[str, bool | None]:
        """Whether each upstream answered when last looked at, None before; empty if nobody looks."""
        return dict(self._answers)

    async def watch(self) -> None:
        """Look at every upstream, again and again; cancel it at the end."""
        async with asyncio.TaskGroup() as group:
            for name, look in self._looks.items():
                group.create_task(self._keep_looking(name, look))

    async def _keep_looking(self, name: str, look: Look) -> None:
        while True:
            await self._look(name, look)
            await asyncio.sleep(self._settings.interval_seconds)

    async def _look(self, name: str, look: Look) -> None:
        was_up, why = self._answers[name], "no answer in time"
        try:
            async with asyncio.timeout(max(1.0, self._settings.interval_seconds)):
                await look()
            is_up = True
        except (GatewayError, TimeoutError) as error:
            is_up, why = False, str(error) or why
        self._answers[name] = is_up
        self._metrics.note_health(name, is_up=is_up)
        if not is_up:
            self._metrics.upstream_errors.labels(name, _KIND).inc()
        if is_up != was_up:
            log.log(
                logging.INFO if is_up else logging.WARNING,
                "upstream %s: %s",
                name,
                "answers" if is_up else why,
            )


@contextlib.asynccontextmanager
async def watching(readiness: Readiness) -> AsyncIterator[None]:
    """Watch for the length of the block."""
    watcher = asyncio.ensure_future(readiness.watch())
    try:
        yield
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
