"""Do what a reviewer says: mark, allow, take back, forget; store and list of allowed pictures agree."""

import logging

from calibration.image import ImageError, decode
from calibration.image_source import DecodeLimits
from gateway.detection.strata import single_stratum
from gateway.review.allowing import AllowFile
from gateway.review.filters import Filter
from gateway.review.flag import Flag, Mark
from gateway.review.store import ReviewStore
from gateway.review.words import when

log = logging.getLogger(__name__)


class Judging:
    """The store, with the file of allowed pictures beside it."""

    def __init__(
        self,
        store: ReviewStore,
        allowed: AllowFile,
        limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen
    ) -> None:
        self._store = store
        self._allowed = allowed
        self._limits = limits

    def mark(self, flag: Flag, mark: Mark) -> None:
        """Note what is said of a flag; an allowed picture is allowed wherever it comes.

        Raises:
            OSError: The list of allowed pictures cannot be written; nothing is noted then.
        """
        if mark == "allowed":
            self.mark_picture(flag, mark)
            return
        self._store.mark(flag.id, mark)
        self._place(flag)
        self._settle(flag)
        log.info("flag %s was marked %s", flag.id, mark)

    def mark_picture(self, flag: Flag, mark: Mark) -> None:
        """Note it of every flag of the picture that nobody has judged; raises as `mark`."""
        if mark == "allowed":
            self._allow(flag)
        self._store.mark_picture(flag.id, mark)
        self._place(flag)
        self._settle(flag)
        log.info("flag %s and the open ones of its picture were marked %s", flag.id, mark)

    def undo(self, flag: Flag) -> None:
        """Take the last mark back; raises as `mark`."""
        undone = self._store.undo(flag.id)
        self._settle(flag)
        log.info("the mark of flag %s was taken back: %s", flag.id, undone.mark if undone else "gone")

    def forget(self, flag: Flag) -> int:
        """Delete a picture and every flag of it; return how many there were. Allowed, it stays allowed."""
        count = self._store.delete_picture(flag.digest)
        log.info("picture %s was deleted with %d flags", flag.digest, count)
        return count

    def _place(self, flag: Flag) -> None:
        """Note the stratum of the picture while there is one: labels outlive pictures."""
        data = None if flag.stratum else self._store.pictures.get(flag.digest)
        if data is None:
            return
        try:
            self._store.note_stratum(flag.digest, single_stratum(decode(data, self._limits)))
        except ImageError as error:
            log.warning("the picture of flag %s cannot be read for its label: %s", flag.id, error.reason)

    def _settle(self, flag: Flag) -> None:
        """Have the list hold the picture as long as a flag says that it is allowed, and no longer."""
        if self._store.find(Filter(digest=flag.digest, mark="allowed"), 1):
            self._allow(flag)
        else:
            self._allowed.remove(flag.digest)

    def _allow(self, flag: Flag) -> None:
        self._allowed.add(flag.digest, flag.id, f"{when(self._store.now())} UTC")
