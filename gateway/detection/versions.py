"""Weigh how two versions of a picture differ: by a codec, by colours, by what people see, or what is hidden.

The first to come need not be the original: where what is hidden is rather in the earlier one, that is said.
"""

from dataclasses import replace

import numpy as np

from calibration.image import Decoded, Image
from calibration.profile import JndProfile
from gateway.detection.added_noise import added_noise
from gateway.detection.block_codec import is_of_block_codec
from gateway.detection.evidence_places import places_of_change
from gateway.detection.known_edits import Compared, edit_by_rule
from gateway.detection.motion import brought_along
from gateway.detection.verdict import Evidence, Kind
from gateway.detection.visible_change import VisibleChange
from predictor.predict import Predictor
from predictor.residual.detector import codec_of
from predictor.residual.reencoding import ReencodingFinding
from predictor.residual.strata import Codec

_DOUBT = 0.05  # p-value from which a codec is taken for the whole difference
_HIDDEN = 0.01  # p-value up to which something is hidden beside what is visible
_LEAST_SPREAD = 0.02  # of the area: less is the rim of what is visible
_LEAST_LEVELS = 0.5  # grey levels rms, likewise
_LEAST_PLACE = 0.01  # of the area: what a browser redraws is .008 and less, a retouch of a screen .016
_LEAST_PLACE_LEVELS = 0.2  # grey levels rms of the whole: .16 and less; .26
_DISPERSED_SPREAD = 0.6  # of the area
_CURVE_GAIN = 0.7  # of what is unexplained, that a curve may leave
_TONED_SHARE = 0.4  # of what is unexplained without them, where it is not everywhere
_TONED_LEVELS = 1.0  # grey levels rms: less is what curves and clipping leave
_DISPERSED_LEVELS = 1.2  # grey levels rms beyond re-encoding
# Over films of ten development photographs: 1.8 and less, with noise of 4 levels 2 and more.
_OF_A_FILM = (
    0.92  # share of the waves that only the later frame has: films .91 and less, added ones .94 and more
)
_MOVED_LEVELS = 2.0  # grey levels rms, of what did not visibly move, that flow may leave
_ALL_OVER = 0.75  # of the area: films with something that moves in them .8 and more
_MOSTLY_SEEN = 0.7  # of the area, from which on a screen became another
_EARLIER = 0.1  # share of the noise that is new, up to which the earlier version carries it


def compare_versions(
    kind: Kind,
    original: Image,
    decoded: Decoded,
    predictor: Predictor,
    profile: JndProfile,
    *,
    compared: Compared | None = None,
) -> Evidence:
    """Say how a version of a picture was changed beyond re-encoding, and who would notice.

    Something is hidden where neither a curve of colours nor visible places explain what re-encoding does not.
    It is built like an attack where people do not see it and it is dispersed, or the model does. `compared`
    are the two, where somebody brought them to one size already.

    Raises:
        PairError: The two have different shapes.
    """
    codec = codec_of(decoded.source)
    ratio = predictor.notice(original, decoded.image, profile).jnd_ratio
    compared = compared or Compared.of(original, decoded.image, codec)
    edit = edit_by_rule(kind, compared, decoded, ratio)
    if edit is not None:
        return edit
    whole = predictor.reencoding(original, decoded.image, codec, compared.resized)
    if whole.p_value > _DOUBT:
        explanation = (
            "It is a known picture, stored differently: the difference is what codecs and resizing cause."
        )
        return Evidence(kind, whole.score, whole.p_value, ratio, explanation)
    return _by_what_is_seen(kind, compared, decoded, predictor, whole=whole, ratio=ratio)


def _by_what_is_seen(
    kind: Kind,
    compared: Compared,
    decoded: Decoded,
    predictor: Predictor,
    *,
    whole: ReencodingFinding,
    ratio: float,
) -> Evidence:
    original, codec = compared.original, codec_of(decoded.source)
    change = compared.change
    rest = whole
    if not change.hides:
        rest = replace(whole, p_value=1.0, unexplained=0.0)
    elif change.share > 0.0 or change.is_toned:
        rest = predictor.reencoding(change.expected, decoded.image, codec, compared.resized)
    if change.share == 0.0 and rest.unexplained > _CURVE_GAIN * whole.unexplained:
        rest = whole  # noise that is clipped at white bends a curve, which then explains nothing
    if change.hides and change.added <= _EARLIER and rest.p_value > _HIDDEN:
        backwards = predictor.reencoding(decoded.image, change.expected, codec, compared.resized)
        rest = min(rest, backwards, key=lambda finding: finding.p_value)
    is_rim = change.spread < _LEAST_SPREAD or rest.unexplained < _LEAST_LEVELS or _became_another(change)
    if change.share > 0.0 and (rest.p_value > _HIDDEN or is_rim or compared.belongs_to_seen):
        how = (
            "a sharp light or outline" if change.is_faint else f"{change.peak:.0f} times what is masked there"
        )
        explanation = (
            f"It is a known picture with a change that people see: {how}. Nothing is hidden beside it."
        )
        boxes = places_of_change(original, decoded.image)
        return Evidence(kind, whole.score, whole.p_value, ratio, explanation, is_visible=True, boxes=boxes)
    if change.spread < _LEAST_PLACE and rest.unexplained < _LEAST_PLACE_LEVELS:
        explanation = "It is a known picture with a tiny place drawn a little differently, as pages do anew."
        return Evidence(kind, rest.score, max(rest.p_value, _DOUBT), ratio, explanation)
    if change.hides and (change.is_retake or _is_of_film(compared, decoded, predictor)):
        explanation = "It is another take of a known picture: it moved, or both have noise of their own."
        return Evidence(kind, rest.score, None, ratio, explanation, is_visible=change.share > 0.0)
    found = _hidden(kind, whole, rest, change, ratio)
    return replace(found, boxes=places_of_change(change.expected, decoded.image))


def _became_another(change: VisibleChange) -> bool:
    """Tell whether people see most of it changed, as when a page scrolls: faint rows of it went along.

    Whoever hides something so must show most of another picture; what is spread over the rest is asked about.
    """
    return change.share >= _MOSTLY_SEEN and change.spread < _DISPERSED_SPREAD * (1.0 - change.share)


def _is_of_film(compared: Compared, decoded: Decoded, predictor: Predictor) -> bool:
    """Tell whether a film explains what is hidden: in a page, by its codec's blocks, or by what moved."""
    change, codec = compared.change, codec_of(decoded.source)
    if change.share > 0.0 and (compared.is_take_within or _shares_noise(compared, codec)):
        return True
    shown = compared.version.pixels.astype(np.float32)
    if change.added_waves <= _OF_A_FILM and is_of_block_codec(shown - change.expected.pixels, codec):
        return True
    if not change.has_moved:
        return False
    moved = brought_along(compared.original.pixels.astype(np.float32), shown)
    moved[change.places] = shown[change.places]
    shown_moved = Image(np.rint(moved).astype(np.uint8))
    left = predictor.reencoding(shown_moved, decoded.image, codec, compared.resized).unexplained
    return left < _MOVED_LEVELS * float(np.sqrt(1.0 - change.share))


def _shares_noise(compared: Compared, codec: Codec) -> bool:
    """Tell whether what is hidden all over, beside what moved, is certainly in part the earlier frame's.

    Not where nothing was lost since: whoever takes a frame's own grain away and adds waves of another makes
    just that, and a codec leaves little of it.
    """
    change = compared.change
    if codec.is_lossless or change.added_waves > _OF_A_FILM or not change.is_as_in_films:
        return False
    noise = added_noise(change.expected, compared.version, codec)
    return noise is not None and noise.is_own and noise.spread >= _ALL_OVER


def _hidden(
    kind: Kind, whole: ReencodingFinding, rest: ReencodingFinding, change: VisibleChange, ratio: float
) -> Evidence:
    is_part = change.share > 0.0 or change.added <= _EARLIER
    # A curve explains a part of the same question: the larger p-value keeps the promise made of re-encodings.
    p_value = rest.p_value if is_part else max(whole.p_value, rest.p_value)
    is_toned = rest is not whole and change.is_toned and _is_left_by_curves(whole, rest, change)
    if p_value > _DOUBT or is_toned:
        explanation = "It is a known picture in other colours: a curve over the whole picture explains it."
        return Evidence(kind, rest.score, max(p_value, _DOUBT), ratio, explanation)
    is_dispersed = change.spread >= _DISPERSED_SPREAD and rest.unexplained >= _DISPERSED_LEVELS
    seen = "would not notice" if ratio < 1.0 else "would notice"
    where = ", everywhere" if is_dispersed else ""
    beside = " beside a change that people see" if change.share > 0.0 else ""
    explanation = (
        f"It is a known picture with something changed{beside} that re-encoding does not explain "
        f"({rest.unexplained:.1f} grey levels rms{where}) and people do not see; "
        f"at {ratio:.2f} JND the model {seen} the change."
    )
    if change.added <= _EARLIER:
        explanation += " One of the two versions was edited, rather the earlier one."
    return Evidence(kind, rest.score, p_value, ratio, explanation, is_attack=is_dispersed or ratio >= 1.0)


def _is_left_by_curves(whole: ReencodingFinding, rest: ReencodingFinding, change: VisibleChange) -> bool:
    """Tell what no curve fits where colours were clipped before the picture was shrunk from noise."""
    if rest.unexplained < _TONED_LEVELS:
        return True
    return change.spread < _DISPERSED_SPREAD and rest.unexplained < _TONED_SHARE * whole.unexplained
