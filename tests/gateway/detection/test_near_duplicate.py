import threading
from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png, encode_webp, resize
from calibration.profile import default_profile
from gateway.detection.near_duplicate import NearDuplicateDetector
from gateway.detection.protocol import Examined
from gateway.detection.remembered import remembered_form
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.seen_pictures import SeenPictures
from predictor.predict import Predictor


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def memory(clock):
    return SeenPictures(100, 60.0, clock)


def look(memory, predictor, encoded, tenant="a"):
    examined = Examined.by_itself(decode(encoded), encoded, default_profile())
    return NearDuplicateDetector(predictor, memory).examine(replace(examined, tenant=tenant))


def spotted(pixels, strength):
    rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    weight = np.exp(-((rows - 150) ** 2 + (columns - 200) ** 2) / (2 * 40.0**2))[..., None]
    return Image(
        np.clip(np.rint(pixels + weight * strength * np.array([1, 0.25, -1])), 0, 255).astype(np.uint8)
    )


def test_a_new_picture_and_its_exact_copies_tell_nothing(memory, predictor):
    image = Image(data.chelsea())

    assert look(memory, predictor, encode_png(image)) is None
    assert look(memory, predictor, encode_png(image)) is None
    assert len(memory) == 1


def test_a_slight_edit_of_a_known_picture_is_found_below_one_jnd(memory, predictor):
    look(memory, predictor, encode_png(Image(data.chelsea())))

    found = look(memory, predictor, encode_png(spotted(data.chelsea(), 3)))

    assert found.p_value <= 0.01
    assert found.jnd_ratio < 1
    assert "would not notice" in found.explanation


def test_an_edited_copy_never_becomes_the_original(memory, predictor):
    look(memory, predictor, encode_png(Image(data.chelsea())))
    edited = encode_png(spotted(data.chelsea(), 6))

    first, second = look(memory, predictor, edited), look(memory, predictor, edited)

    assert first == second
    assert first.p_value <= 0.01


def test_reencoded_and_resized_copies_are_not_edits(memory, predictor):
    image = Image(data.astronaut())
    look(memory, predictor, encode_png(image))

    for encoded in (
        encode_jpeg(image, 80),
        encode_webp(image, 80),
        encode_png(resize(image, 300, 300, "lanczos")),
        encode_jpeg(resize(image, 400, 400, "bicubic"), 85),
    ):
        assert look(memory, predictor, encoded).p_value > 0.01


def test_tenants_do_not_see_each_other(memory, predictor):
    look(memory, predictor, encode_png(Image(data.chelsea())), tenant="a")

    assert look(memory, predictor, encode_png(spotted(data.chelsea(), 6)), tenant="b") is None


def test_pictures_are_forgotten_after_their_time(memory, predictor, clock):
    look(memory, predictor, encode_png(Image(data.chelsea())))
    clock.now += 61

    assert look(memory, predictor, encode_png(spotted(data.chelsea(), 6))) is None
    assert len(memory) == 1


def test_many_threads_may_look_at_once(memory, predictor):
    rng = np.random.default_rng(0)
    pictures = [encode_png(Image(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))) for _ in range(6)]
    errors = []

    def work():
        try:
            for picture in pictures:
                look(memory, predictor, picture)
        except Exception as error:  # noqa: BLE001 (whatever it is, the test must see it)
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert len(memory) == 6


def screen(lines):
    pixels = np.full((400, 640, 3), 245, np.uint8)
    rng = np.random.default_rng(3)
    pixels[10:40] = (40, 80, 160)
    pixels[60:200, 420:600] = rng.integers(60, 200, (7, 9, 3), dtype=np.uint8).repeat(20, 0).repeat(20, 1)
    for line in range(lines):
        pixels[60 + 20 * line : 70 + 20 * line, 20 : 200 + 15 * line : 4] = 30
    return pixels


def noisy(pixels):
    noise = np.random.default_rng(0).choice([-4, 4], pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def test_screens_that_go_on_are_told_and_each_is_a_picture_of_its_own(memory, predictor):
    found = [look(memory, predictor, encode_png(Image(screen(lines)))) for lines in range(8, 14)]

    assert found[0] is None
    assert all(each.is_visible for each in found[1:])
    assert len(memory) == 6


def test_noise_beside_what_went_on_is_hidden_and_not_remembered(memory, predictor):
    for lines in (8, 9):
        look(memory, predictor, encode_png(Image(screen(lines))))

    found = look(memory, predictor, encode_png(Image(noisy(screen(10)))))

    assert found.p_value <= 0.01
    assert not found.is_visible
    assert found.is_attack
    assert len(memory) == 2


def test_of_successive_screens_the_latest_is_compared_with(memory, predictor):
    for lines in (8, 9):
        look(memory, predictor, encode_png(Image(screen(lines))))

    found = look(memory, predictor, encode_jpeg(Image(screen(9)), 90))

    assert found.p_value > 0.05


def with_caption(pixels):
    changed = pixels.copy()
    changed[-40:-20, 40:160] = 240
    return changed


def test_what_the_nearest_alone_lacks_and_an_earlier_one_showed_is_no_edit(memory, predictor):
    cat, retouched = data.chelsea(), spotted(with_caption(data.chelsea()), 5)
    for known in (Image(cat), retouched):
        encoded = encode_png(known)
        form = remembered_form(Examined.by_itself(decode(encoded), encoded, default_profile()))
        memory.remember("a", KeptPicture.of(form))

    found = look(memory, predictor, encode_png(Image(with_caption(cat))))
    hidden = look(memory, predictor, encode_png(Image(noisy(with_caption(cat)))))

    assert (found.p_value, found.is_attack) == (None, False)
    assert "was shown before" in found.explanation
    assert hidden.is_attack


def test_of_two_that_arrive_at_once_one_is_compared_with_the_other(memory, predictor):
    original, edited = encode_png(Image(data.astronaut())), encode_png(Image(noisy(data.astronaut())))

    class Meanwhile:
        """The memory as one thread sees it while another remembers: empty first."""

        asked = 0

        def alike(self, *question):
            self.asked += 1
            if self.asked == 1:
                look(memory, predictor, original)
                return []
            return memory.alike(*question)

        def remember(self, *told):
            memory.remember(*told)

    found = look(Meanwhile(), predictor, edited)

    assert found.is_attack


@pytest.mark.parametrize("is_reversed", [False, True])
def test_noise_is_found_whichever_comes_first(memory, predictor, is_reversed):
    order = [data.astronaut(), noisy(data.astronaut())][:: -1 if is_reversed else 1]

    found = [look(memory, predictor, encode_png(Image(pixels))) for pixels in order]

    assert found[1].is_attack
    assert ("rather the earlier one" in found[1].explanation) == is_reversed


def test_what_is_hidden_beside_screens_that_go_on_is_told_each_time(memory, predictor):
    def with_noise(lines):
        pixels = screen(lines).astype(int)
        pixels[260:380, 40:300] += np.random.default_rng(1).choice([-5, 5], (120, 260, 3))
        return np.clip(pixels, 0, 255).astype(np.uint8)

    screens = [screen(8), with_noise(9), with_noise(10), with_noise(9)]
    found = [look(memory, predictor, encode_png(Image(each))) for each in screens]

    assert all(each.p_value <= 0.01 and not each.is_visible for each in found[1:])
