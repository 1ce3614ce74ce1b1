import pytest

from calibration.published_table import COLUMNS, HUMAN_ROW, TABLE, end_of_scale

# As printed beside the cells; the paper's average of Qwen-VL-Max is .02 off its own cells.
PRINTED_AVERAGES = {
    "SmolVLM-256M": 38.92,
    "Qwen2.5-VL-72B": 23.96,
    "Qwen2.5-VL-7B": 29.02,
    "Qwen2.5-VL-3B": 29.83,
    "DeepSeek-VL2": 33.65,
    "DeepSeek-VL2-Small": 32.23,
    "DeepSeek-VL2-Tiny": 58.05,
    "InternVL2.5-78B": 18.87,
    "InternVL2.5-38B": 17.88,
    "InternVL2.5-8B": 24.07,
    "Qwen2-VL-72B": 26.22,
    "Qwen2-VL-7B": 33.94,
    "Qwen2-VL-2B": 42.77,
    "LLaVA-OV-72B": 24.00,
    "LLaVA-OV-7B": 55.11,
    "LLaVA-OV-0.5B": 55.44,
    "GPT-4o": 13.18,
    "Gemini 2.0 Flash": 12.73,
    "Gemini 1.5 Pro": 21.84,
    "Qwen-VL-Max": 25.07,
}


def test_every_row_has_the_average_printed_beside_it():
    assert set(TABLE) == set(PRINTED_AVERAGES)
    for model, row in TABLE.items():
        slack = 0.025 if model == "Qwen-VL-Max" else 0.01
        assert sum(row.values()) / 12 == pytest.approx(PRINTED_AVERAGES[model], abs=slack), model


def test_the_ranks_printed_beside_the_rows_follow_from_them():
    by_average = sorted(TABLE, key=lambda model: sum(TABLE[model].values()))

    assert by_average[:5] == [
        "Gemini 2.0 Flash",
        "GPT-4o",
        "InternVL2.5-38B",
        "InternVL2.5-78B",
        "Gemini 1.5 Pro",
    ]
    assert by_average[-3:] == ["LLaVA-OV-7B", "LLaVA-OV-0.5B", "DeepSeek-VL2-Tiny"]


def test_every_cell_lies_on_its_scale():
    for row in (*TABLE.values(), HUMAN_ROW):
        assert all(0 < level <= end_of_scale(column) for column, level in row.items())


def test_people_have_every_column_but_banding():
    assert set(COLUMNS) - set(HUMAN_ROW) == {"banding"}
