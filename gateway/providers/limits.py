"""Tell which hard limits of a provider an image exceeds, and bring its size inside them.

A limit is what an API answers with an error to, and with it the whole request fails. Sizes above which an
image is merely shrunk are `sizes`.
"""

import math
from dataclasses import dataclass, fields

from gateway.providers.sizes import Size

# The most bytes of one picture in a request that is too large as a whole, by step: 2 MiB to 16 KiB. Halves,
# so that a conversation crosses few of them and each leaves room for many further turns.
STEP_BYTES: tuple[int, ...] = tuple(1 << bits for bits in range(21, 13, -1))
LAST_STEP = len(STEP_BYTES)
OF_REQUESTS = frozenset({"images", "request_bytes"})  # limits that no picture exceeds alone


@dataclass(frozen=True)
class Limits:
    """What a provider refuses; None where it says nothing."""

    max_side: int | None = None  # pixels
    many_images: int | None = None  # a request with more images than this ...
    max_side_of_many: int | None = None  # ... has this limit for each side
    max_image_bytes: int | None = None
    is_base64_counted: bool = False  # whether `max_image_bytes` is of the base64, four thirds as long
    max_images: int | None = None  # in one request
    max_request_bytes: int | None = None  # base64 included
    patch: int = 32  # side of what `max_patches` counts
    max_patches: int | None = None
    max_aspect: float | None = None  # the longer side over the shorter
    refused: frozenset[str] = frozenset()  # formats: gif, animated_gif, ...

    def step(self, images: int) -> int:
        """Return 1 for a request with so many images that sides are bound further, else 0."""
        return int(self.many_images is not None and images > self.many_images)

    def settled(self, images: int) -> int:
        """Return the least number of images to which the same limits of size apply.

        For whoever must give the same answer as a conversation grows, until it crosses a limit.
        """
        return self.many_images + 1 if self.many_images is not None and self.step(images) else 1

    def exceeded(self, size: Size, *, size_bytes: int, images: int = 1) -> list[str]:
        """Name the limits that an image exceeds: the fields above, without `max_`.

        Args:
            size: Upright, pixels.
            size_bytes: Of the file, before base64.
            images: In the request, this one included.
        """
        as_base64 = 4 * math.ceil(size_bytes / 3)
        found = {
            "side": _is_above(size.longest, self.max_side),
            "side_of_many": _is_above(size.longest, self._side(images)) and bool(self.step(images)),
            "image_bytes": _is_above(
                as_base64 if self.is_base64_counted else size_bytes, self.max_image_bytes
            ),
            "images": _is_above(images, self.max_images),
            "request_bytes": _is_above(as_base64, self.max_request_bytes),
            "patches": _is_above(self._patches(size), self.max_patches),
            "aspect": _is_above(_aspect(size), self.max_aspect),
        }
        return [name for name, is_exceeded in found.items() if is_exceeded]

    def fitted(self, size: Size, *, images: int = 1) -> Size:
        """Return the largest size within the limits of sides and patches, its aspect ratio kept.

        An aspect ratio that is itself refused stays: no size of this picture would be taken.
        """
        fitted = size.fitted(self._side(images))
        if not _is_above(self._patches(fitted), self.max_patches):
            return fitted
        low, high = 1, fitted.longest  # the longer side: one pixel fits, what there is does not
        while high - low > 1:
            middle = (low + high) // 2
            is_inside = not _is_above(self._patches(fitted.fitted(middle)), self.max_patches)
            low, high = (middle, high) if is_inside else (low, middle)
        return fitted.fitted(low)

    def refuses(self, format_name: str, *, frames: int = 1) -> bool:
        """Tell whether a file of this format, with so many frames, is refused."""
        return format_name in self.refused or (frames > 1 and f"animated_{format_name}" in self.refused)

    def image_bytes(self, *, step: int = 0) -> int | None:
        """Return the most bytes of a file, before base64, at a step of whole requests: 0 to `LAST_STEP`."""
        own = self.max_image_bytes
        if own is not None and self.is_base64_counted:
            own = own // 4 * 3
        return _least(own, STEP_BYTES[step - 1]) if step else own

    def stricter(self, other: "Limits") -> "Limits":
        """Return limits that hold to both: those of a model and of the place it is served at."""
        chosen = {
            field.name: _least(getattr(self, field.name), getattr(other, field.name))
            for field in fields(self)
            if field.name.startswith("max_") or field.name == "many_images"
        }
        of_bytes = min(
            (each for each in (self, other) if each.max_image_bytes is not None),
            key=lambda limits: limits.image_bytes() or 0,
            default=self,
        )
        chosen["max_image_bytes"] = of_bytes.max_image_bytes
        return Limits(
            **chosen,
            patch=other.patch if self.max_patches is None else self.patch,
            is_base64_counted=of_bytes.is_base64_counted,
            refused=self.refused | other.refused,
        )

    def _side(self, images: int) -> int | None:
        return _least(self.max_side, self.max_side_of_many if self.step(images) else None)

    def _patches(self, size: Size) -> int:
        return math.ceil(size.width / self.patch) * math.ceil(size.height / self.patch)


NO_LIMITS = Limits()


def _is_above(value: float, most: float | None) -> bool:
    return most is not None and value > most


def _aspect(size: Size) -> float:
    return size.longest / min(size.width, size.height)


def _least(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)
