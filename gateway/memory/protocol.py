"""What a memory of pictures seen before must offer, wherever it is kept: here, in another process, elsewhere.

Knows nothing of edits, nor of how pictures are compared.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # whoever only keeps pictures need not load what decodes them
    from calibration.image import Image
    from gateway.memory.kept_picture import KeptPicture

MOST_ALIKE = 16  # candidates of one question: blank pictures are alike by the hundred

_ENTRY_OVERHEAD_BYTES = 512


class Remembered(Protocol):
    """What a store has to know of a picture in order to keep and find it."""

    @property
    def fingerprint(self) -> int:
        """Perceptual hash, 64 bits."""
        ...

    @property
    def digest(self) -> bytes:
        """Hash of the encoded bytes it came in."""
        ...

    @property
    def size_bytes(self) -> int:
        """Memory it holds."""
        ...


@dataclass(frozen=True, eq=False)
class SeenPicture:
    """One picture in the form in which it is compared, and remembered once `KeptPicture` has packed it."""

    picture: "Image"  # shrunk
    fingerprint: int  # perceptual hash, 64 bits
    digest: bytes  # of the encoded bytes it came in


class SeenPictureStore(Protocol):
    """A memory of pictures, each tenant's own; asked from several threads at once, and never for long.

    A store that cannot be reached has seen nothing: it answers so, and counts that, instead of raising.
    """

    def alike(self, tenant: str, fingerprint: int, most_bits: int) -> list["KeptPicture"]:
        """Return those of the tenant whose hash differs in few bits: the nearest `MOST_ALIKE`, in order."""
        ...

    def remember(self, tenant: str, seen: "KeptPicture") -> None:
        """Keep a picture, as long as there is room; not one that was marked."""
        ...

    def mark(self, tenant: str, fingerprint: int, digest: bytes, most_bits: int) -> int:
        """Note a picture that looks like a query of an attack, by its digest: each counts once.

        Returns how many noted ones of the tenant differ in so few bits, this one included.
        """
        ...

    def forget(self, tenant: str) -> None:
        """Forget all that is remembered of a tenant."""
        ...

    def accept(self, tenant: str) -> None:
        """Note that the upstream knows this tenant's key; until then its pictures make way for others'."""
        ...


def kept_bytes(pixel_bytes: int) -> int:
    """Return what a picture weighs in a store, its bookkeeping included."""
    return pixel_bytes + _ENTRY_OVERHEAD_BYTES
