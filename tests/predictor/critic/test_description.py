import re
from collections.abc import Mapping

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from predictor.critic.critique import (
    ATTRIBUTES as NAMES,
)
from predictor.critic.critique import (
    OUTSIDE_TRAINING,
    Attributes,
    Critique,
    Ninth,
    QualityMap,
    place_name,
)
from predictor.critic.description import describe
from predictor.critic.origin import Fact, Provenance
from predictor.critic.outside import UNLIKE_PHOTOGRAPHS
from predictor.critic.words import ATTRIBUTES, QUALITY, SEVERITY, Band, band_of

SCORE = st.floats(0, 100)
FLAW = st.sampled_from([None, "blurred", "noisy", "dark", "bright", "flat", "pale", "blocky"])
NINTH = st.builds(Ninth, SCORE, FLAW)
OUTLIER = st.builds(
    lambda base, drop, at, flaw: QualityMap(
        tuple(Ninth(base - drop if index == at else base, flaw) for index in range(9))
    ),
    st.floats(40, 100),
    st.floats(0, 40),
    st.integers(0, 8),
    FLAW,
)
MAPS = st.one_of(st.none(), OUTLIER, st.builds(lambda *ninths: QualityMap(ninths), *[NINTH] * 9))
FACTS = st.sampled_from(
    [
        Fact("action", "created", "C2PA manifest", "signed", "generated"),
        Fact("content_credentials", "does not verify", "C2PA manifest", "broken"),
        Fact("camera", "NIKON D90", "EXIF", "claimed", "photographed"),
        Fact("source_type", "x", "XMP", "claimed", "partly generated"),
    ]
)
PROVENANCE = st.builds(
    Provenance, st.lists(FACTS, max_size=3).map(tuple), st.sampled_from([(), ("they contradict",)])
)
ATTRIBUTE_VALUES = st.builds(Attributes, *[SCORE] * 5)


@st.composite
def critiques(draw: st.DrawFn) -> Critique:
    low, mos, high = sorted(draw(st.tuples(SCORE, SCORE, SCORE)))
    probability = draw(st.one_of(st.none(), st.floats(0, 1)))
    return Critique(
        mos,
        (low, high),
        draw(ATTRIBUTE_VALUES),
        draw(MAPS),
        probability,
        draw(st.sampled_from(["specialist", "critic LMM"])),
        OUTSIDE_TRAINING if probability is None else None,
        draw(PROVENANCE),
        draw(st.sampled_from([None, UNLIKE_PHOTOGRAPHS])),
    )


def sentences(text: str) -> list[str]:
    return re.findall(r"[^.]+\.", text)


def named(sentence: str) -> list[tuple[str, Band]]:
    """Read the words of attributes back, the longest first, in the order in which they stand."""
    words = {band.word: (name, band) for name, bands in ATTRIBUTES.items() for band in bands}
    pattern = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return [words[word] for word in re.findall(rf"\b(?:{pattern})\b", sentence.lower())]


def usual(**changes: object) -> Critique:
    fields: dict[str, object] = {
        "mos": 62.0,
        "interval": (55.0, 69.0),
        "attributes": Attributes(50, 50, 50, 20, 60),
        "quality_map": QualityMap(tuple(Ninth(62, None) for _ in range(9))),
        "generated_probability": None,
        "generated_reason": OUTSIDE_TRAINING,
    }
    return Critique(**(fields | changes))  # type: ignore[arg-type]


def with_worst(at: int, score: float, flaw: str | None) -> QualityMap:
    return QualityMap(
        tuple(Ninth(score, flaw) if index == at else Ninth(62) for index in range(9))  # type: ignore[arg-type]
    )


@settings(deadline=None)
@given(critiques())
def test_no_word_contradicts_the_number_behind_it(critique: Critique):
    for name, band in named(sentences(describe(critique))[0]):
        assert band.holds(getattr(critique.attributes, name))


@settings(deadline=None)
@given(critiques())
def test_faults_are_named_worst_first_and_the_worst_is_never_left_out(critique: Critique):
    told = [SEVERITY[band.standing] for _, band in named(sentences(describe(critique))[0])]
    gravest = max(
        SEVERITY[band_of(ATTRIBUTES[name], getattr(critique.attributes, name)).standing] for name in NAMES
    )

    assert max(told, default=0) == gravest
    assert told == sorted(told, reverse=True)


@settings(deadline=None)
@given(critiques())
def test_score_interval_and_word_are_the_numbers(critique: Critique):
    first = sentences(describe(critique))[0].lower()

    figure = re.search(r"(\d+) of 100 \((\d+)-(\d+)\)", first)
    words = re.findall(r"\b(bad|poor|fair|good|excellent)\b", first)

    assert figure is not None
    assert [int(number) for number in figure.groups()] == [
        round(number) for number in (critique.mos, *critique.interval)
    ]
    assert words == [band_of(QUALITY, int(figure[1])).word]


@settings(deadline=None)
@given(critiques())
def test_the_worst_place_is_named_where_it_stands_out_and_there_alone(critique: Critique):
    text = describe(critique)
    names = "|".join(place_name(index) for index in range(9))

    found = re.findall(rf"\bthe ({names})\b", text, re.IGNORECASE)

    has_places = critique.quality_map is not None and critique.outside is None
    worst = critique.quality_map.worst if has_places and critique.quality_map else None
    assert [name.lower() for name in found] == ([] if worst is None else [place_name(worst)])
    if worst is not None and critique.quality_map is not None:
        assert f"{round(critique.quality_map.ninths[worst].mos)} of 100" in text


@settings(deadline=None)
@given(critiques())
def test_that_a_score_is_a_guess_is_said_of_pictures_unlike_photographs_alone(critique: Critique):
    assert ("score is a guess" in describe(critique)) == (critique.outside is not None)


@settings(deadline=None)
@given(critiques())
def test_the_chance_of_generation_is_told_on_the_likelier_side(critique: Critique):
    text = describe(critique)

    found = re.search(r"by its pixels it is (.+?) \((\d+) %( generated)?\)", text, re.IGNORECASE)

    assert (found is None) == (critique.generated_probability is None)
    if found is not None and critique.generated_probability is not None:
        percent = round(100 * critique.generated_probability)
        is_photographed = found[1].endswith("photographed") and not found[3]
        assert int(found[2]) == (100 - percent if is_photographed else percent)
        assert found[3] or int(found[2]) >= 65


@settings(deadline=None)
@given(critiques())
def test_it_reads_as_one_to_three_sentences(critique: Critique):
    text = describe(critique)

    assert 1 <= len(sentences(text)) <= 3
    assert "".join(sentences(text)) == text
    assert all(sentence.lstrip()[0].isupper() for sentence in sentences(text))
    assert not re.search(r"  | ,|,,|\bNone\b|\band and\b", text)


@settings(deadline=None)
@given(critiques())
def test_what_a_broken_manifest_tells_is_not_repeated(critique: Critique):
    assume(critique.provenance.told is None)

    assert "that it was" not in describe(critique)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"quality_map": with_worst(6, 50, "blurred")},
            "Slightly noisy, otherwise sharp and well exposed; quality 62 of 100 (55-69), fair. "
            "The lower left is blurred (50 of 100).",
        ),
        (
            {
                "quality_map": with_worst(4, 30, "noisy"),
                "attributes": Attributes(50, 50, 50, 40, 60),
                "judge": "critic LMM",
            },
            "Noisy, though sharp; the critic LMM puts its quality at 62 of 100 (55-69), fair. "
            "By far the worst place is the centre, at 30 of 100: it is noisy.",
        ),
        (
            {
                "attributes": Attributes(50, 50, 50, 5, 20),
                "quality_map": QualityMap(tuple(Ninth(30, "blurred") for _ in range(9))),
                "mos": 30.0,
                "interval": (10.0, 50.0),
            },
            "Blurred throughout, though clean; quality about 30 of 100 (10-50), poor.",
        ),
        (
            {
                "interval": (0.0, 100.0),
                "quality_map": with_worst(4, 30, "noisy"),
                "outside": UNLIKE_PHOTOGRAPHS,
            },
            "Slightly noisy, otherwise sharp and well exposed; quality about 62 of 100 (0-100), fair. "
            "This score is a guess, for the picture is unlike the photographs it was learned from: "
            "few tones, as charts, pages and screens have.",
        ),
        (
            {"mos": 91.0, "interval": (86.0, 95.0), "attributes": Attributes(50, 70, 75, 5, 80)},
            "Excellent quality, 91 of 100 (86-95): crisp, clean and well exposed.",
        ),
        (
            {"mos": 30.0, "interval": (22.0, 39.0), "attributes": Attributes(50, 50, 50, 5, 60)},
            "Sharp and clean as a whole, yet of poor quality: 30 of 100 (22-39).",
        ),
    ],
)
def test_it_says_it_as_people_would(changes: Mapping[str, object], text: str):
    assert describe(usual(**changes)) == text


@pytest.mark.parametrize(
    ("facts", "contradictions", "probability", "ending"),
    [
        (
            (Fact("action", "created", "C2PA manifest", "signed", "generated"),),
            (),
            0.87,
            "By its pixels it is probably generated (87 %), and its signed credentials say that it was "
            "generated.",
        ),
        (
            (Fact("generator", "ComfyUI", "PNG text prompt", "claimed", "generated"),),
            (),
            0.04,
            "By its pixels it is almost certainly photographed (96 %), though its file claims that it was "
            "generated.",
        ),
        (
            (Fact("camera", "NIKON D90", "EXIF", "claimed", "photographed"),),
            (),
            None,
            "Its file claims that it was photographed; whether its pixels agree is outside what the judge "
            "was trained on.",
        ),
        (
            (Fact("content_credentials", "does not verify", "C2PA manifest", "broken"),),
            ("EXIF names a camera, while XMP says: generated by a model",),
            None,
            "Its content credentials do not verify; its file contradicts itself about its origin.",
        ),
    ],
)
def test_origin_by_pixels_and_by_file_stand_side_by_side(
    facts: tuple[Fact, ...], contradictions: tuple[str, ...], probability: float | None, ending: str
):
    critique = usual(
        provenance=Provenance(facts, contradictions),
        generated_probability=probability,
        generated_reason=OUTSIDE_TRAINING if probability is None else None,
    )

    assert describe(critique).endswith(f" {ending}")
