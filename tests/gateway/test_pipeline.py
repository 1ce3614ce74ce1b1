import pytest

from calibration.image import ImageError, decode
from gateway.settings import Settings

ASK = {"model": "m", "tenant": "t"}


def test_image_goes_all_the_way(make_pipeline, png):
    outcome = make_pipeline().process(png, "image/png", **ASK)

    assert outcome.verdict.outcome == "clean"
    assert outcome.plan is not None
    assert outcome.bytes_in == len(png) > outcome.bytes_out
    assert outcome.media_type == "image/jpeg" == decode(outcome.data).source.media_type
    assert min(outcome.timings.decode, outcome.timings.inspect, outcome.timings.compress) > 0


def test_same_image_gives_the_same_bytes_in_every_process(make_pipeline, png):
    first, second = make_pipeline(), make_pipeline()

    assert first.process(png, "image/png", **ASK).data == second.process(png, "image/png", **ASK).data


def test_image_seen_before_is_not_worked_on_again(make_pipeline, inspector, png):
    pipeline = make_pipeline()

    first = pipeline.process(png, "image/png", **ASK)
    again = pipeline.process(png, "image/png", **ASK)

    assert len(inspector.tenants) == 1
    assert again.data == first.data
    assert again.timings.decode == 0


@pytest.mark.parametrize("change", [{"model": "other"}, {"tenant": "other"}])
def test_another_model_or_caller_is_judged_anew(make_pipeline, inspector, png, change):
    pipeline = make_pipeline()

    pipeline.process(png, "image/png", **ASK)
    pipeline.process(png, "image/png", **(ASK | change))

    assert len(inspector.tenants) == 2


def test_blocked_image_is_not_compressed(make_pipeline, inspector, png):
    inspector.outcome = "imperceptible_edit"

    outcome = make_pipeline(Settings(policy={"mode": "block"})).process(png, "image/png", **ASK)

    assert outcome.action == "block"
    assert outcome.plan is None
    assert outcome.data == png


def test_limits_are_kept(make_pipeline, png):
    pipeline = make_pipeline(Settings(limits={"max_pixels": 100}))

    with pytest.raises(ImageError) as caught:
        pipeline.process(png, "image/png", **ASK)

    assert caught.value.reason == "too_many_pixels"


def test_unregistered_but_common_media_type_is_no_mismatch(make_pipeline, png):
    jpeg = make_pipeline().process(png, "image/png", **ASK).data

    assert make_pipeline().process(jpeg, "image/jpg", **ASK).reason == ""
    assert make_pipeline().process(jpeg, "image/png", **ASK).reason == "media_type_mismatch"


def test_image_no_detector_could_examine_says_so(make_pipeline, inspector, png):
    inspector.outcome = "unchecked"

    assert make_pipeline().process(png, "image/png", **ASK).reason == "not_examined"
