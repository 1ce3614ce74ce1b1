"""Say how good a flagged picture looks, and where it comes from, when a reviewer asks.

The judge and torch are loaded with the first picture, so that whoever never asks has no memory to pay.
"""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from calibration.image import ImageError
from calibration.image_source import DecodeLimits

if TYPE_CHECKING:
    from predictor.critic.file_critic import FileCritic

_REMEMBERED = 1000  # sentences
_MOST_WAITING = 8  # pictures, the one that is judged among them


class CannotJudgeError(Exception):
    """Nothing can be said of this picture; the message tells why."""


class Critiquing:
    """One judge, one picture at a time, on a thread of its own: the rest of the page waits for none."""

    def __init__(self, artifact: Path | None, limits: DecodeLimits) -> None:
        """Take the folder of the predictor; None: the one that ships."""
        self._artifact = artifact
        self._limits = limits
        self._critic: FileCritic | None = None
        self._is_loaded = False
        self._said: OrderedDict[str, str] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="review-critic")
        self._waiting = 0

    async def sentence(self, digest: str, data: bytes) -> str:
        """Return the sentence on a picture.

        Raises:
            CannotJudgeError: There is none, or too many wait for theirs.
        """
        if self._waiting >= _MOST_WAITING:
            raise CannotJudgeError("other pictures are being judged; ask again soon")
        self._waiting += 1
        judging = self._thread.submit(self._sentence, digest, data)
        try:
            return await asyncio.wrap_future(judging)
        finally:
            self._waiting -= 1

    def _sentence(self, digest: str, data: bytes) -> str:
        if digest not in self._said:
            self._said[digest] = self._judged(data)
        self._said.move_to_end(digest)
        while len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)
        return self._said[digest]

    def close(self) -> None:
        """End the thread, and what was started to verify signatures."""
        self._thread.shutdown(cancel_futures=True)
        if self._critic is not None:
            self._critic.close()

    def _judged(self, data: bytes) -> str:
        from predictor.critic.critic import NotJudgedError  # noqa: PLC0415 - see the module's docstring
        from predictor.critic.record import as_record  # noqa: PLC0415

        if not self._is_loaded:
            self._critic, self._is_loaded = _load(self._artifact), True
        if self._critic is None:
            raise CannotJudgeError("the predictor in use has no judge of quality")
        try:
            return str(as_record(self._critic.judge(data, self._limits))["description"])
        except (ImageError, NotJudgedError) as error:
            raise CannotJudgeError(str(error)) from error


def _load(artifact: Path | None) -> "FileCritic | None":
    from predictor.critic.content_credentials import ContentCredentials  # noqa: PLC0415 - as above
    from predictor.critic.file_critic import FileCritic  # noqa: PLC0415
    from predictor.critic.loading import find_critic  # noqa: PLC0415
    from predictor.critic.provenance import ProvenanceReader  # noqa: PLC0415
    from predictor.one_thread import use_one_thread  # noqa: PLC0415

    use_one_thread()
    critic = find_critic(artifact)
    return None if critic is None else FileCritic(critic, ProvenanceReader(ContentCredentials(b"")))
