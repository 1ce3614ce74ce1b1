"""Tell the caller what was done: the x-jnd-* headers of an answer."""

from gateway.policy import is_edited
from gateway.relay.callers.incoming import Headers
from gateway.relay.exchange import Exchange

_NOTHING_FOUND: Headers = [
    (b"x-jnd-verdict", b"none"),
    (b"x-jnd-bytes-saved", b"0"),
    (b"x-jnd-tokens-saved", b"0"),
]


def explaining_headers(exchange: Exchange) -> Headers:
    """Return the headers that sum an exchange up."""
    headers = _found(exchange) if exchange.is_noted else _nothing(exchange)
    overhead = b"%.3f" % (exchange.times.overhead_seconds * 1000)
    headers.append((b"x-jnd-overhead-ms", overhead))
    if exchange.request_id:
        headers.append((b"x-jnd-request-id", _ascii(exchange.request_id)))
    if exchange.policy.name:
        headers.append((b"x-jnd-policy", _ascii(exchange.policy.name)))
    if exchange.is_noted or exchange.failures or exchange.remarks:
        headers += _told(b"x-jnd-reason", exchange.reasons)
        headers += _told(b"x-jnd-unchecked", exchange.unchecked_reasons)
        headers += _told(b"x-jnd-limits", list(exchange.exceeded))
    return headers


def _nothing(exchange: Exchange) -> Headers:
    """Say that there is no image, unless nobody has looked: a request refused at the door."""
    return _NOTHING_FOUND[:] if exchange.is_looked_at else _NOTHING_FOUND[1:]


def _told(name: bytes, words: list[str]) -> Headers:
    return [(name, _ascii(",".join(words)))] if words else []


def _found(exchange: Exchange) -> Headers:
    headers = [
        (b"x-jnd-verdict", _ascii(exchange.verdict)),
        (b"x-jnd-bytes-saved", b"%d" % exchange.bytes_saved),
        (b"x-jnd-tokens-saved", b"%d" % exchange.tokens_saved),
    ]
    if exchange.limit_step:
        headers.append((b"x-jnd-limit-step", b"%d" % exchange.limit_step))
    if exchange.is_observed:
        headers.append((b"x-jnd-would-save-bytes", b"%d" % exchange.would_save_bytes))
        headers.append((b"x-jnd-would-save-tokens", b"%d" % exchange.would_save_tokens))
    headers += _told(b"x-jnd-action", [exchange.action] if exchange.action != "monitor" else [])
    if exchange.noted:  # an id tells nothing of what was found
        headers += _told(b"x-jnd-flag-id", [ticket.id for ticket in exchange.noted])
        is_kept = all(ticket.is_kept for ticket in exchange.noted)
        headers += _told(b"x-jnd-flag-state", ["kept" if is_kept else "pending"])
    gravest = exchange.gravest
    if exchange.action == "block" and not exchange.policy.reveals_reason:
        return headers
    if gravest is not None and gravest.jnd_ratio is not None:
        headers.append((b"x-jnd-ratio", b"%.3f" % gravest.jnd_ratio))
    headers += _told(b"x-jnd-flags", exchange.flags)
    headers += _told(b"x-jnd-quality", exchange.qualities)
    headers += _told(b"x-jnd-quality-guessed", exchange.guessed_qualities)
    if gravest is not None and is_edited(gravest):
        headers.append((b"x-jnd-explanation", _ascii(" ".join(gravest.explanation.split()))))
    return headers


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "replace")
