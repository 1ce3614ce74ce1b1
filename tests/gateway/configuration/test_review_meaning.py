import pytest

from gateway.configuration.review_meaning import check_review
from gateway.settings import Settings

KEY = "k" * 24
WHOLE = {"store": "pictures", "directory": "/tmp/review", "listen": "127.0.0.1:9190", "key": KEY}  # noqa: S108 - named, not written


def findings(**changes):
    review = {name: value for name, value in (WHOLE | changes).items() if value is not None}
    return [(severity, where[-1]) for severity, where, _ in check_review(Settings(review=review))]


def test_the_defaults_and_a_whole_section_are_fine():
    assert list(check_review(Settings())) == []
    assert findings() == []


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"directory": None}, ("error", "directory")),
        ({"key": None}, ("error", "key")),
        ({"store": "off"}, ("error", "listen")),
        ({"listen": "127.0.0.1:8080"}, ("error", "listen")),
        ({"key": "short"}, ("warning", "key")),
        ({"listen": "0.0.0.0:9190"}, ("warning", "listen")),
        ({"listen": None}, ("warning", "key")),
        ({"database_url": "mysql://me@host/x"}, ("error", "database_url")),
    ],
)
def test_what_would_not_work_or_surprise_is_told(changes, finding):
    assert findings(**changes) == [finding]


def test_postgresql_by_its_address_is_fine():
    assert findings(database_url="postgresql+psycopg://me:secret@host/x") == []
