import pytest

from calibration.shown_text import shown


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("naïve 日本 'quoted'.png", "naïve 日本 'quoted'.png"),
        ("a.png: clean\nb.png", r"a.png: clean\nb.png"),
        ("\x1b[31mred\r", r"\x1b[31mred\r"),
        ("a\u2028b\u202egnp.exe", r"a\u2028b\u202egnp.exe"),
        ("no UTF-8 \udcff", r"no UTF-8 \udcff"),
    ],
)
def test_what_would_end_or_turn_a_line_is_escaped(text: str, line: str):
    assert shown(text) == line
    assert shown(text).encode()
