"""Decide by which policy a request is treated, and what a verdict leads to; not how a verdict is reached."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Protocol, get_args

from gateway.detection.verdict import Verdict
from gateway.errors import PolicyForbiddenError, UnknownPolicyError
from gateway.settings import (
    Actions,
    Blockable,
    CompressionMode,
    Inspection,
    Mode,
    OnFailure,
    PolicyChange,
    SanitizeWhen,
    Settings,
)

Action = Mode

_STRICTNESS: Mapping[Action, int] = {action: place for place, action in enumerate(get_args(Mode))}
# From harmless to grave: the order in which several images are summed up in one header.
_SEVERITY = {"clean": 0, "unchecked": 1, "noticeable_edit": 2, "imperceptible_edit": 3}


class Judging(Protocol):
    """What of a policy a verdict meets."""

    @property
    def mode(self) -> Mode:
        """What happens to what `block_on` names."""
        ...

    @property
    def block_on(self) -> frozenset[Blockable]:
        """Outcomes and kinds of evidence that are blocked, or sanitized."""
        ...

    @property
    def actions(self) -> Actions:
        """What happens to single ones instead."""
        ...

    @property
    def sanitize_when(self) -> SanitizeWhen:
        """Whether what nobody suspects is sanitized as well."""
        ...


@dataclass(frozen=True)
class EffectivePolicy:
    """By what one request is treated: the settings' policy, with the changes of a named one."""

    name: str  # as x-jnd-policy names it; empty: the settings' own
    mode: Mode
    block_on: frozenset[Blockable]
    on_failure: OnFailure
    compression: CompressionMode
    inspection: Inspection = "on"
    actions: Actions = field(default_factory=dict)
    sanitize_when: SanitizeWhen = "flagged"
    reveals_reason: bool = False

    @property
    def may_sanitize(self) -> bool:
        """Whether any picture could be sanitized by it."""
        return "sanitize" in (self.mode, *self.actions.values()) or self.sanitize_when == "always"

    @property
    def may_block(self) -> bool:
        """Whether any picture could be blocked by it."""
        return "block" in (self.mode, *self.actions.values())

    @property
    def key(self) -> str:
        """Name everything the outcome of an image depends on: two names for the same rules are one."""
        chosen = (f"{name}={action}" for name, action in sorted(self.actions.items()))
        words = (self.mode, *sorted(self.block_on), *chosen, self.sanitize_when)
        return "\0".join((*words, self.compression, self.inspection))


# What the defaults of the settings add up to.
PLAIN = EffectivePolicy("", "monitor", frozenset({"flagged"}), "forward", "on")


class Policies:
    """The settings' policy and the named ones."""

    def __init__(self, settings: Settings) -> None:
        """Work out every named policy once."""
        self.default = _default(settings)
        self._named: Mapping[str, EffectivePolicy] = {
            name: _changed(self.default, name, change) for name, change in settings.policies.items()
        }
        self._unasked = [
            (change, self._named[name])
            for name, change in settings.policies.items()
            if change.models or change.upstreams
        ]

    @property
    def all(self) -> tuple[EffectivePolicy, ...]:
        """Every policy of the settings, their own first."""
        return (self.default, *self._named.values())

    def named(self, name: str, *, is_trusted: bool) -> EffectivePolicy:
        """Return the policy a caller asks for; the default when none is asked for.

        Raises:
            PolicyForbiddenError: This caller may not choose.
            UnknownPolicyError: The settings have no such policy.
        """
        if not name:
            return self.default
        if not is_trusted:
            raise PolicyForbiddenError("only trusted clients may send x-jnd-policy")
        found = self._named.get(name)
        if found is None:
            known = ", ".join(sorted(self._named)) or "none"
            raise UnknownPolicyError(f"no policy of that name in the settings; there are: {known}")
        return found

    def suiting(self, policy: EffectivePolicy, *, models: Iterable[str], upstream: str) -> EffectivePolicy:
        """Return by which policy a request is treated, once it is known where it goes.

        Args:
            policy: What `named` returned; one that was asked for stays.
            models: Every name of the model; empty where none is known.
            upstream: Its name.
        """
        if policy.name or not self._unasked:
            return policy
        names = [name for name in models if name]
        return next((each for change, each in self._unasked if _suits(change, names, upstream)), policy)


def _suits(change: PolicyChange, models: Iterable[str], upstream: str) -> bool:
    is_model = not change.models or any(
        # Some APIs (Azure, Ollama) take a model in any case: written otherwise, it may not escape.
        fnmatchcase(name.strip().casefold(), pattern.casefold())
        for name in models
        for pattern in change.models
    )
    return is_model and (not change.upstreams or upstream in change.upstreams)


def _changed(own: EffectivePolicy, name: str, change: PolicyChange) -> EffectivePolicy:
    return EffectivePolicy(
        name=name,
        mode=change.mode or own.mode,
        block_on=own.block_on if change.block_on is None else change.block_on,
        on_failure=change.on_failure or own.on_failure,
        compression=change.compression or own.compression,
        inspection=change.inspection or own.inspection,
        actions=own.actions if change.actions is None else change.actions,
        sanitize_when=change.sanitize_when or own.sanitize_when,
        reveals_reason=own.reveals_reason if change.reveal_reason is None else change.reveal_reason,
    )


def _default(settings: Settings) -> EffectivePolicy:
    policy = settings.policy
    return EffectivePolicy(
        name="",
        mode=policy.mode,
        block_on=policy.block_on,
        on_failure=policy.on_failure,
        compression=settings.compression.mode,
        inspection=policy.inspection,
        actions=policy.actions,
        sanitize_when=policy.sanitize_when,
        reveals_reason=policy.reveal_reason,
    )


def decide(verdict: Verdict, policy: Judging) -> Action:
    """Return what happens to a picture of this verdict: of several reasons to act, the strictest counts.

    A kind of evidence that `actions` names is judged by that alone; for the others the outcome counts too,
    first as `actions` names it, then as the mode says of `block_on`.
    """
    found = [policy.actions[kind] for kind in verdict.flags if kind in policy.actions]
    rest = [kind for kind in verdict.flags if kind not in policy.actions]
    if rest or not found:
        found.append(_by_outcome(verdict, rest, policy))
    if policy.sanitize_when == "always":
        found.append("sanitize")
    return strictest(found)


def strictest(actions: Iterable[Action]) -> Action:
    """Return what is done where several things should be; `monitor` where none should."""
    return max(actions, key=_STRICTNESS.__getitem__, default="monitor")


def _by_outcome(verdict: Verdict, kinds: Iterable[str], policy: Judging) -> Action:
    named: set[str] = {verdict.outcome, *kinds}
    if verdict.flags or verdict.outcome == "imperceptible_edit":
        named.add("flagged")
    chosen = [action for name, action in policy.actions.items() if name in named]
    if chosen:
        return strictest(chosen)
    return policy.mode if named & policy.block_on else "monitor"


def excuse(policy: EffectivePolicy) -> EffectivePolicy:
    """Return the policy for a picture that is allowed: nothing is done to it but what is done to all."""
    return replace(policy, mode="monitor", actions={}, sanitize_when="flagged")


def is_edited(verdict: Verdict) -> bool:
    """Tell whether the image was found to be edited, openly or not."""
    return _SEVERITY[verdict.outcome] >= _SEVERITY["noticeable_edit"]


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the gravest verdict, the first of equals; None when there is no image.

    One with a flag is graver than one without.
    """
    return max(verdicts, key=lambda each: (bool(each.flags), _SEVERITY[each.outcome]), default=None)
