import pytest

from gateway.configuration.policy_meaning import check_policies
from gateway.settings import Settings


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        (
            {"policy": {"mode": "sanitize", "block_on": []}},
            "warning policy.block_on: is empty: mode `sanitize`",
        ),
        ({"policy": {"mode": "sanitize", "inspection": "off"}}, "warning policy.inspection: is off"),
        (
            {"policy": {"actions": {"container": "block"}, "inspection": "off"}},
            "warning policy.inspection: is off: nothing is found, so `actions` has no effect",
        ),
        (
            {"policies": {"a": {"upstreams": ["nowhere"]}}},
            "error policies.a.upstreams: there is no upstream 'nowhere'; there are default",
        ),
        ({"policy": {"allow_file": "/nowhere"}}, "error policy.allow_file: cannot read '/nowhere'"),
    ],
)
def test_what_cannot_have_been_meant_is_told_with_its_place(sections, told):
    found = [
        f"{severity} {'.'.join(map(str, where))}: {message}"
        for severity, where, message in check_policies(Settings(**sections))
    ]

    assert any(each.startswith(told) for each in found), found


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"policy": {"mode": "sanitize", "actions": {"hidden_text": "block"}}},
        {"policies": {"a": {"models": ["gpt-*"], "mode": "block"}}},
    ],
)
def test_what_works_is_not_complained_of(sections):
    assert list(check_policies(Settings(**sections))) == []
