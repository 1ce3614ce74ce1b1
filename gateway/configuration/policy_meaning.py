"""Check of policies what types cannot: actions nothing leads to, names nobody has, lists nobody can read."""

from collections.abc import Iterator

from gateway.allow_list import AllowListError, load_allow_list
from gateway.configuration.keys import Where
from gateway.configuration.problems import Severity
from gateway.settings import DEFAULT_NAME, Policy, PolicyChange, Settings

Said = tuple[Severity, Where, str]

_DOES = {"block": "refuses", "sanitize": "re-encodes"}


def check_policies(settings: Settings) -> Iterator[Said]:
    """Return every finding with the place of its key."""
    own = settings.policy
    yield from _without_effect(("policy",), own, own)
    for name, change in settings.policies.items():
        yield from _without_effect(("policies", name), change, own)
    yield from _reach(settings)
    try:
        load_allow_list(own)
    except AllowListError as error:
        yield "error", ("policy", "allow_file"), str(error)


def _without_effect(where: Where, policy: Policy | PolicyChange, own: Policy) -> Iterator[Said]:
    """Find what a policy says and never does; `own` is what it says where it is silent."""
    mode = policy.mode or own.mode
    actions = own.actions if policy.actions is None else policy.actions
    if mode != "monitor" and policy.block_on is not None and not policy.block_on:
        yield "warning", (*where, "block_on"), f"is empty: mode `{mode}` {_DOES[mode]} nothing"
    if (policy.inspection or own.inspection) == "on":
        return
    if mode != "monitor":
        message = f"is off: nothing is found, so mode `{mode}` {_DOES[mode]} nothing"
        yield "warning", (*where, "inspection"), message
    elif actions:
        yield "warning", (*where, "inspection"), "is off: nothing is found, so `actions` has no effect"


def _reach(settings: Settings) -> Iterator[Said]:
    """Find policies that no request meets."""
    changes = settings.policies
    is_asked_for = any(not change.models and not change.upstreams for change in changes.values())
    if is_asked_for and not any(client.is_trusted for client in settings.clients):
        yield "warning", ("policies",), "nobody may ask for them: no client has is_trusted"
    known = {DEFAULT_NAME, *(api.name for api in settings.upstreams)}
    for name, change in changes.items():
        for unknown in sorted(set(change.upstreams) - known):
            message = f"there is no upstream {unknown!r}; there are {', '.join(sorted(known))}"
            yield "error", ("policies", name, "upstreams"), message
