import pytest

from predictor.critic.critique import ATTRIBUTES as NAMES
from predictor.critic.words import ATTRIBUTES, GENERATED, QUALITY, band_of

TABLES = {**ATTRIBUTES, "quality": QUALITY, "generated": GENERATED}


@pytest.mark.parametrize("name", TABLES)
def test_every_number_has_one_word(name: str):
    for tenth in range(1001):
        assert sum(band.holds(tenth / 10) for band in TABLES[name]) == 1


@pytest.mark.parametrize("name", TABLES)
def test_a_word_of_a_table_stands_for_one_band(name: str):
    words = [band.word for band in TABLES[name]]

    assert len(set(words)) == len(words)


def test_every_attribute_has_words_of_its_own():
    words = [band.word for bands in ATTRIBUTES.values() for band in bands]

    assert set(ATTRIBUTES) == set(NAMES)
    assert len(set(words)) == len(words)


def test_quality_has_the_word_nearest_to_it_on_the_scale_of_opinion_tests():
    for number in range(101):
        nearest = min(range(5), key=lambda step: abs(25 * step - number))

        assert band_of(QUALITY, number).word == ("bad", "poor", "fair", "good", "excellent")[nearest]
