"""On which terms the images of a request are looked at: for whom, how they will be shown, what is fetched."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.dialects.protocol import Slot
from gateway.dialects.reading.film import Frame
from gateway.dialects.reading.sources import DataUrl, Unseen
from gateway.pipeline import Asked
from gateway.settings import ImageUrls


@dataclass(frozen=True)
class Terms:
    """On which terms the images of a request are looked at."""

    asked: Asked
    urls: ImageUrls

    def beside(self, slots: Sequence[Slot]) -> "Terms":
        """Return the terms of images that stand in a request with others: some limits depend on how many."""
        images = sum(_is_picture(slot) for slot in slots)
        return replace(
            self, asked=replace(self.asked, recipient=replace(self.asked.recipient, images=images))
        )

    def asked_of(self, slot: Slot) -> Asked:
        """Return what is asked of one image."""
        recipient = replace(self.asked.recipient, detail=slot.detail, is_framed=slot.is_framed)
        asked = replace(self.asked, recipient=recipient)
        is_frame = isinstance(slot.source, Frame)  # frames of a film must stay alike
        return untouched(asked) if is_frame else asked

    def address(self, slot: Slot) -> str | None:
        """Return the address the image has to be fetched from, if there is one and that is wanted."""
        is_wanted = self.urls != "pass" and isinstance(slot.source, DataUrl)
        return slot.source.url if is_wanted and isinstance(slot.source, DataUrl) else None


def untouched(asked: Asked) -> Asked:
    """Ask for a verdict alone."""
    return replace(asked, policy=replace(asked.policy, compression="off"))


def _is_picture(slot: Slot) -> bool:
    """Tell whether a provider counts what is there as an image; of files it keeps, most are."""
    return not isinstance(slot.source, Unseen) or slot.source.reason == "file_id"
