import pytest

from gateway.relay.callers.charset import foreign_charset


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", ""),
        ("application/json; charset=utf-8", ""),
        ('application/json;Charset="UTF8"', ""),
        ("application/json; charset=us-ascii", ""),
        ("application/json; charset=ISO-8859-1", ""),
        ("application/json; charset=", ""),
        ("multipart/form-data; boundary=charset", ""),
        ("application/json; charset=utf-7", "utf-7"),
        ("application/json; CHARSET = 'UTF-16le'", "UTF-16le"),
        ("application/json; charset=utf-8; charset=cp037", "cp037"),
        ("application/json; charset*=utf-7''x", "utf-7"),
    ],
)
def test_a_charset_is_foreign_unless_ascii_means_itself_in_it(content_type, expected):
    assert foreign_charset([(b"content-type", content_type.encode())]) == expected


def test_every_content_type_counts_and_no_other_header():
    plain, foreign = (b"content-type", b"application/json"), (b"content-type", b"a/b; charset=utf-7")

    assert foreign_charset([plain, foreign]) == "utf-7"
    assert foreign_charset([(b"accept", b"a/b; charset=utf-7"), plain]) == ""
    assert foreign_charset([]) == ""
