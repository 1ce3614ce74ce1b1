"""On which terms the images of a request are looked at: for whom, how they will be shown, what is fetched."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.dialects.protocol import Slot
from gateway.dialects.reading.film import Frame
from gateway.dialects.reading.sources import DataUrl, Unseen
from gateway.pipeline import Asked
from gateway.settings import ImageUrls

_OF_BATCH = re.compile(r".*\brequests\[\d+\]")  # one request of a batch, in the path of a place


@dataclass(frozen=True)
class Terms:
    """On which terms the images of a request are looked at."""

    asked: Asked
    urls: ImageUrls
    images: Mapping[str, int] = field(default_factory=dict)  # by request of a batch; empty name: no batch

    def beside(self, slots: Sequence[Slot]) -> "Terms":
        """Return the terms of images that stand in a request with others: some limits depend on how many."""
        return replace(self, images=Counter(_request_of(slot) for slot in slots if _is_picture(slot)))

    @property
    def most_images(self) -> int:
        """Images of the request, or of the one with most in a batch."""
        return max(self.images.values(), default=0)

    @property
    def is_batch(self) -> bool:
        """Whether several requests come as one, for which providers take more bytes than for one."""
        return any(self.images)

    def asked_of(self, slot: Slot) -> Asked:
        """Return what is asked of one image."""
        images = max(1, self.images.get(_request_of(slot), 0))
        recipient = replace(self.asked.recipient, detail=slot.detail, images=images, is_framed=slot.is_framed)
        asked = replace(self.asked, recipient=recipient)
        is_frame = isinstance(slot.source, Frame)  # frames of a film must stay alike
        return untouched(asked) if is_frame else asked

    def address(self, slot: Slot) -> str | None:
        """Return the address the image has to be fetched from, if there is one and that is wanted."""
        is_wanted = self.urls != "pass" and isinstance(slot.source, DataUrl)
        return slot.source.url if is_wanted and isinstance(slot.source, DataUrl) else None


def untouched(asked: Asked) -> Asked:
    """Ask for a verdict alone."""
    return replace(asked, policy=replace(asked.policy, compression="off"), is_fixed=True)


def _request_of(slot: Slot) -> str:
    found = _OF_BATCH.match(slot.where)
    return found[0] if found else ""


def _is_picture(slot: Slot) -> bool:
    """Tell whether a provider counts what is there as an image; of files it keeps, most are."""
    return not isinstance(slot.source, Unseen) or slot.source.reason == "file_id"
