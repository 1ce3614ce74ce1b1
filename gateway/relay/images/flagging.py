"""Hand flagged images over to whoever keeps them for review, with the facts of their request."""

from collections.abc import Sequence

from gateway.relay.exchange import Exchange
from gateway.relay.images.treated import Treated
from gateway.review.flag import Circumstances, Flag, new_id
from gateway.review.recorder import Records, Ticket


def note_flagged(
    treated: Sequence[Treated], exchange: Exchange, tenant: str, records: Records
) -> Sequence[Ticket]:
    """Offer every flagged image of a request; return the tickets of those that were taken."""
    if records.keeping == "off":
        return ()
    flagged = [each for each in treated if each.outcome.verdict.flags]
    if not flagged:
        return ()
    circumstances = _circumstances(exchange, tenant)
    offered = (records.offer(_flag(each, circumstances), each.flagged) for each in flagged)
    return [ticket for ticket in offered if ticket is not None]


def _circumstances(exchange: Exchange, tenant: str) -> Circumstances:
    return Circumstances(
        tenant=tenant,
        client=exchange.client,
        model=exchange.model,
        provider=exchange.provider,
        upstream=exchange.upstream,
        dialect=exchange.dialect,
        path=exchange.path,
        request_id=exchange.request_id,
        policy=exchange.policy.name,
    )


def _flag(treated: Treated, circumstances: Circumstances) -> Flag:
    outcome, verdict = treated.outcome, treated.outcome.verdict
    return Flag(
        id=new_id(),
        digest="",  # hashed where nobody waits
        request=circumstances,
        outcome=verdict.outcome,
        kinds=verdict.flags,
        p_value=verdict.p_value,
        jnd_ratio=verdict.jnd_ratio,
        explanation=verdict.explanation,
        evidence=verdict.evidence,
        action=outcome.action,
    )
