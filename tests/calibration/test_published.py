import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.profile import JndProfile, default_profile
from calibration.published import (
    cautious_profile,
    published_multiples,
    published_name,
    published_profile,
)
from calibration.published_table import COLUMNS, HUMAN_ROW, TABLE
from calibration.stimuli.registry import DISTORTIONS

SPELLINGS = {
    "gpt-4o": "GPT-4o",
    "openai/gpt-4o": "GPT-4o",
    "GPT-4o-2024-11-20": "GPT-4o",
    "gemini-2.0-flash": "Gemini 2.0 Flash",
    "models/gemini-2.0-flash-001": "Gemini 2.0 Flash",
    "google/gemini-2.0-flash-001": "Gemini 2.0 Flash",
    "gemini-1.5-pro": "Gemini 1.5 Pro",
    "qwen-vl-max": "Qwen-VL-Max",
    "qwen-vl-max-2024-11-19": "Qwen-VL-Max",
    "qwen2.5-vl-7b": "Qwen2.5-VL-7B",
    "Qwen/Qwen2.5-VL-7B-Instruct": "Qwen2.5-VL-7B",
    "qwen/qwen-2.5-vl-72b-instruct": "Qwen2.5-VL-72B",
    "qwen2.5vl:7b": "Qwen2.5-VL-7B",
    "Qwen/Qwen2-VL-2B-Instruct": "Qwen2-VL-2B",
    "llava-onevision-7b": "LLaVA-OV-7B",
    "llava-hf/llava-onevision-qwen2-7b-ov-hf": "LLaVA-OV-7B",
    "lmms-lab/llava-onevision-qwen2-0.5b-ov": "LLaVA-OV-0.5B",
    "internvl2.5-8b": "InternVL2.5-8B",
    "OpenGVLab/InternVL2_5-8B": "InternVL2.5-8B",
    "OpenGVLab/InternVL2_5-78B": "InternVL2.5-78B",
    "deepseek-ai/deepseek-vl2": "DeepSeek-VL2",
    "deepseek-vl2-tiny": "DeepSeek-VL2-Tiny",
    "SmolVLM-256M-Instruct": "SmolVLM-256M",
    "HuggingFaceTB/SmolVLM-256M-Instruct": "SmolVLM-256M",
}
STRANGERS = [
    "gpt-4o-mini",
    "gpt-4o-2024-08-06",
    "chatgpt-4o-latest",
    "gpt-4",
    "gemini-2.5-flash",
    "gemini-2.0-flash-lite",
    "gemini-2.0-pro",
    "qwen-vl-plus",
    "qwen3-vl-7b",
    "qwen2.5-vl",
    "qwen2.5-7b",
    "Qwen/Qwen2.5-VL-7B-Instruct-AWQ",
    "internvl3-8b",
    "OpenGVLab/InternVL2_5-8B-MPO",
    "internvl25-8b",
    "SmolVLM2-256M",
    "SmolVLM-500M-Instruct",
    "someone/gpt-4o",
    "deepseek-vl",
    "",
    "/",
    "default",
    "embedded",
]


@pytest.mark.parametrize(("spelling", "name"), SPELLINGS.items())
def test_a_model_is_found_under_what_its_users_write(spelling: str, name: str):
    assert published_name(spelling) == name
    assert published_profile(spelling).distortions == published_profile(name).distortions


@pytest.mark.parametrize("name", STRANGERS)
def test_a_relative_of_a_published_model_is_unknown(name: str):
    assert published_name(name) is published_profile(name) is cautious_profile(name) is None


@given(st.text(max_size=30))
def test_any_text_is_a_published_model_or_none(name: str):
    found = published_profile(name)

    assert found is None or published_name(name) in TABLE or name.strip().lower() == "human"


def test_all_twenty_models_are_there():
    assert len(TABLE) == 20
    assert all(published_profile(name).source == "published-prior" for name in TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_prior_is_what_the_paper_prints_however_people_were_measured_since(name: str):
    found = published_profile(name).distortions

    for column in COLUMNS:
        assert found[column].threshold == pytest.approx(TABLE[name][column], rel=1e-3)
        assert found[column].unit_value == DISTORTIONS[column].unit_value(found[column].threshold)
        assert found[column].low is found[column].high is found[column].false_alarm is None


def test_a_prior_tells_its_multiple_of_the_paper_s_people():
    gpt_4o = published_profile("gpt-4o")

    assert gpt_4o.distortions["noise"].reason == "published: 3.46 × the human JND"  # 7.76 / 2.24
    assert gpt_4o.details["multiples_of_human"]["contrast"] == pytest.approx(4.3743)  # 14.96 / 3.42
    assert gpt_4o.details["multiples_of_human"]["banding"] == pytest.approx(6.7642)  # 8.32 / 1.23


def test_cells_the_paper_prints_as_beyond_the_scale_are_censored():
    found = published_profile("deepseek-vl2-tiny").distortions

    assert found["blur"].status == found["jpeg"].status == found["banding"].status == "censored"
    assert found["blur"].threshold == 50
    assert found["jpeg"].threshold == 100
    assert found["saturation"].status == "assumed"  # 46.67 was printed


def test_people_are_a_row_like_any_other():
    human = published_profile("human")

    assert {name: found.threshold for name, found in human.distortions.items()} == {
        **HUMAN_ROW,
        "banding": 1.23,  # of the finest model, for want of a human figure
        "webp": 20.0,
        "rescale": 8.0,
        "png8": 5.0,
    }


def test_a_prior_survives_its_file():
    for profile in (published_profile("gpt-4o"), cautious_profile("smolvlm-256m")):
        assert JndProfile.from_json(profile.to_json()) == profile


@pytest.mark.parametrize("name", TABLE)
def test_delivery_is_never_finer_than_human_nor_much_coarser(name: str):
    human, found = published_profile("human").distortions, published_profile(name).distortions

    for delivery in ("webp", "rescale", "png8"):
        assert 1 <= found[delivery].threshold / human[delivery].threshold <= 2


def test_a_model_finer_than_people_keeps_its_finer_threshold():
    for profile in (published_profile("gpt-4o"), cautious_profile("gpt-4o")):
        assert profile.threshold_of("jpeg") == pytest.approx(41.28)
    assert published_multiples("gpt-4o")["jpeg"].value < 1


@pytest.mark.parametrize("name", [*TABLE, "human"])
def test_caution_never_raises_a_threshold(name: str):
    plain, cautious = published_profile(name), cautious_profile(name)

    for distortion in DISTORTIONS:
        assert cautious.threshold_of(distortion) <= plain.threshold_of(distortion)


def test_models_with_readable_replies_are_believed():
    assert cautious_profile("gpt-4o").distortions == published_profile("gpt-4o").distortions
    assert cautious_profile("gpt-4o").details["not_believed"] == {}


@pytest.mark.parametrize("name", ["SmolVLM-256M", "LLaVA-OV-0.5B", "DeepSeek-VL2-Tiny", "Qwen2-VL-7B"])
def test_blindness_read_off_malformed_replies_is_not_acted_on(name: str):
    human, cautious = default_profile(), cautious_profile(name)

    for distortion in ("blur", "jpeg", "noise", "webp", "rescale"):
        assert cautious.threshold_of(distortion) <= human.threshold_of(distortion)
    assert "malformed" in cautious.details["not_believed"]["jpeg"]


def test_a_mean_at_the_end_of_the_scale_is_not_acted_on():
    for name in ("qwen2.5-vl-72b", "gemini-1.5-pro", "qwen-vl-max"):
        assert cautious_profile(name).threshold_of("jpeg") == pytest.approx(59.59)
        assert cautious_profile(name).threshold_of("webp") == default_profile().threshold_of("webp")
    assert cautious_profile("qwen2.5-vl-72b").threshold_of("blur") == pytest.approx(2.87)
