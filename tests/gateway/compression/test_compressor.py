import io
import json
import math
import shutil
import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from skimage import data as pictures
from sklearn.datasets import load_sample_image

from calibration.encoders import WEBP, Encoder
from calibration.image import (
    Decoded,
    Image,
    decode,
    encode_jpeg,
    encode_png,
    encode_webp,
    encode_webp_lossless,
    quantize_palette,
    resize,
)
from calibration.known_profiles import resolve_profile
from calibration.metadata import Metadata, attach, read_metadata
from calibration.profile import JndProfile
from gateway.compression.compressor import Compressor, Tier
from gateway.compression.shown_size import STABLE
from gateway.providers.limits import LAST_STEP, STEP_BYTES
from gateway.providers.rules import Recipient, load_rules
from predictor.artifact import default_directory
from predictor.predict import Predictor
from tests.gateway.compression.test_text_forms import screen

RULES = load_rules()
PHOTO = Image(load_sample_image("china.jpg").copy())
CAMERA = encode_jpeg(resize(PHOTO, 1280, 854), 95)
SOFT = encode_jpeg(resize(resize(PHOTO, 150, 100), 720, 480), 95)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load()


@pytest.fixture(scope="module")
def embedded() -> JndProfile:
    return resolve_profile("embedded")


@pytest.fixture(scope="module")
def dull(embedded: JndProfile) -> JndProfile:
    return replace(
        embedded,
        distortions={
            name: replace(found, threshold=5 * (found.threshold or 1.0))
            for name, found in embedded.distortions.items()
        },
    )


def compressor(predictor: Predictor, tier: Tier = "faithful", **options: Any) -> Compressor:
    return Compressor(predictor, RULES, tier, **options)


@dataclass(frozen=True)
class Forecast:
    """Allows the same size and qualities whatever is asked."""

    short_side: int
    jpeg: int
    webp: int

    def least_short_side(self, _probability: float) -> int:
        return self.short_side

    def size_probability(self, _short_side: int) -> float:
        return 0.0

    def knows(self, codec: str) -> bool:
        return codec in {"jpeg", "webp"}

    def quality(self, codec: str, _short_side: int, _probability: float) -> int:
        return {"jpeg": self.jpeg, "webp": self.webp}[codec]


class ForecastingPredictor:
    """Judges pairs as the real one does, and forecasts what it was told to."""

    has_thresholds = True

    def __init__(self, judge: Predictor, forecast: Forecast) -> None:
        self.against = judge.against
        self.forecast = lambda _image, _profile: forecast


def test_a_camera_jpeg_gets_much_lighter_within_the_limit(predictor: Predictor, dull: JndProfile):
    decoded = decode(CAMERA)

    out, plan = compressor(predictor).compress(decoded, CAMERA, dull, Recipient("embedded", "embedded"))

    assert len(out) == plan.bytes_out < plan.bytes_in / 2
    assert plan.bytes_in == len(CAMERA)
    assert plan.probability <= 0.05
    assert plan.tier == "faithful"
    assert plan.reason == ""


def test_the_plan_describes_the_bytes(predictor: Predictor, dull: JndProfile):
    decoded = decode(CAMERA)

    out, plan = compressor(predictor).compress(decoded, CAMERA, dull, Recipient("embedded", "embedded"))

    sent = decode(out)
    assert (sent.source.format, sent.image.width, sent.image.height) == (plan.format, plan.width, plan.height)
    judged = predictor.notice(decoded.image, sent.image, dull)
    assert predictor.excess(judged, dull) == pytest.approx(plan.probability, abs=1e-9)


def test_the_same_bytes_give_the_same_bytes(predictor: Predictor, embedded: JndProfile):
    first = compressor(predictor).compress(
        decode(CAMERA), CAMERA, embedded, Recipient("embedded", "embedded")
    )
    second = compressor(predictor).compress(
        decode(CAMERA), CAMERA, embedded, Recipient("embedded", "embedded")
    )

    assert first == second


def test_lean_is_no_heavier_than_faithful(predictor: Predictor, dull: JndProfile):
    sizes = [
        len(compressor(predictor, tier).compress(decode(CAMERA), CAMERA, dull, Recipient("embedded", "x"))[0])
        for tier in ("faithful", "lean")
    ]

    assert sizes[1] <= sizes[0]


def test_exact_keeps_every_pixel_of_a_png(predictor: Predictor, embedded: JndProfile):
    png = encode_png(PHOTO)

    out, plan = compressor(predictor, "exact").compress(
        decode(png), png, embedded, Recipient("openai", "gpt-4o")
    )

    assert (plan.format, plan.quality, plan.tier) == ("webp", None, "exact")
    assert len(out) < len(png)
    assert np.array_equal(decode(out).image.pixels, PHOTO.pixels)


def test_exact_keeps_every_pixel_of_a_jpeg(predictor: Predictor, embedded: JndProfile):
    out, plan = compressor(predictor, "exact").compress(
        decode(CAMERA), CAMERA, embedded, Recipient("openai", "gpt-4o")
    )

    assert np.array_equal(decode(out).image.pixels, decode(CAMERA).image.pixels)
    assert len(out) < len(CAMERA) or plan.left_alone == "light_already"


def test_webp_goes_only_to_those_who_take_it(predictor: Predictor, dull: JndProfile):
    png = encode_png(PHOTO)

    _, plan = compressor(predictor).compress(decode(png), png, dull, Recipient("llamacpp", "x"))

    assert plan.format == "jpeg"


def test_a_server_nobody_knows_gets_only_the_format_it_was_sent(predictor: Predictor, dull: JndProfile):
    png = encode_png(PHOTO)

    out, plan = compressor(predictor).compress(decode(png), png, dull, Recipient("other", "x"))
    _, of_jpeg = compressor(predictor).compress(decode(CAMERA), CAMERA, dull, Recipient("other", "x"))

    assert (plan.format, plan.tier, plan.left_alone) == ("png", "exact", "")
    assert len(out) < len(png)
    assert np.array_equal(decode(out).image.pixels, PHOTO.pixels)
    assert of_jpeg.format == "jpeg"
    assert of_jpeg.bytes_out < of_jpeg.bytes_in


def test_for_a_blind_model_no_side_falls_below_its_input_and_no_quality_below_30(
    predictor: Predictor, embedded: JndProfile
):
    blind = replace(
        embedded,
        distortions={
            name: replace(found, threshold=1e6, status="measured")
            for name, found in embedded.distortions.items()
        },
    )
    careless = ForecastingPredictor(predictor, Forecast(1, 1, 1))
    small = encode_jpeg(resize(PHOTO, 300, 200), 95)

    _, plan = compressor(careless).compress(decode(small), small, blind, Recipient("embedded", "embedded"))

    assert 96 <= min(plan.width, plan.height) < 200
    assert plan.quality == 30


def test_a_model_of_unknown_input_keeps_what_its_provider_shows_it(predictor: Predictor):
    unknown = resolve_profile("gpt-4o")

    _, plan = compressor(predictor).compress(decode(CAMERA), CAMERA, unknown, Recipient("openai", "gpt-4o"))

    seen = RULES.seen("openai", "gpt-4o", 1280, 854)
    assert plan.width >= seen.width
    assert plan.tokens_out <= plan.tokens_in


@pytest.mark.parametrize(
    ("tier", "is_framed", "saves"), [("lean", False, True), ("lean", True, False), ("faithful", False, False)]
)
def test_lean_alone_goes_below_the_size_shown_unless_coordinates_are_told(
    predictor: Predictor, tier: Tier, is_framed: bool, saves: bool
):
    recipient = Recipient("anthropic", "claude-sonnet-4-5", is_framed=is_framed)

    out, plan = compressor(predictor, tier).compress(
        decode(SOFT), SOFT, resolve_profile("claude-sonnet-4-5"), recipient
    )

    assert len(out) < len(SOFT)
    assert (plan.tokens_out < 0.8 * plan.tokens_in) is saves
    assert (plan.tokens_out == plan.tokens_in) is not saves
    assert decode(out).image.width == plan.width


def test_lean_is_gentle_to_what_keeps_its_size(predictor: Predictor):
    recipient = Recipient("anthropic", "claude-sonnet-4-5")
    sharp = encode_jpeg(PHOTO, 98)

    _, plan = compressor(predictor, "lean").compress(
        decode(sharp), sharp, resolve_profile("claude-sonnet-4-5"), recipient
    )

    assert (plan.width, plan.height) == (PHOTO.width, PHOTO.height)
    assert plan.quality is not None
    assert plan.quality >= STABLE["webp"]


def test_a_picture_that_a_gentle_codec_would_make_heavier_keeps_its_size(predictor: Predictor):
    rough = encode_jpeg(decode(SOFT).image, 10)
    recipient = Recipient("anthropic", "claude-sonnet-4-5")

    out, plan = compressor(predictor, "lean").compress(
        decode(rough), rough, resolve_profile("claude-sonnet-4-5"), recipient
    )

    assert len(out) <= len(rough)
    assert plan.tokens_out == plan.tokens_in


def test_a_keen_model_gets_the_image_as_it_is(predictor: Predictor, embedded: JndProfile):
    keen = replace(
        embedded,
        distortions={
            name: replace(found, threshold=1e-6, status="measured")
            for name, found in embedded.distortions.items()
        },
    )

    out, plan = compressor(predictor).compress(
        decode(CAMERA), CAMERA, keen, Recipient("embedded", "embedded")
    )

    assert np.array_equal(decode(out).image.pixels, decode(CAMERA).image.pixels)
    assert plan.tier == "exact"


def test_the_highest_quality_is_tried_where_the_forecast_lies_above_it(
    predictor: Predictor, embedded: JndProfile
):
    keen = replace(
        embedded,
        distortions={
            name: replace(found, threshold=1e-6, status="measured")
            for name, found in embedded.distortions.items()
        },
    )
    decoded = decode(encode_jpeg(Image(np.full((96, 96, 3), 128, np.uint8)), 100))
    padded = bytes(20_000)  # what the source weighs: JPEG keeps a flat picture as it is at any quality

    _, plan = compressor(predictor).compress(decoded, padded, keen, Recipient("nobody", "x"))

    assert predictor.forecast(decoded.image, keen).quality("jpeg", 96, 0.025) > 95
    assert (plan.format, plan.reason) == ("jpeg", "")


def test_a_tiny_image_never_grows(predictor: Predictor, embedded: JndProfile):
    tiny = encode_webp_lossless(Image(np.zeros((1, 1, 3), np.uint8)))

    out, plan = compressor(predictor).compress(
        decode(tiny), tiny, embedded, Recipient("embedded", "embedded")
    )

    assert len(out) <= len(tiny)
    assert plan.bytes_out == len(out)


@pytest.mark.parametrize("size", [(1, 3000), (3000, 1), (2, 2), (97, 95)])
def test_odd_shapes_are_handled(predictor: Predictor, embedded: JndProfile, size: tuple[int, int]):
    noise = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    png = encode_png(Image(noise))

    out, plan = compressor(predictor).compress(decode(png), png, embedded, Recipient("embedded", "embedded"))

    assert len(out) == plan.bytes_out <= len(png)


@pytest.mark.parametrize(("height", "width"), [(10_000, 1), (1, 10_000), (9000, 2), (3000, 5), (2, 17_000)])
def test_thin_pictures_are_handled_for_a_model_of_unknown_input(
    predictor: Predictor, height: int, width: int
):
    noise = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    png = encode_png(Image(noise))

    out, plan = compressor(predictor).compress(
        decode(png), png, resolve_profile("gpt-4o"), Recipient("openai", "gpt-4o")
    )

    assert len(out) == plan.bytes_out <= len(png)


@pytest.mark.parametrize("field", [{"frames": 3, "format": "gif"}, {"is_repaired": True}])
def test_what_a_rewrite_would_lose_is_left_alone(
    predictor: Predictor, embedded: JndProfile, field: dict[str, object]
):
    decoded = decode(CAMERA)
    special = Decoded(decoded.image, replace(decoded.source, **field))

    out, plan = compressor(predictor).compress(special, CAMERA, embedded, Recipient("embedded", "embedded"))

    assert out == CAMERA
    assert plan.left_alone in ("animation", "repaired")


def test_a_screen_of_text_is_compared_losslessly_too(predictor: Predictor, embedded: JndProfile):
    page = Image(np.repeat(pictures.page()[..., None], 3, axis=2))
    png = encode_png(page)

    out, plan = compressor(predictor).compress(decode(png), png, embedded, Recipient("openai", "embedded"))

    assert plan.bytes_out < plan.bytes_in
    assert plan.probability <= 0.05
    assert len(out) == plan.bytes_out


def test_a_large_screen_sent_as_it_is_shown_is_not_called_exact(predictor: Predictor):
    png = encode_png(screen(2400, 1600))

    out, plan = compressor(predictor).compress(
        decode(png), png, resolve_profile("x"), Recipient("anthropic", "claude-sonnet-4-5")
    )

    assert (plan.quality, plan.tier, plan.probability) == (None, "faithful", 0.0)
    assert decode(out).image.width == plan.width < 2400


def test_nothing_is_sent_below_what_the_predictor_forecasts(predictor: Predictor, dull: JndProfile):
    plans = []
    for forecast in (Forecast(1, 1, 1), Forecast(640, 80, 85)):
        _, plan = compressor(ForecastingPredictor(predictor, forecast)).compress(
            decode(CAMERA), CAMERA, dull, Recipient("embedded", "embedded")
        )
        plans.append(plan)

    free, bound = plans
    assert free.height < 640
    assert free.quality < 80
    assert bound.reason == ""
    assert bound.height >= 640
    assert bound.quality >= {"jpeg": 80, "webp": 85}[bound.format]


def test_an_artifact_without_thresholds_still_compresses(dull: JndProfile, tmp_path: Path):
    artifact = Path(shutil.copytree(default_directory(), tmp_path / "artifact"))
    card = json.loads((artifact / "card.json").read_text())
    del card["parts"]["thresholds"]
    (artifact / "card.json").write_text(json.dumps(card))

    _, plan = compressor(Predictor.load(artifact)).compress(
        decode(CAMERA), CAMERA, dull, Recipient("embedded", "x")
    )

    assert plan.probability <= 0.05
    assert plan.bytes_out < plan.bytes_in / 2


def test_a_codec_of_ones_own_is_one_entry_of_the_table(predictor: Predictor, dull: JndProfile):
    few_colours = Encoder(
        "png8", "png", (30, 60, 90), lambda image, level: _palette(image, level or 90), longest_side=10_000
    )
    tried = compressor(predictor, encoders=(few_colours,), max_probability=0.9, tier="lean")
    source = encode_png(decode(CAMERA).image)

    out, plan = tried.compress(decode(source), source, dull, Recipient("openai", "embedded"))

    assert (plan.format, decode(out).source.format) == ("png", "png")
    assert plan.quality in {30, 60, 90}
    assert plan.bytes_out < plan.bytes_in


def test_a_codec_the_provider_does_not_take_is_not_used(predictor: Predictor, dull: JndProfile):
    alone = compressor(predictor, encoders=(WEBP,))

    _, plan = alone.compress(decode(CAMERA), CAMERA, dull, Recipient("other", "embedded"))

    assert plan.format == "jpeg"
    assert plan.quality is None


def _palette(image: Image, level: int) -> bytes:
    return encode_png(quantize_palette(image, 2 * level))


@pytest.mark.parametrize(
    "error",
    [
        ValueError("too wide"),
        OSError("no space"),
        MemoryError(),
        RuntimeError(),
        ZeroDivisionError(),
        IndexError(),
        TypeError(),
        AssertionError(),
        SystemError("tile cannot extend outside image"),
        struct.error("argument out of range"),
        zlib.error("incorrect header check"),
    ],
)
def test_an_encoder_that_fails_leaves_the_picture_as_it_is(predictor: Predictor, error: Exception):
    def fail(_image: Image, _quality: int | None) -> bytes:
        raise error

    broken = Encoder("jpeg", "jpeg", (80,), fail, longest_side=10_000)
    alone = compressor(predictor, encoders=(broken,))

    out, plan = alone.compress(decode(CAMERA), CAMERA, resolve_profile("x"), Recipient("openai", "gpt-4o"))

    assert out == CAMERA
    assert (plan.left_alone, plan.reason) == ("failed", "it could not be encoded")


@pytest.mark.parametrize("size", [(8100, 1000), (1280, 8500)])
@pytest.mark.parametrize("tier", ["exact", "faithful"])
def test_a_picture_that_is_refused_is_brought_inside(predictor: Predictor, tier: Tier, size: tuple[int, int]):
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    stripes = np.stack([rows // 9 % 251, columns // 7 % 241, rows // 5 % 239], axis=2).astype(np.uint8)
    data = encode_jpeg(Image(stripes), 95)

    out, plan = compressor(predictor, tier).compress(
        decode(data), data, resolve_profile("x"), Recipient("anthropic", "claude-sonnet-4-5")
    )

    assert max(plan.width, plan.height) <= 8000
    assert decode(out).image.width == plan.width


def test_base64_is_counted_where_the_provider_counts_it(predictor: Predictor):
    pixels = np.random.default_rng(0).integers(0, 256, (1100, 1500, 3), dtype=np.uint8)
    data = encode_png(Image(pixels))  # 4.95 MB: above 5 MiB as base64 alone
    claude = Recipient("anthropic", "claude-sonnet-4-5")
    assert len(data) < 5 * 2**20 < len(data) * 4 / 3

    out, plan = compressor(predictor, "exact").compress(decode(data), data, resolve_profile("x"), claude)

    assert len(out) * 4 / 3 <= 5 * 2**20
    assert (plan.left_alone, plan.exceeds) == ("", ())


@pytest.mark.parametrize("step", range(1, LAST_STEP + 1))
@pytest.mark.parametrize("model", ["x", "embedded"])
def test_a_step_of_limits_bounds_the_bytes(predictor: Predictor, step: int, model: str):
    recipient = Recipient("embedded", model, limit_step=step)

    out, plan = compressor(predictor).compress(decode(CAMERA), CAMERA, resolve_profile(model), recipient)

    assert len(out) == plan.bytes_out <= STEP_BYTES[step - 1]
    assert plan.exceeds == ()


def _animation(*, is_transparent: bool = False) -> bytes:
    frames = [PillowImage.fromarray(resize(PHOTO, 96, 64).pixels).quantize(64)]
    frames.append(frames[0].transpose(PillowImage.Transpose.FLIP_LEFT_RIGHT))
    buffer = io.BytesIO()
    options = {"transparency": 0, "disposal": 2} if is_transparent else {}
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], **options)
    return buffer.getvalue()


@pytest.mark.parametrize("tier", ["exact", "faithful"])
@pytest.mark.parametrize(
    ("provider", "model"), [("gemini", "gemini-3-pro"), ("gemini", "gemini-2.5-flash"), ("openai", "gpt-4o")]
)
def test_an_animation_that_is_refused_becomes_its_first_frame(
    predictor: Predictor, tier: Tier, provider: str, model: str
):
    gif = _animation()
    came = decode(gif)

    out, plan = compressor(predictor, tier).compress(
        came, gif, resolve_profile("x"), Recipient(provider, model)
    )

    still = decode(out)
    assert (still.source.format, still.source.frames) == (plan.format, 1)
    assert plan.format in {"webp", "png"}
    assert np.array_equal(still.image.pixels, came.image.pixels)
    assert (plan.left_behind, plan.exceeds) == (("animation",), ())


def test_a_refused_picture_is_sent_as_it_was_looked_at(predictor: Predictor):
    gif = _animation(is_transparent=True)
    came = decode(gif)
    assert came.source.has_alpha

    out, plan = compressor(predictor).compress(
        came, gif, resolve_profile("x"), Recipient("gemini", "gemini-3-pro")
    )

    assert np.array_equal(decode(out).image.pixels, came.image.pixels)
    assert (decode(out).source.has_alpha, plan.left_behind) == (True, ("animation",))


def test_an_animation_that_is_accepted_is_left_alone(predictor: Predictor):
    gif = _animation()

    out, plan = compressor(predictor).compress(
        decode(gif), gif, resolve_profile("x"), Recipient("anthropic", "claude-sonnet-4-5")
    )

    assert (out, plan.left_alone, plan.exceeds) == (gif, "animation", ())


@pytest.mark.parametrize("tier", ["exact", "faithful"])
def test_a_format_that_is_refused_is_not_sent(predictor: Predictor, tier: Tier):
    webp = encode_webp(resize(PHOTO, 320, 200), 80)

    out, plan = compressor(predictor, tier).compress(
        decode(webp), webp, resolve_profile("x"), Recipient("xai", "grok-4")
    )

    assert decode(out).source.format == plan.format == ("png" if tier == "exact" else "jpeg")
    assert plan.exceeds == ()


def test_a_refused_format_that_cannot_be_replaced_is_told(predictor: Predictor):
    gif = _animation()
    came = decode(gif)
    broken = replace(came, source=replace(came.source, is_repaired=True))

    out, plan = compressor(predictor).compress(
        broken, gif, resolve_profile("x"), Recipient("gemini", "gemini-3-pro")
    )

    assert (out, plan.left_alone, plan.exceeds) == (gif, "repaired", ("format",))


def test_an_aspect_that_is_refused_is_a_reason_of_its_own(predictor: Predictor):
    thin = encode_jpeg(Image(np.full((8, 1608, 3), 90, np.uint8)), 90)

    out, plan = compressor(predictor).compress(
        decode(thin), thin, resolve_profile("x"), Recipient("qwen", "qwen3-vl-plus")
    )

    assert (out, plan.left_alone, plan.exceeds) == (thin, "limit", ("aspect",))


def test_what_is_left_alone_says_which_limit_it_exceeds(predictor: Predictor):
    data = encode_jpeg(Image(np.full((12, 8100, 3), 90, np.uint8)), 90)
    came = decode(data)
    broken = replace(came, source=replace(came.source, is_repaired=True))

    out, plan = compressor(predictor).compress(
        broken, data, resolve_profile("x"), Recipient("anthropic", "claude-sonnet-4-5")
    )

    assert (out, plan.left_alone, plan.exceeds) == (data, "repaired", ("side",))


def test_a_transparent_picture_that_is_refused_is_brought_inside_transparent(predictor: Predictor):
    buffer = io.BytesIO()
    PillowImage.new("RGBA", (8100, 40), (200, 30, 30, 0)).save(buffer, "PNG")
    data = buffer.getvalue()

    out, plan = compressor(predictor).compress(
        decode(data), data, resolve_profile("x"), Recipient("anthropic", "claude-sonnet-4-5")
    )

    assert decode(out).source.has_alpha
    assert plan.width <= 8000
    assert (plan.left_behind, plan.exceeds) == ((), ())


@pytest.mark.slow
def test_thirty_thousand_patches_are_the_most_that_is_sent(predictor: Predictor):
    data = encode_jpeg(Image(np.full((5664, 5664, 3), 120, np.uint8)), 90)
    newest = Recipient("openai", "gpt-5.6")

    _, plan = compressor(predictor).compress(decode(data), data, resolve_profile("x"), newest)

    assert math.ceil(plan.width / 32) * math.ceil(plan.height / 32) <= 30_000
    assert plan.exceeds == ()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_travels_along(predictor: Predictor, orientation: int):
    turned = attach(CAMERA, Metadata(orientation=orientation, profile=None, png_colour=()))
    alone = compressor(predictor, max_probability=0.99, tier="lean")

    out, plan = alone.compress(
        decode(turned), turned, resolve_profile("x"), Recipient("anthropic", "claude-sonnet-4-5")
    )

    assert (plan.left_alone, read_metadata(out).orientation) == ("", orientation)
    assert (decode(out).image.width, decode(out).image.height) == (plan.width, plan.height)
    assert len(out) < 0.8 * len(turned)
