import json
from dataclasses import replace

from predictor.critic.critique import Attributes, Critique, Ninth, QualityMap
from predictor.critic.description import describe
from predictor.critic.origin import Fact, Provenance
from predictor.critic.record import as_record, without_critique

CRITIQUE = Critique(
    mos=62.04,
    interval=(55.0, 69.0),
    attributes=Attributes(50, 51, 52, 20, 60),
    quality_map=QualityMap(tuple(Ninth(62.0 - 20 * (index == 6)) for index in range(9))),
    generated_probability=0.123456,
    provenance=Provenance(
        (Fact("camera", "NIKON D90", "EXIF", "claimed", "photographed"),), ("it contradicts itself",)
    ),
)


def test_a_record_has_the_agreed_fields_first_and_is_json():
    record = json.loads(json.dumps(as_record(CRITIQUE)))

    assert record["description"] == describe(CRITIQUE)
    assert (record["mos"], record["low"], record["high"]) == (62.0, 55.0, 69.0)
    assert (record["brightness"], record["colorfulness"], record["contrast"]) == (50, 51, 52)
    assert (record["noisiness"], record["sharpness"]) == (20, 60)
    assert (record["generated_probability"], record["generated_reason"]) == (0.1235, None)
    assert (record["judge"], record["reason"]) == ("specialist", "")


def test_facts_and_contradictions_are_kept_apart_from_the_probability():
    found = as_record(CRITIQUE)["provenance"]

    assert found == {
        "origin": None,
        "trust": None,
        "facts": [
            {
                "topic": "camera",
                "value": "NIKON D90",
                "source": "EXIF",
                "trust": "claimed",
                "origin": "photographed",
            }
        ],
        "contradictions": ["it contradicts itself"],
    }


def test_the_map_is_three_rows_of_three():
    record = as_record(CRITIQUE)

    assert record["worst_place"] == "lower left"
    assert [[place["mos"] for place in row] for row in record["quality_map"]] == [
        [62, 62, 62],
        [62, 62, 62],
        [42, 62, 62],
    ]


def test_why_a_score_is_a_guess_is_told_and_null_of_others():
    assert as_record(CRITIQUE)["outside"] is None
    assert as_record(replace(CRITIQUE, outside="unlike"))["outside"] == "unlike"


def test_a_picture_that_was_not_judged_has_the_same_fields():
    record = without_critique("it is no picture")

    assert set(record) == set(as_record(CRITIQUE))
    assert record["reason"] == "it is no picture"
    assert {value for name, value in record.items() if name != "reason"} == {None}
