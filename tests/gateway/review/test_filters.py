from urllib.parse import parse_qsl

import pytest

from gateway.review.filters import BadFilterError, Filter, Named


def test_a_link_holds_a_filter_whole():
    wanted = Filter(kind="residual", model="a/b c", client="shop", mark="open", since=1_800_000_001.5)

    assert Filter.of(dict(parse_qsl(wanted.query))) == wanted


def test_other_is_whatever_the_settings_do_not_name():
    named = Named(models=frozenset({"gpt-4o"}), clients=frozenset({"acme", "other"}))

    wanted = Filter.of({"model": "other", "client": "other"}, named)

    assert wanted.all_but == {"model": {"gpt-4o"}, "client": {"acme"}}
    assert wanted.words == {"model": "other", "client": "other"}
    assert Filter.of({"model": "gpt-4o"}, named).all_but == {}
    assert Filter.of({"model": "other"}).all_but == {}


def test_times_are_read_as_people_and_dashboards_write_them():
    day = Filter.of({"since": "2026-01-31", "until": "1769860800000"})

    assert (day.since, day.until) == (1769817600.0, 1769860800.0)
    assert Filter.of({"since": "2026-01-31T01:00+01:00"}).since == 1769817600.0


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "nonsense"},
        {"status": "x"},
        {"since": "yesterday"},
        {"before": "1; DROP"},
        {"until": "9" * 40},
    ],
)
def test_a_word_that_cannot_be_is_named(query):
    with pytest.raises(BadFilterError, match=next(iter(query))):
        Filter.of(query)


def test_empty_fields_of_a_form_say_nothing():
    assert Filter.of({"kind": "", "model": " ", "other": "x"}) == Filter()
