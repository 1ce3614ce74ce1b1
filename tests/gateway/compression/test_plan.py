from typing import get_args

from gateway.compression.plan import SENTENCES, LeftAlone


def test_every_reason_has_a_sentence_and_only_the_lack_of_one_has_none():
    assert set(SENTENCES) == set(get_args(LeftAlone))
    assert [reason for reason, sentence in SENTENCES.items() if not sentence] == [""]
