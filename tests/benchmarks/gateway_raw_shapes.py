"""Requests as attackers, fuzzers and old clients write them: odd targets, headers, framing, hidden seconds.

Each is made from its number alone, which it carries in the header x-number. Behind some bodies hides a second
request, numbered too, that only a reader sees who takes the framing of the first one wrongly.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

JSON = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}'


@dataclass(frozen=True)
class Shape:
    """One request on the wire."""

    number: int
    kind: str
    wire: bytes
    target: bytes  # as written
    is_slow: bool = False  # sent a few bytes at a time


PATHS = (
    *(b"/v1/models", b"/v1/chat/completions", b"/v1/files/a%2Fb", b"/v1/models/x?limit=2&after=%20", b"/v1/"),
    *(b"/v1/models?", b"/v1/a%20b", b"/v1/%ff%fe", b"/v1/;p=1", b"/v1/a;b=c/d", b"/v1/models?u=http://evil/"),
)
ODD_PATHS = (
    *(b"/v1/../admin", b"/v1/../../admin", b"/v1/%2e%2e/admin", b"/v1/.%2e/admin", b"/v1/%2E%2E%2Fadmin"),
    *(b"/v%31/models", b"/%761/models", b"/v1//models", b"//v1/models", b"///v1/models", b"/v1/./models"),
    *(b"/v1/models/..", b"/v1/models/../../v1/x", b"/v1\\..\\admin", b"/v1/..\\admin", b"/v1/%5c..%5cadmin"),
    *(b"/v1/%252e%252e/admin", b"/v1/..;/admin", b"/v1/..%00/admin", b"/v1/%c0%ae%c0%ae/admin"),
    *(
        b"/v%31%2F@127.0.0.1:1/path",
        b"/v1/@127.0.0.1:1/path",
        b"/v1@127.0.0.1:1/",
        b"/v1:@evil/",
        b"@evil/v1/x",
    ),
    *(b"http://127.0.0.1:1/v1/models", b"https://evil.example/v1/models", b"http://evil.example", b"evil:80"),
    *(
        b"*",
        b"",
        b"v1/models",
        b"/",
        b"/admin",
        b"/v1",
        b"/V1/models",
        b"/v1/models#fragment",
        b"/v1/#@evil/",
    ),
    *(
        b"/v1/models?x#y",
        b"/v1/mod els",
        b"/v1/mod\tels",
        b"/v1/m\xc3\xa4",
        b"/v1/m\x00",
        b"/v1/m\x7f",
        b"/v1/%",
    ),
    *(b"/v1/%zz", b"/v1/" + b"a" * 9000, b"/v1/" + b"../" * 500 + b"admin", b"/v1/" + b"a/" * 3000),
    *(
        b"/v1/models\\?x=1",
        b"/livez/../v1/models",
        b"/metrics/../admin",
        b"/v1/?/../../admin",
        b"/v1/models%3fx",
    ),
)
SEGMENTS = (b"", b"v1", b"..", b"%2e%2e", b".", b"x", b"%2F", b"\\")
TRAILERS = (b"", b"", b"x-late: 1\r\n", b"host: evil\r\n", b"content-length: 3\r\n", b"bad line\r\n")
METHODS = (*(b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"HEAD"), b"GET", b"POST", b"POST")
ODD_METHODS = (
    *(b"CONNECT", b"TRACE", b"get", b"PRI", b"GE T", b"G\x00T", b"", b"M-SEARCH", b"A" * 300),
    b"{}",
)
VERSIONS = (b"HTTP/1.1",) * 6 + (b"HTTP/1.0",)
ODD_VERSIONS = (b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.2", b"HTTP/1.1 ", b"http/1.1", b"HTTP/11", b"", b"HTP/1.1")
PLAIN = (
    *(b"accept: */*", b"user-agent: fuzz", b"x-a: 1", b"x-a: 2", b"cookie: a=1; b=2", b"cookie: c=3"),
    *(b"accept-encoding: gzip, br", b"x-latin: caf\xe9", b"x-utf: \xc3\xa4", b"x-empty:", b"X-Case: YES"),
    *(
        b"authorization: Bearer one",
        b"x-forwarded-for: 1.2.3.4",
        b"forwarded: for=1.2.3.4",
        b"range: bytes=0-1",
    ),
    *(
        b'if-none-match: "1"',
        b"referer: http://evil/",
        b"origin: null",
        b"x-spaces:   a  b   ",
        b"via: 1.1 x",
    ),
)
HOPS = (
    *(b"connection: close", b"connection: keep-alive, x-hop", b"x-hop: secret", b"keep-alive: timeout=5"),
    *(
        b"te: trailers",
        b"te: gzip",
        b"trailer: x-late",
        b"upgrade: h2c",
        b"connection: upgrade, http2-settings",
    ),
    *(
        b"proxy-authorization: Basic x",
        b"proxy-connection: close",
        b"connection: host",
        b"upgrade: websocket",
    ),
    *(b"connection: content-length", b"connection: authorization", b"http2-settings: AAMAAABkAAQ"),
    *(b"connection: transfer-encoding", b"expect: 100-continue", b"expect: something-else"),
)
ODD_LINES = (
    *(
        b"host: evil.example",
        b"host : evil",
        b" host: evil",
        b"x-fold: a\r\n b",
        b"x-fold: a\r\n\tb",
        b": empty",
    ),
    *(
        b"no colon at all",
        b"x y: z",
        b"x\x00: y",
        b"x: y\x00z",
        b"x: y\rz",
        b"x: y\nx-injected: 1",
        b"x\xe4: 1",
    ),
    *(b"x: \x01\x02", b"x: \x7f", b"transfer-encoding: identity", b"transfer-encoding: gzip", b"\x0bx: 1"),
    *(
        b"content-length: 1\x00",
        b"x-jnd-verdict: clean",
        b"x-jnd-bypass: true",
        b"host: a, host: b",
        b"host:",
    ),
    *(b"x-huge: " + b"v" * 20_000, b"x-huge: " + b"v" * 80_000),
)
LENGTHS = (
    *(
        b"%d, %d",
        b"+%d",
        b"-%d",
        b"0x%x",
        b" %d",
        b"%d ",
        b"%d.0",
        b"%de0",
        b"0%d",
        b"00000000000000000000%d",
    ),
    *(b"%d\x0b", b"\t%d", b"999999999999999999999%d", b"%d;", b'"%d"', b""),
)
CODINGS = (
    *(b"chunked, chunked", b"identity", b"gzip, chunked", b"chunked, identity", b"xchunked", b"chunked;q=1"),
    *(
        b"\x0bchunked",
        b"chunked\x00",
        b"'chunked'",
        b"CHUNKED",
        b" chunked",
        b"chunked ",
        b"cow",
        b",chunked",
    ),
)
CHUNK_LINES = (
    *(b"%x", b"%x", b"%X", b"0%x", b"%x;ext=1", b'%x;a="\r\n0\r\n"', b"%x ", b" %x", b"0x%x", b"+%x", b"-%x"),
    *(b"%x\x00", b"%x\t;", b"00000000000000000%x", b"%x;" + b"e" * 3000, b"1_%x", b"%x\n", b"f" * 17 + b"%x"),
)


def make(number: int) -> Shape:
    """Return the shape of this number, always the same one."""
    return KINDS[number % len(KINDS)](number, random.Random(number))


def plain(number: int, rng: random.Random) -> Shape:
    """Nothing odd but the mixture, some of it sent a few bytes at a time."""
    method, target = rng.choice(METHODS), rng.choice(PATHS)
    body = JSON if method in (b"POST", b"PUT", b"PATCH") else b""
    wire = _request(number, method, target, b"HTTP/1.1", _framed(_mixed(rng, PLAIN, 6), body)) + body
    return Shape(number, "plain", wire, target, is_slow=rng.random() < 0.05)


def targets(number: int, rng: random.Random) -> Shape:
    """An odd target."""
    method, target = rng.choice(METHODS), rng.choice(ODD_PATHS)
    if rng.random() < 0.2:
        target = b"/".join(rng.choice(SEGMENTS) for _ in range(6))
    body = JSON if method == b"POST" else b""
    wire = _request(number, method, target, b"HTTP/1.1", _framed(_mixed(rng, PLAIN, 3), body)) + body
    return Shape(number, "target", wire, target)


def headers(number: int, rng: random.Random) -> Shape:
    """Headers of one hop, headers that lie, headers that no one can read."""
    method, target = rng.choice(METHODS), rng.choice(PATHS)
    named = [*_mixed(rng, PLAIN, 4), *_mixed(rng, HOPS, 3)]
    if rng.random() < 0.6:
        named += _mixed(rng, ODD_LINES, 2)
    if rng.random() < 0.1:
        named += [b"x-many-%d: v" % each for each in range(rng.choice((90, 120, 500, 3000)))]
    rng.shuffle(named)
    body = JSON if method == b"POST" else b""
    wire = _request(number, method, target, b"HTTP/1.1", _framed(named, body)) + body
    return Shape(number, "header", wire, target)


def lengths(number: int, rng: random.Random) -> Shape:
    """A length that is written oddly, twice, or wrongly, with a second request behind."""
    target = rng.choice(PATHS)
    sizes = [_sized(rng.choice(LENGTHS), len(JSON))]
    if rng.random() < 0.5:
        sizes.append(b"%d" % rng.choice((0, len(JSON), len(JSON) + len(_hidden(number)))))
    rng.shuffle(sizes)
    named = [*_mixed(rng, PLAIN, 2), *(b"content-length: " + size for size in sizes)]
    wire = _request(number, b"POST", target, rng.choice(VERSIONS), named) + JSON + _hidden(number)
    return Shape(number, "length", wire, target)


def chunks(number: int, rng: random.Random) -> Shape:
    """A chunked body whose sizes, extensions or trailers are odd, with a second request behind."""
    target, line, cut = rng.choice(PATHS), rng.choice(CHUNK_LINES), rng.randrange(1, len(JSON))
    parts = (JSON[:cut], JSON[cut:])
    body = b"".join(_sized(line, len(part)) + b"\r\n" + part + b"\r\n" for part in parts)
    end = rng.choice((b"0\r\n", b"0\r\n", b"00\r\n", b"0;x\r\n", b"0 \r\n")) + rng.choice(TRAILERS) + b"\r\n"
    named = [*_mixed(rng, PLAIN, 3), b"transfer-encoding: chunked"]
    wire = _request(number, b"POST", target, b"HTTP/1.1", named) + body + end + _hidden(number)
    return Shape(number, "chunk", wire, target)


def framings(number: int, rng: random.Random) -> Shape:
    """A length beside chunks, or a coding that hides behind its spelling: the classic smuggling shapes."""
    target = rng.choice(PATHS)
    framing = [b"transfer-encoding: " + rng.choice((b"chunked", *CODINGS))]
    if rng.random() < 0.7:
        sizes = (0, 4, 5, len(JSON), len(_hidden(number)) + 5)
        framing.append(b"content-length: %d" % rng.choice(sizes))
    if rng.random() < 0.3:
        framing.append(b"transfer-encoding: " + rng.choice(CODINGS))
    if rng.random() < 0.2:
        framing[0] = rng.choice(
            (b"transfer-encoding : chunked", b"transfer_encoding: chunked", b"te: chunked")
        )
    rng.shuffle(framing)
    body = b"0\r\n\r\n" if rng.random() < 0.5 else b"%x\r\n%b\r\n0\r\n\r\n" % (len(JSON), JSON)
    named = [*_mixed(rng, PLAIN, 2), *framing]
    wire = _request(number, b"POST", target, rng.choice(VERSIONS), named) + body + _hidden(number)
    return Shape(number, "framing", wire, target)


def lines(number: int, rng: random.Random) -> Shape:
    """A request line or line ends that are odd."""
    method, target = rng.choice((*METHODS, *ODD_METHODS)), rng.choice(PATHS)
    version = rng.choice((*VERSIONS, *ODD_VERSIONS))
    wire = _request(number, method, target, version, _mixed(rng, PLAIN, 2))
    noise = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 300))) + b"\r\n\r\n"
    changed = (
        *(wire, wire, wire.replace(b"\r\n", b"\n"), wire.replace(b"\r\n", b"\r"), b"\r\n\r\n" + wire),
        *(wire.replace(b" ", b"  ", 1), wire[: rng.randrange(1, len(wire))], noise),
        *(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + wire, wire.replace(b"\r\n", b"\r\r\n")),
    )
    return Shape(number, "line", rng.choice(changed), target)


KINDS = (targets, headers, lengths, chunks, framings, lines, plain)


def _hidden(number: int) -> bytes:
    return b"GET /v1/smuggled HTTP/1.1\r\nhost: hidden\r\nx-number: %d-hidden\r\n\r\n" % number


def _sized(pattern: bytes, size: int) -> bytes:
    for form in (b"%d", b"%x", b"%X"):
        pattern = pattern.replace(form, form % size)
    return pattern


def _mixed(rng: random.Random, lines_: Sequence[bytes], most: int) -> list[bytes]:
    return [rng.choice(lines_) for _ in range(rng.randrange(most + 1))]


def _framed(named: list[bytes], body: bytes) -> list[bytes]:
    return [*named, b"content-length: %d" % len(body)] if body else named


def _request(number: int, method: bytes, target: bytes, version: bytes, named: Sequence[bytes]) -> bytes:
    first = b"%b %b %b" % (method, target, version)
    return b"\r\n".join([first, b"host: 127.0.0.1", b"x-number: %d" % number, *named, b"", b""])
