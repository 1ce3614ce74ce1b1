from gateway.memory.elsewhere import CountedElsewhere


def test_what_others_counted_stands_for_pictures_like_that_one_alone():
    elsewhere = CountedElsewhere(60.0)
    elsewhere.note("a", 0b0111, 4)

    assert elsewhere.of("a", 0b0110, 1) == 4
    assert elsewhere.of("a", 0b1000, 1) == 0
    assert elsewhere.of("b", 0b0111, 64) == 0


def test_the_latest_count_stands():
    elsewhere = CountedElsewhere(60.0)
    elsewhere.note("a", 1, 4)
    elsewhere.note("a", 2, 6)

    assert elsewhere.of("a", 2, 0) == 6
