"""Read what a C2PA manifest tells of a picture's origin, and whether its signature holds.

Whether a file has a manifest is seen without the library, which few files need; verifying is
`content_credentials_process`'s work.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from calibration.containers import container_of, jpeg_file, png_chunks, webp_chunks
from calibration.gif_blocks import gif_blocks
from predictor.critic.content_credentials_process import ContentCredentialsProcess, is_c2pa_installed
from predictor.critic.origin import Fact, Origin, Trust, one_line
from predictor.critic.source_type import source_type

SOURCE, OF_INGREDIENT = "C2PA manifest", "C2PA manifest of an ingredient"
NOT_INSTALLED = "there is a manifest, not verified here: expected `pip install 'lmm-jnd[provenance]'`"
NOT_VERIFIED = "there is a manifest; it could not be verified here, or not in time"
UNREADABLE = "there is a manifest, and it cannot be read"
_APP11 = 0xEB
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----")
_SEQUENCE = b"\x30"  # begins every certificate (X.690)
_MOST_MANIFESTS, _MOST_ACTIONS = 8, 16  # that are told of one file, of one manifest
_STATES: Mapping[str, tuple[Trust, str]] = {
    "Trusted": ("signed", "the signature holds, and the signer is trusted"),
    "Valid": ("signed by a stranger", "the signature holds; the signer is on no list of trust"),
}
_FAILURES: Mapping[str, str] = {
    "assertion.dataHash.mismatch": "the picture was changed after it was signed",
    "assertion.bmffHash.mismatch": "the picture was changed after it was signed",
    "assertion.hashedURI.mismatch": "what the manifest tells was changed after it was signed",
    "assertion.missing": "a part of the manifest is missing",
    "claimSignature.mismatch": "the signature is not of what the manifest tells",
    "claimSignature.missing": "the signature is missing",
    "signingCredential.expired": "the certificate had expired",
    "signingCredential.revoked": "the certificate was revoked",
    "signingCredential.invalid": "the certificate is none that may sign",
}
_TRUSTED, _UNTRUSTED = "signingCredential.trusted", "signingCredential.untrusted"


def manifest_type(data: bytes) -> str:
    """Return the media type of a file with a C2PA manifest in it; empty for files without."""
    match container_of(data):
        case "jpeg":
            segments = (part for part in jpeg_file(data).segments if part.marker == _APP11)
            is_there = any(b"jumb" in part.payload[:32] and b"c2pa" in part.payload[:96] for part in segments)
            return "image/jpeg" if is_there else ""
        case "png":
            return "image/png" if any(part.kind == b"caBX" for part in png_chunks(data)) else ""
        case "webp":
            return "image/webp" if any(part.kind == b"C2PA" for part in webp_chunks(data)) else ""
    if data.startswith(b"GIF8"):
        is_there = any(text.startswith(b"C2PA_GIF") for text in gif_blocks(data).texts)
        return "image/gif" if is_there else ""
    return ""


class TrustAnchorsError(ValueError):
    """What should be a list of trust holds no certificate."""


class ContentCredentials:
    """Verifies manifests, by a list of trust."""

    def __init__(self, trust_anchors: bytes = b"", process: ContentCredentialsProcess | None = None) -> None:
        """Take the certificates of those whose signatures are trusted, in PEM; without any, nobody is.

        Raises:
            TrustAnchorsError: There is no certificate among the bytes, or a damaged one.
        """
        self._anchors = _certificates(trust_anchors) if trust_anchors else b""
        self._process = process or (ContentCredentialsProcess() if is_c2pa_installed() else None)

    def facts_of(self, data: bytes) -> tuple[Fact, ...]:
        """Return what the manifest of a file tells; nothing where there is none."""
        media_type = manifest_type(data)
        if not media_type:
            return ()
        if self._process is None:
            return (Fact("content_credentials", NOT_INSTALLED, SOURCE, "claimed"),)
        said = self._process.read(data, media_type, self._anchors)
        if said is None:
            return (Fact("content_credentials", NOT_VERIFIED, SOURCE, "claimed"),)
        if "error" in said:
            why = one_line(str(said["error"]), 120)
            return (Fact("content_credentials", f"{UNREADABLE}: {why}", SOURCE, "broken"),)
        return tuple(_facts(said))

    def close(self) -> None:
        """End the process that verifies."""
        if self._process is not None:
            self._process.close()


def _certificates(pem: bytes) -> bytes:
    """Return the certificates alone: lists of trust have comments between them, which the library minds.

    Raises:
        TrustAnchorsError: There is none, or a damaged one.
    """
    found = list(_CERTIFICATE.finditer(pem))
    if not found:
        raise TrustAnchorsError("expected certificates in PEM, found none")
    for number, match in enumerate(found, 1):
        try:
            is_whole = base64.b64decode(b"".join(match[1].split()), validate=True).startswith(_SEQUENCE)
        except ValueError:
            is_whole = False
        if not is_whole:
            raise TrustAnchorsError(f"expected certificates in PEM, number {number} is damaged")
    return b"".join(match[0] + b"\n" for match in found)


def _facts(said: Mapping[str, Any]) -> Iterator[Fact]:
    trust, verdict = _STATES.get(str(said.get("validation_state")), ("broken", ""))
    yield Fact("content_credentials", verdict or f"does not verify: {_failure(said)}", SOURCE, trust)
    manifests = _object(said.get("manifests"))
    active = str(said.get("active_manifest"))
    yield from _of_manifest(_object(manifests.get(active)), SOURCE, trust)
    ingredients = _list(_object(manifests.get(active)).get("ingredients"))
    if ingredients:
        count = len(ingredients)
        value = "made from one other picture" if count == 1 else f"made from {count} other pictures"
        yield Fact("ingredients", value, SOURCE, trust)
    for label, is_part in _ingredient_manifests(manifests, active):
        below = _trust_below(said, label, trust)
        for fact in _of_manifest(_object(manifests.get(label)), OF_INGREDIENT, below):
            yield Fact(fact.topic, fact.value, fact.source, fact.trust, _of_part(fact.origin, is_part))


def _of_manifest(manifest: Mapping[str, Any], source: str, trust: Trust) -> Iterator[Fact]:
    signature = _object(manifest.get("signature_info"))
    names = [str(signature[key]) for key in ("issuer", "common_name") if signature.get(key)]
    if names:
        yield Fact("signer", one_line(" / ".join(dict.fromkeys(names))), source, trust)
    generator = _generator(manifest)
    if generator:
        yield Fact("claim_generator", generator, source, trust)
    for assertion in _list(manifest.get("assertions")):
        label, told = str(_object(assertion).get("label")), _object(_object(assertion).get("data"))
        if label.startswith("c2pa.actions"):
            actions = _list(told.get("actions"))[:_MOST_ACTIONS]
            yield from (_of_action(_object(action), source, trust) for action in actions)
        else:
            term = source_type(
                str(told.get("Iptc4xmpExt:DigitalSourceType", told.get("digitalSourceType", "")))
            )
            if term is not None:
                yield Fact("source_type", term.meaning, source, trust, term.origin)


def _of_action(action: Mapping[str, Any], source: str, trust: Trust) -> Fact:
    name = one_line(str(action.get("action", "")).removeprefix("c2pa."), 60) or "something"
    agent = action.get("softwareAgent")
    program = one_line(
        str(_object(agent).get("name") or "") if isinstance(agent, dict) else str(agent or ""), 60
    )
    term = source_type(str(action.get("digitalSourceType", "")))
    value = name + (f" with {program}" if program else "") + (f": {term.meaning}" if term else "")
    return Fact("action", value, source, trust, term.origin if term else None)


def _generator(manifest: Mapping[str, Any]) -> str:
    for info in _list(manifest.get("claim_generator_info"))[:1]:
        named = [str(_object(info)[key]) for key in ("name", "version") if _object(info).get(key)]
        return one_line(" ".join(named))
    return one_line(str(manifest.get("claim_generator") or ""))


def _ingredient_manifests(manifests: Mapping[str, Any], active: str) -> Iterator[tuple[str, bool]]:
    """Give the manifests below the active one, and whether a picture was only a part of what came of it."""
    met, waiting = {active}, [(active, False)]
    while waiting and len(met) <= _MOST_MANIFESTS:
        label, is_part = waiting.pop(0)
        for ingredient in _list(_object(manifests.get(label)).get("ingredients")):
            below = str(_object(ingredient).get("active_manifest"))
            if below in met or below not in manifests or len(met) > _MOST_MANIFESTS:
                continue
            met.add(below)
            is_component = is_part or _object(ingredient).get("relationship") != "parentOf"
            waiting.append((below, is_component))
            yield below, is_component


def _of_part(origin: Origin | None, is_part: bool) -> Origin | None:
    if not is_part:
        return origin
    return "partly generated" if origin in ("generated", "partly generated") else None


def _trust_below(said: Mapping[str, Any], label: str, trust: Trust) -> Trust:
    """Tell how far the manifest of an ingredient is to be trusted: no further than the active one.

    What was wrong with it stands in two places: what whoever took it in noted, and what is found otherwise
    today. A signer who is trusted may well have taken in what does not verify.
    """
    if trust == "broken":
        return trust
    results = [
        _object(_object(ingredient.get("validation_results")).get("activeManifest"))
        for manifest in _object(said.get("manifests")).values()
        for ingredient in map(_object, _list(_object(manifest).get("ingredients")))
    ]
    deltas = _list(_object(said.get("validation_results")).get("ingredientDeltas"))
    today = [_object(_object(delta).get("validationDeltas")) for delta in deltas]
    failures = {code for result in (*results, *today) for code in _codes(result, "failure", label)}
    if any(_TRUSTED in _codes(result, "success", label) for result in today):
        failures -= {_UNTRUSTED}
    if not failures:
        return trust
    return "signed by a stranger" if failures == {_UNTRUSTED} else "broken"


def _codes(result: Mapping[str, Any], kind: str, label: str) -> list[str]:
    found = map(_object, _list(result.get(kind)))
    return [str(each.get("code")) for each in found if label in str(each.get("url"))]


def _failure(said: Mapping[str, Any]) -> str:
    found = _object(_object(said.get("validation_results")).get("activeManifest")).get("failure")
    codes = [str(_object(each).get("code")) for each in _list(found) or _list(said.get("validation_status"))]
    told = [code for code in codes if code != _UNTRUSTED] or codes or ["no reason is given"]
    return _FAILURES.get(told[0], one_line(told[0], 80))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
