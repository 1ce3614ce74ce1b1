import numpy as np

from calibration.observers.embedded.scenes import (
    ANSWER_WORDS,
    COLOR_PROMPT,
    COLORS,
    PARAPHRASES,
    dominant_color,
    sample_scene,
)


def test_every_scene_asks_known_questions_with_known_answers():
    rng = np.random.default_rng(0)

    for scene in (sample_scene(rng) for _ in range(200)):
        assert scene.pixels.shape == (96, 96, 3)
        assert scene.pixels.dtype == np.uint8
        assert scene.questions
        for question, answer in scene.questions:
            assert question in PARAPHRASES
            assert answer in ANSWER_WORDS


def test_a_seed_fixes_the_scenes():
    first, second = (sample_scene(np.random.default_rng(5)) for _ in range(2))

    assert first.questions == second.questions
    assert np.array_equal(first.pixels, second.pixels)


def test_the_dominant_color_of_a_flat_field_is_its_own():
    for name, color in COLORS.items():
        field = np.full((96, 96, 3), color, np.uint8)

        assert dominant_color(field) == name


def test_a_picture_split_in_two_colors_has_no_dominant_one():
    field = np.full((96, 96, 3), COLORS["red"], np.uint8)
    field[:, 48:] = COLORS["blue"]

    assert dominant_color(field) is None


def test_photographs_are_asked_about_color_and_light_only():
    red = np.full((96, 96, 3), COLORS["red"], np.uint8)
    rng = np.random.default_rng(0)

    photographed = [
        scene for scene in (sample_scene(rng, [red]) for _ in range(100)) if np.array_equal(scene.pixels, red)
    ]

    assert photographed
    assert all(scene.questions[0] == (COLOR_PROMPT, "red") for scene in photographed)
