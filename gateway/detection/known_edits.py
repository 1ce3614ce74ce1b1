"""Tell edits of a known picture that no re-encoding makes, by rules: in a place, all over, on blank ground.

A picture that is bit for bit another but in one place was edited there, if nobody sees a change elsewhere; a
difference that owes one of the two nothing was added to the other, whichever came first. Either way nobody
sees it, or it is no matter of these rules, whose false alarms are counted apart: they have no p-value.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import any_of_channels, greatest_of_channels
from calibration.image import Decoded, Image, resize
from gateway.detection.added_noise import AddedNoise, NoiseMeasure, added_noise
from gateway.detection.blank_ground import BlankNoise, noise_on_blank
from gateway.detection.changed_place import ChangedPlace, belongs_to_seen, changed_place
from gateway.detection.codec_grain import codec_grain
from gateway.detection.evidence_places import places_of_change
from gateway.detection.one_movement import is_one_movement
from gateway.detection.verdict import Evidence, Kind
from gateway.detection.visible_change import VisibleChange, visible_change
from predictor.residual.detector import codec_of
from predictor.residual.reencoding import Resize
from predictor.residual.strata import Codec

_RESIZED = 8  # pictures: by four kernels, from either version
_KEPT = 0.5  # of the pixels, from which on what changed has a place
_OWN_NOISE = 0.1  # about half, of what is new in a place: it is as much the one's as the other's
_EARLIER = 0.1  # share of the noise that is new, up to which the earlier version carries it
_LEAST_LEVELS = 0.5  # grey levels rms of noise all over: rounding twice leaves .4
_LEAST_SIDE = 16  # pixels of a place that is looked at by itself
_FINE = ("lossless", "fine JPEG")  # coarser ones take noise out themselves
_LEAST_EARLIER = 0.3  # grey levels rms of noise on blank ground that those do not take out
_MOST_LATER = (
    0.65  # likewise, where the earlier may be a coarse copy: WebP takes .8 and more out of plain walls
)
_MOST_SEEN = 0.25  # of the area, beside noise on blank ground: a printed page that was scanned is all changed


@dataclass(frozen=True, eq=False)
class Compared:
    """Two versions of a picture at the size of the first, and what is seen of the change."""

    original: Image
    version: Image  # at the original's size
    kept: float  # share of the pixels that are equal
    came: Image  # the version as it came
    codec: Codec  # of the version
    resized: Resize = resize  # remembers: the version is brought to one size often
    noise: NoiseMeasure = added_noise  # may remember what others asked

    @classmethod
    def of(
        cls,
        original: Image,
        version: Image,
        codec: Codec,
        *,
        small: Image | None = None,
        noise: NoiseMeasure = added_noise,
    ) -> "Compared":
        """Bring the version to the original's size: as memory shrinks, so that what was equal stays equal.

        Args:
            original: The known picture.
            version: The one that came.
            codec: Its own.
            small: The version as memory shrinks it, where somebody did already.
            noise: An `added_noise`.
        """
        resized: Resize = lru_cache(maxsize=_RESIZED)(resize)
        if small is None or (small.width, small.height) != (original.width, original.height):
            small = resized(version, original.width, original.height, "area")
        changed = greatest_of_channels(cv2.absdiff(original.pixels, small.pixels))
        return cls(original, small, float((changed == 0).mean()), version, codec, resized, noise)

    @cached_property
    def change(self) -> VisibleChange:
        """What of the change is seen, looked at once for all who ask."""
        size = (self.original.width, self.original.height)
        return visible_change(self.original, self.version, partial(codec_grain, self.came, self.codec, size))

    @property
    def is_take_within(self) -> bool:
        """Whether all that changed is a film or a scene taken twice, in a page that was kept."""
        if self.kept < _KEPT:
            return False
        rows, columns = np.nonzero(any_of_channels(self.original.pixels != self.version.pixels))
        return self.is_take(slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))

    @property
    def belongs_to_seen(self) -> bool:
        """Whether the rest was kept, and what is hidden goes on from what people see."""
        change = self.change
        return self.kept >= _KEPT and belongs_to_seen(
            change.expected.pixels, self.version.pixels, change.places
        )

    def is_take(self, rows: slice, columns: slice) -> bool:
        """Tell whether a place shows another take of what was there, other colours, or all of it moved."""
        parts = [np.ascontiguousarray(each.pixels[rows, columns]) for each in (self.original, self.version)]
        if min(parts[0].shape[:2]) < _LEAST_SIDE:
            return False
        first, second = map(Image, parts)
        # Both ways: a curve can flatten a code that was there, and not bring it back.
        if _is_take(visible_change(first, second)) and _is_take(visible_change(second, first)):
            return True
        return is_one_movement(*(each.astype(np.float32) for each in parts))


def edit_by_rule(kind: Kind, compared: Compared, decoded: Decoded, ratio: float) -> Evidence | None:
    """Return evidence of an edit that people do not see, None where no rule tells one.

    Args:
        kind: Who asks.
        compared: The known picture and the version.
        decoded: The version as it came.
        ratio: How far the model notices the change, in JND.
    """
    if compared.kept == 1.0:
        return None
    codec = codec_of(decoded.source)
    # WebP predicts from what lies before: a change in one place goes on and on.
    if compared.kept >= _KEPT and (codec.is_lossless or codec.jpeg_quality is not None):
        explanation = _in_a_place(compared, ratio)
    else:
        explanation = _all_over(compared, codec, ratio)
    explanation = explanation or _on_blank_ground(compared, codec, ratio)
    if explanation is None:
        return None
    boxes = places_of_change(compared.change.expected, decoded.image)
    return Evidence(kind, 1.0, None, ratio, explanation, is_attack=True, boxes=boxes)


def _in_a_place(compared: Compared, ratio: float) -> str | None:
    """Explain a place that was changed unseen, None where there is none."""
    change = compared.change
    place = changed_place(change.expected.pixels, compared.version.pixels, change.places)
    if place is None or compared.is_take(place.rows, place.columns):
        return None
    # Pages answer what people see elsewhere with faint changes of their own, and so do codecs.
    if _is_seen_elsewhere(change.places, place):
        return None
    return (
        f"It is a known picture, kept bit for bit but for one place: {place.share:.1%} of it differ "
        f"({place.levels:.1f} grey levels rms), which people do not see and no codec does; "
        f"{_seen(ratio)} {_blamed(is_earlier=change.added <= _EARLIER)}"
    )


def _all_over(compared: Compared, codec: Codec, ratio: float) -> str | None:
    """Explain noise that was added to one of the two."""
    noise, is_earlier = _added(compared, codec)
    if noise is None:
        return None
    change = compared.change
    if change.share > 0.0 or change.is_toned:
        return None
    return (
        f"It is a known picture with noise all over that owes it nothing ({noise.levels:.1f} grey levels rms "
        f"on calm ground) and people do not see; {_seen(ratio)} {_blamed(is_earlier=is_earlier)}"
    )


def _on_blank_ground(compared: Compared, codec: Codec, ratio: float) -> str | None:
    """Explain noise where one of the two is of one colour, beside a lesser change that people see too."""
    if _blank_noise(compared, codec, None)[0] is None:  # what people see takes longer to tell
        return None
    change = compared.change
    if change.share > _MOST_SEEN:
        return None
    noise, is_earlier = _blank_noise(compared, codec, change.places)
    if noise is None:
        return None
    return (
        f"It is a known picture with noise on ground that is blank in the other version ({noise.levels:.1f} "
        f"grey levels rms on {noise.spread:.0%} of it), which people do not see and no codec makes; "
        f"{_seen(ratio)} {_blamed(is_earlier=is_earlier)}"
    )


def _blank_noise(
    compared: Compared, codec: Codec, seen: npt.NDArray[np.bool_] | None
) -> tuple[BlankNoise | None, bool]:
    """Return the noise, and whether the earlier version has it."""
    earlier, later = compared.original.pixels, compared.version.pixels
    noise = noise_on_blank(earlier, later, seen)
    if noise is not None and noise.levels <= _MOST_LATER:
        return noise, False
    if codec.container not in _FINE:
        return None, False
    # Who makes a scan's paper white clips its noise.
    noise = noise_on_blank(later, earlier, seen, is_clipped_asked=False)
    return (noise, True) if noise is not None and noise.levels >= _LEAST_EARLIER else (None, True)


def _is_take(change: VisibleChange) -> bool:
    return not change.hides or change.is_moved_take or abs(change.added - 0.5) <= _OWN_NOISE


def _is_seen_elsewhere(places: npt.NDArray[np.bool_], place: ChangedPlace) -> bool:
    return int(places.sum()) > int(places[place.rows, place.columns].sum())


def _added(compared: Compared, codec: Codec) -> tuple[AddedNoise | None, bool]:
    """Return noise that was added to one of the two, and whether that is the earlier."""
    later = compared.noise(compared.original, compared.version, codec)
    if _is_added(later):
        return later, False
    if codec.container not in _FINE:
        return None, False
    earlier = compared.noise(compared.version, compared.original, codec)
    return (earlier, True) if _is_added(earlier) else (None, False)


def _is_added(noise: AddedNoise | None) -> bool:
    return noise is not None and noise.is_added and noise.levels >= _LEAST_LEVELS


def _seen(ratio: float) -> str:
    return f"at {ratio:.2f} JND the model {'would not notice' if ratio < 1.0 else 'would notice'} the change."


def _blamed(*, is_earlier: bool) -> str:
    return f"One of the two versions was edited{', rather the earlier one' if is_earlier else ''}."
