from gateway.detection.verdict import Verdict, unchecked
from gateway.pipeline import ImageOutcome
from gateway.relay.exchange import Exchange


def exchange() -> Exchange:
    return Exchange("openai_chat", "openai", "/v1/chat/completions")


def outcome(verdict: Verdict, reason: str = "") -> ImageOutcome:
    return ImageOutcome(b"123", "image/png", bytes_in=10, verdict=verdict, reason=reason)


def test_a_request_without_images_has_verdict_none_once_someone_looked():
    found = exchange()
    assert found.verdict == ""

    found.is_looked_at = True

    assert found.verdict == "none"


def test_a_body_not_looked_into_is_unchecked_though_it_has_no_image():
    found = exchange()
    found.unchecked = "bypass"

    assert found.verdict == "unchecked"


def test_the_gravest_image_speaks_for_all():
    found = exchange()
    flagged = Verdict("imperceptible_edit", 0.001, 0.25, (), "hidden")
    found.outcomes = (outcome(unchecked("url"), "url"), outcome(flagged))

    assert found.verdict == "imperceptible_edit"
    assert found.gravest is flagged
    assert found.bytes_saved == 14


def test_reasons_are_told_once_in_the_order_they_came():
    found = exchange()
    found.outcomes = (outcome(unchecked("url"), "url"), outcome(unchecked("url"), "url"))
    found.failures += ["damaged", "url"]

    assert found.reasons == ["url", "damaged"]


def test_what_was_not_looked_at_is_told_beside_a_verdict():
    found = exchange()
    clean = Verdict("clean", 0.5, None, (), "")
    found.outcomes = (outcome(clean, "media_type_mismatch"), outcome(unchecked("url"), "url"))
    found.strays = ("image_in_text", "url")

    assert found.verdict == "unchecked"
    assert found.unchecked_reasons == ["url", "image_in_text"]
