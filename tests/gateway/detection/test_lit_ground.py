import cv2
import numpy as np
import pytest

from calibration.image import Image, decode, encode_jpeg
from gateway.detection.lit_ground import beside_light

EVERYWHERE = np.ones((24, 200), dtype=np.bool_)
SEEN = 2.5  # grey levels: what highlights leave out of a light is more


def row(ground: int = 34, ink: tuple[int, int, int] = (220, 180, 90)) -> np.ndarray:
    pixels = np.full((24, 200, 3), ground, np.uint8)
    cv2.putText(pixels, "06 to the harbour master", (6, 16), 0, 0.4, ink, 1, cv2.LINE_AA)
    return pixels


def plated(ground: int = 34) -> np.ndarray:
    pixels = row(ground)
    pixels[6:18, 4:80] = 170
    return pixels


def code(cell: int) -> np.ndarray:
    cells = np.random.default_rng(0).choice([-1.0, 1.0], (24 // cell + 1, 200 // cell + 1))
    return np.kron(cells, np.ones((cell, cell)))[:24, :200, None]


def left(before: np.ndarray, after: np.ndarray) -> np.ndarray | None:
    return beside_light(before.astype(np.float32), after.astype(np.float32), EVERYWHERE)


@pytest.mark.parametrize("light", [-6, 7, 15])
def test_ground_that_is_lit_beneath_letters_is_one_light(light):
    found = left(row(), row(34 + light))

    assert found is not None
    assert found.max() <= SEEN


def test_so_it_is_after_jpeg():
    stored = [decode(encode_jpeg(Image(each), 80)).image.pixels for each in (row(), row(41))]

    found = left(*stored)

    assert found is not None
    assert (found <= SEEN).mean() > 0.9


def test_a_plate_on_the_ground_may_keep_its_colour():
    found = left(plated(), plated(49))

    assert found is not None
    assert found.max() <= SEEN


def test_a_gradient_that_moves_is_one_light():
    ramp = 6 * np.sin(np.linspace(0, 3, 200))[:, None]

    found = left(row(70), np.rint(row(70) + ramp))

    assert found is not None
    assert found.max() <= SEEN


@pytest.mark.parametrize("cell", [1, 2, 4, 8])
@pytest.mark.parametrize("levels", [2, 3, 4, 8])
def test_a_code_within_the_light_is_none(cell, levels):
    assert left(row(), row(42) + levels * code(cell)) is None
    assert left(row() + levels * code(cell), row(42)) is None


def test_a_code_that_only_takes_the_light_away_in_places_is_none():
    assert left(row(), np.where(code(4) > 0, row(), row(41))) is None


def test_a_code_on_a_plate_is_not_of_the_light():
    hidden = plated(49).astype(np.float32)
    hidden[6:18, 4:80] += 5 + 5 * code(4)[6:18, 4:80]

    found = left(plated(), hidden)

    assert found is None or (found[8:16, 8:76] > SEEN).mean() > 0.3


def test_letters_may_not_change_by_more_than_the_light():
    is_ink = np.abs(row().astype(int) - 34).max(axis=2) > 60
    hidden = row(41).astype(np.float32)
    hidden[is_ink] += 12 * code(1)[is_ink]

    found = left(row(), hidden)

    assert found is None or (found[is_ink] > SEEN).all()


def test_texture_hides_no_code_behind_a_lit_half():
    texture = np.full((24, 200, 3), 100.0)
    texture[:, 120:] += np.random.default_rng(1).choice([-60.0, 60.0], (24, 80, 1))
    hidden = texture + 8
    hidden[:, 120:] += 4 * code(4)[:, 120:] - 4

    found = left(texture, hidden)

    assert found is None or (found[:, 130:190] > SEEN).mean() > 0.3


def test_a_texture_has_no_ground():
    texture = np.random.default_rng(1).uniform(0, 255, (24, 200, 3))

    assert left(texture, texture + 4 + 4 * code(2)) is None


def test_a_soft_retouch_is_no_light_though_a_surface_fits_it():
    rows, columns = np.mgrid[-1:1:60j, -1:1:60j]
    blot = 9 * np.clip(1.5 - 1.5 * np.hypot(rows, columns), 0, 1)[..., None]
    before = np.full((60, 60, 3), 200, np.float32)

    assert beside_light(before, np.rint(before + blot).astype(np.float32), blot[..., 0] > 2) is None
