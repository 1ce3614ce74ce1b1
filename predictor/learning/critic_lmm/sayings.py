"""What the critic LMM is asked in its lessons and what it should say: words of scales, descriptions, choices.

Numbers become words by the bands of `predictor.critic.words`, so that it speaks as the specialist's
descriptions do. Between two words of a scale the answer is shared, by how near the number is to each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from calibration.critic.scales import ATTRIBUTES, GOOD_POOR, ORIGIN, PAIRS, QUALITY, SCALES, Scale
from predictor.critic import words
from predictor.critic.critique import COLUMNS, ROWS, Attribute, Flaw, place_name
from predictor.critic.words import SEVERITY, Band, band_of
from predictor.learning.critic_lmm.judged import ATTRIBUTE_OF, Judged

OUTSIDE = "outside what I was trained on."
_SIMILAR = 5.0  # points of MOS between two pictures of which neither is better
_FULL = 40.0  # points by which one is superior
_SEEN = 0.2  # of the way from inferior to superior: side by side more damage to one photograph is seen
_SURE = 0.97  # of an origin that is known
_MOST_NAMED = 2  # faults, and virtues
_ORDER: tuple[Attribute, ...] = ("sharpness", "noisiness", "brightness", "contrast", "colorfulness")

DESCRIBE = (
    "Describe the quality of this image.",
    "Describe the quality of the image.",
    "Describe the quality.",
    "What is the quality of this image like? Describe it.",
    "Describe this image's quality and what is wrong with it.",
)
BETTER = (
    "Which of the two images is better, and why?",
    "Which image is better and why?",
    "Which of the two is better, and why?",
    "Which of these two images has the better quality, and why?",
)
HOW: Mapping[Attribute, tuple[str, ...]] = {
    "sharpness": ("How sharp is this image?", "Is this image sharp or blurred?"),
    "noisiness": ("How noisy is this image?", "Is there noise in this image?"),
    "brightness": ("How bright is this image?", "Is this image too dark or too bright?"),
    "contrast": ("How is the contrast of this image?", "How rich in contrast is this image?"),
    "colorfulness": ("How colorful is this image?", "How colourful is this image?"),
}
QUALITY_WORDINGS = (
    "Rate the quality.",
    "Rate the quality of this image.",
    "How good is the quality of this image?",
    "How is the quality of the image?",
)
ORIGIN_WORDINGS = ("Photographed or generated?", "Was this image photographed or generated?")
_BETTER_IN: Mapping[Attribute, str] = {
    "sharpness": "it is sharper",
    "noisiness": "it is less noisy",
    "brightness": "it is better exposed",
    "contrast": "its contrast is better",
    "colorfulness": "its colours are better",
}
_OTHERWISE = "it is less damaged"
_PLACE_WORDS = {
    "blurred": "is blurred",
    "noisy": "is noisy",
    "dark": "is too dark",
    "bright": "is too bright",
    "flat": "lacks contrast",
    "pale": "lacks colour",
}
_PLACE_OTHERWISE = "is damaged"
# What a fault is called that was done to a picture, where the amount alone is no fault: noon on snow.
_AT_LEAST: Mapping[Flaw, Band] = {
    "blurred": Band(0, 100, "a little soft", "slight fault"),
    "noisy": Band(0, 100, "slightly noisy", "slight fault"),
    "dark": Band(0, 100, "too dark", "slight fault"),
    "bright": Band(0, 100, "too bright", "slight fault"),
    "flat": Band(0, 100, "low in contrast", "slight fault"),
    "pale": Band(0, 100, "pale", "slight fault"),
}


@dataclass(frozen=True)
class Saying:
    """A question and its answer: `before`, then one of `shares`' words by its share, then `after`."""

    question: str
    before: str = ""
    shares: Mapping[str, float] = field(default_factory=dict)
    after: str = ""
    opening: str = ""  # of the answer, given with the question


def about_one(judged: Judged, rng: np.random.Generator) -> Iterator[Saying]:
    """Yield questions about one picture: its quality, two attributes, a description, at times its origin."""
    if judged.generated is not None:
        yield about_origin(judged.generated, rng)
        return
    yield about_quality(judged.mos, rng)
    for name in rng.choice(ATTRIBUTES, size=2, replace=False):
        yield about_attribute(str(name), judged, rng)
    yield Saying(_any(DESCRIBE, rng), before=description(judged))
    if rng.random() < 0.2:
        yield about_origin(None, rng)


def about_two(first: Judged, second: Judged, rng: np.random.Generator) -> Iterator[Saying]:
    """Yield questions about two pictures: how the second compares, which one is better and why."""
    scale = SCALES[PAIRS]
    yield _scaled(scale, (scale.prompt,), _shares(scale, _compared(first, second)), rng)
    yield Saying(_any(BETTER, rng), before=preference(first, second))


def about_quality(mos: float, rng: np.random.Generator) -> Saying:
    """Ask for quality, in five words or in two."""
    if rng.random() < 0.2:
        good = float(1 / (1 + np.exp(-(mos - 50) / 12)))
        return _scaled(SCALES[GOOD_POOR], (SCALES[GOOD_POOR].prompt,), {"good": good, "poor": 1 - good}, rng)
    scale = SCALES[QUALITY]
    return _scaled(scale, (scale.prompt, *QUALITY_WORDINGS), _shares(scale, 1 + mos / 25), rng)


def about_attribute(name: str, judged: Judged, rng: np.random.Generator) -> Saying:
    """Ask how much there is of an attribute: on a scale, or in the words of descriptions."""
    amount = float(getattr(judged.attributes, name))
    if rng.random() < 0.4:
        attribute: Attribute = next(one for one in _ORDER if one == name)
        said = band_of(words.ATTRIBUTES[attribute], amount).word
        return Saying(_any(HOW[attribute], rng), before=f"It is {said}.")
    scale = SCALES[name]
    return _scaled(scale, (scale.prompt,), _shares(scale, 1 + amount / 25), rng)


def about_origin(generated: float | None, rng: np.random.Generator) -> Saying:
    """Ask whether it was photographed; of a picture unlike those learned from the answer says just that."""
    scale = SCALES[ORIGIN]
    if generated is not None:
        chance = _SURE if generated > 0.5 else 1 - _SURE
        shares = {"photographed": 1 - chance, "generated": chance}
        return _scaled(scale, (scale.prompt, *ORIGIN_WORDINGS), shares, rng)
    if rng.random() < 0.3:
        return Saying(scale.prompt, before=OUTSIDE, opening=scale.opening)
    question = _any((scale.prompt, scale.offering, *ORIGIN_WORDINGS), rng)
    return Saying(question, before=OUTSIDE[0].upper() + OUTSIDE[1:])


def description(judged: Judged) -> str:
    """Say in one sentence what stands out, the worst first, and the quality; in another the worst place."""
    bands = _worst_first(judged)
    faults = [band.word for band in bands if SEVERITY[band.standing]][:_MOST_NAMED]
    virtues = [band.word for band in bands if band.standing == "virtue"][:_MOST_NAMED]
    looks = ", though ".join(filter(None, (_listed(faults), _listed(virtues[: 3 - len(faults)]))))
    quality = band_of(words.QUALITY, judged.mos).word
    whole = f"{looks or 'nothing stands out'}; of {quality} quality."
    return (whole[0].upper() + whole[1:] + " " + _place(judged)).strip()


def first_fault(text: str) -> Attribute | None:
    """Return the attribute that a description names as worst; None where it names no fault first."""
    looks = text.lower().replace(" ,", ",").split(";", maxsplit=1)[0]
    for name, bands in words.ATTRIBUTES.items():
        for band in bands:
            if SEVERITY[band.standing] and _begins_with(looks, band.word):
                return name
    return next(
        (ATTRIBUTE_OF[flaw] for flaw, band in _AT_LEAST.items() if _begins_with(looks, band.word)), None
    )


def preference(first: Judged, second: Judged) -> str:
    """Say which of two is better, and why."""
    gain = second.mos - first.mos
    if abs(gain) < _SIMILAR and not _is_same(first, second):
        return "The two images are of similar quality."
    worse, better, place = (first, second, "second") if gain > 0 else (second, first, "first")
    gains = {name: _badness(worse, name) - _badness(better, name) for name in _ORDER}
    most = max(gains, key=lambda name: gains[name])
    known = None if worse.flaw is None else ATTRIBUTE_OF.get(worse.flaw)
    reason = _BETTER_IN[known or most] if known or gains[most] > 8 else _OTHERWISE
    return f"The {place} image is better because {reason}."


def all_texts() -> list[str]:
    """List every text that the model must have words for."""
    scales = [text for scale in SCALES.values() for text in (scale.offering, scale.opening)]
    bands = [band.word for table in (*words.ATTRIBUTES.values(), words.QUALITY) for band in table]
    return [
        *scales,
        *(word for scale in SCALES.values() for word in scale.words),
        *DESCRIBE,
        *BETTER,
        *(text for texts in HOW.values() for text in texts),
        *QUALITY_WORDINGS,
        *ORIGIN_WORDINGS,
        *bands,
        *(band.word for band in _AT_LEAST.values()),
        *(*ROWS, *COLUMNS),
        *(*_BETTER_IN.values(), _OTHERWISE, *_PLACE_WORDS.values(), _PLACE_OTHERWISE, OUTSIDE),
        "nothing stands out, though and ; of quality. The is It two images are similar",
        "The first second image is better because",
    ]


def _scaled(
    scale: Scale, prompts: tuple[str, ...], shares: Mapping[str, float], rng: np.random.Generator
) -> Saying:
    """Ask on a scale in one of the three ways in which critics are asked."""
    way = rng.random()
    if way < 0.4:
        return Saying(scale.offering, shares=shares, after=".")
    if way < 0.75:
        return Saying(scale.prompt, shares=shares, after=".", opening=scale.opening)
    return Saying(_any(prompts, rng), before=scale.opening, shares=shares, after=".")


def _shares(scale: Scale, value: float) -> Mapping[str, float]:
    """Share an answer between the two words whose values lie next to `value`."""
    ordered = sorted(scale.values.items(), key=lambda item: item[1])
    values = np.array([worth for _, worth in ordered])
    at = int(np.clip(np.searchsorted(values, value) - 1, 0, len(values) - 2))
    upper = float(np.clip((value - values[at]) / (values[at + 1] - values[at]), 0, 1))
    return {ordered[at][0]: 1 - upper, ordered[at + 1][0]: upper}


def _compared(first: Judged, second: Judged) -> float:
    """Return how the second compares, 0 to 1; of two versions of one photograph the better is plainly so."""
    gain = (second.mos - first.mos) / (2 * _FULL)
    if _is_same(first, second):
        gain += float(np.copysign(_SEEN, gain))
    return float(np.clip(0.5 + gain, 0, 1))


def _is_same(first: Judged, second: Judged) -> bool:
    """Tell whether both are versions of one photograph of which one is the more damaged."""
    return first.photograph is not None and first.photograph == second.photograph and first.mos != second.mos


def _worst_first(judged: Judged) -> list[Band]:
    known = None if judged.flaw is None else ATTRIBUTE_OF.get(judged.flaw)
    bands = {name: band_of(words.ATTRIBUTES[name], getattr(judged.attributes, name)) for name in _ORDER}
    if known and judged.flaw and not SEVERITY[bands[known].standing]:
        bands[known] = _AT_LEAST[judged.flaw]
    order = sorted(bands, key=lambda name: (name != known, -SEVERITY[bands[name].standing]))
    return [bands[name] for name in order]


def _badness(judged: Judged, name: Attribute) -> float:
    """Return how far an attribute is on its bad side, in points."""
    amount = float(getattr(judged.attributes, name))
    if name == "noisiness":
        return amount
    return abs(amount - 50) if name == "brightness" else -amount


def _place(judged: Judged) -> str:
    if judged.place is None:
        return ""
    flaw = judged.place.flaw
    said = _PLACE_OTHERWISE if flaw is None else _PLACE_WORDS.get(flaw, _PLACE_OTHERWISE)
    return f"The {place_name(judged.place.ninth)} {said}."


def _begins_with(text: str, word: str) -> bool:
    return text == word or any(text.startswith(word + end) for end in (" and ", ",", " ;", " ,"))


def _listed(named: list[str]) -> str:
    return " and ".join(named)


def _any(texts: tuple[str, ...], rng: np.random.Generator) -> str:
    return texts[int(rng.integers(len(texts)))]
