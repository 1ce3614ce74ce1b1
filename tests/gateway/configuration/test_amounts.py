import pytest

from gateway.configuration.amounts import plain_number


@pytest.mark.parametrize(
    ("text", "key", "number"),
    [
        ("64MB", "max_body_bytes", "67108864"),
        ("64 MiB", "max_body_bytes", "67108864"),
        ("64m", "queue_bytes", "67108864"),
        ("1.5G", "queue_bytes", "1610612736"),
        ("1024 bytes", "cache_bytes", "1024"),
        ("30s", "image_seconds", "30"),
        ("500ms", "image_seconds", "0.5"),
        ("2 min", "ttl_seconds", "120"),
        ("1h", "ttl_seconds", "3600"),
        ("50MP", "max_pixels", "50000000"),
        ("50,000,000", "max_pixels", "50000000"),
        ("10_000", "max_entries", "10000"),
        ("1%", "alpha", "0.01"),
        ("0.5 %", "alpha", "0.005"),
    ],
)
def test_an_amount_with_its_unit_is_a_number_in_the_keys_own(text, key, number):
    assert plain_number(text, key) == number


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("many", "workers"),
        ("30s", "max_body_bytes"),
        ("64MB", "image_seconds"),
        ("30s", "workers"),
        ("1,5", "alpha"),
        ("-3s", "image_seconds"),
        ("", "port"),
        ("8080:80", "port"),
    ],
)
def test_what_is_no_amount_of_that_kind_is_not_guessed_at(text, key):
    assert plain_number(text, key) == ""
