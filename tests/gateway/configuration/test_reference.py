from gateway.configuration.keys import tree_of
from gateway.configuration.reference import settings_reference, shown
from gateway.settings import NamedUpstream, Settings

REFERENCE = settings_reference()


def test_every_key_is_listed_once_with_default_meaning_and_reason():
    marks = {"sections": "[].", "named sections": ".NAME."}
    for key in tree_of(Settings).walk():
        if key.kind in ("section", "sections", "named sections"):
            continue
        middle = marks.get(tree_of(Settings).children[key.path[0]].kind, ".")
        is_inherited = key.path[0] == "upstreams" and key.path[-1] not in NamedUpstream.__annotations__
        assert REFERENCE.count(f"- {middle.join(key.path)} (") == (0 if is_inherited else 1), key.path


def test_every_setting_has_a_meaning_that_ends_and_a_reason():
    for key in tree_of(Settings).walk():
        spec = key.spec
        if spec is not None:
            assert spec.description and spec.description.endswith("."), key.dotted
            assert spec.is_required() or len(spec.json_schema_extra["why"]) > 5, key.dotted


def test_every_number_says_its_unit():
    units = (
        "second",
        "days",
        "byte",
        "pixel",
        "port",
        "image",
        "frame",
        "process",
        "value",
        "redirect",
        "share",
        "thread",
        "token",
    )
    for key in tree_of(Settings).walk():
        if key.holds in (int, float):
            said = f"{key.path[-1]} {key.spec.description}".lower()
            assert any(unit in said for unit in (*units, "probability")), key.dotted


def test_defaults_are_written_as_yaml_would():
    assert [shown(value) for value in (None, True, 5.0, 0.01, "", (), {}, frozenset({2, 1}))] == [
        "null",
        "true",
        "5",
        "0.01",
        "empty",
        "[]",
        "empty",
        "[1, 2]",
    ]
    assert "None" not in REFERENCE
    assert "frozenset" not in REFERENCE


def test_the_address_of_a_further_api_is_required_and_says_so():
    assert "- upstreams[].base_url (required): Address of the API" in REFERENCE
