"""Tell the caller what was done: the x-jnd-* headers of an answer."""

from gateway.policy import is_flagged
from gateway.relay.exchange import Exchange
from gateway.relay.incoming import Headers


def explaining_headers(exchange: Exchange) -> Headers:
    """Return the headers that sum an exchange up."""
    named = {
        "x-jnd-verdict": exchange.verdict,
        "x-jnd-bytes-saved": str(exchange.bytes_saved),
        "x-jnd-tokens-saved": str(exchange.tokens_saved),
        "x-jnd-overhead-ms": f"{exchange.times.overhead_seconds * 1000:.3f}",
    }
    if exchange.reasons:
        named["x-jnd-reason"] = ",".join(exchange.reasons)
    gravest = exchange.gravest
    if gravest is not None and gravest.jnd_ratio is not None:
        named["x-jnd-ratio"] = f"{gravest.jnd_ratio:.3f}"
    if gravest is not None and is_flagged(gravest):
        named["x-jnd-explanation"] = " ".join(gravest.explanation.split())
    return [(name.encode(), value.encode("ascii", "replace")) for name, value in named.items()]
