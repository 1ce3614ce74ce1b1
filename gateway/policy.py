"""Decide by which policy a request is treated, and what a verdict leads to; not how a verdict is reached."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from gateway.detection.verdict import Verdict
from gateway.errors import PolicyForbiddenError, UnknownPolicyError
from gateway.settings import Blockable, CompressionMode, Inspection, Mode, OnFailure, Settings

Action = Literal["monitor", "block"]

# From harmless to grave: the order in which several images are summed up in one header.
_SEVERITY = {"clean": 0, "unchecked": 1, "noticeable_edit": 2, "imperceptible_edit": 3}


class Judging(Protocol):
    """What of a policy a verdict meets."""

    @property
    def mode(self) -> Mode:
        """Whether anything is blocked at all."""
        ...

    @property
    def block_on(self) -> frozenset[Blockable]:
        """Outcomes and kinds of evidence that are blocked."""
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

    @property
    def key(self) -> str:
        """Name everything the outcome of an image depends on: two names for the same rules are one."""
        return "\0".join((self.mode, *sorted(self.block_on), self.compression, self.inspection))


# What the defaults of the settings add up to.
PLAIN = EffectivePolicy("", "monitor", frozenset({"flagged"}), "forward", "on")


class Policies:
    """The settings' policy and the named ones."""

    def __init__(self, settings: Settings) -> None:
        """Work out every named policy once."""
        self.default = _default(settings)
        self._named: Mapping[str, EffectivePolicy] = {
            name: EffectivePolicy(
                name=name,
                mode=change.mode or self.default.mode,
                block_on=self.default.block_on if change.block_on is None else change.block_on,
                on_failure=change.on_failure or self.default.on_failure,
                compression=change.compression or self.default.compression,
                inspection=change.inspection or self.default.inspection,
            )
            for name, change in settings.policies.items()
        }

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


def _default(settings: Settings) -> EffectivePolicy:
    policy = settings.policy
    return EffectivePolicy(
        name="",
        mode=policy.mode,
        block_on=policy.block_on,
        on_failure=policy.on_failure,
        compression=settings.compression.mode,
        inspection=policy.inspection,
    )


def decide(verdict: Verdict, policy: Judging) -> Action:
    """Return `block` only for an outcome or a kind of evidence that the policy blocks, in mode `block`."""
    named: set[str] = {verdict.outcome, *verdict.flags}
    if verdict.flags or verdict.outcome == "imperceptible_edit":
        named.add("flagged")
    return "block" if policy.mode == "block" and named & policy.block_on else "monitor"


def is_edited(verdict: Verdict) -> bool:
    """Tell whether the image was found to be edited, openly or not."""
    return _SEVERITY[verdict.outcome] >= _SEVERITY["noticeable_edit"]


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the gravest verdict, the first of equals; None when there is no image.

    One with a flag is graver than one without.
    """
    return max(verdicts, key=lambda each: (bool(each.flags), _SEVERITY[each.outcome]), default=None)
