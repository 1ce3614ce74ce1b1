import re

from calibration.replies import lexicon


def test_a_spoilt_picture_is_told_from_a_thing_in_it():
    spoilt = re.compile(lexicon.SPOILT)

    assert spoilt.search("it looks dark")
    assert spoilt.search("a blurred version")
    assert not spoilt.search("a dark room")


def test_alternatives_match_whatever_their_case():
    assert lexicon.matcher("yes", lexicon.one_of("no", "nope")).fullmatch("NOPE")
