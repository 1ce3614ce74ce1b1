"""Sign pictures with C2PA manifests on the spot, by an authority made for the purpose."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CAPTURED = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
_USES = (
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Certified:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def _certified(name: str, issuer: Certified | None = None) -> Certified:
    key, now, is_root = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC), issuer is None
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test Studio"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    signing_key = key if issuer is None else issuer.key
    usage = dict.fromkeys(_USES, False) | {
        "digital_signature": not is_root,
        "key_cert_sign": is_root,
        "crl_sign": is_root,
    }
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
    )
    if not is_root:
        email = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(email, critical=False)
    return Certified(builder.sign(signing_key, hashes.SHA256()), key)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


class Authority:
    """A root, and a studio that signs under it."""

    @cached_property
    def _root(self) -> Certified:
        return _certified("Test Root")

    @cached_property
    def _studio(self) -> Certified:
        return _certified("Test Signer", self._root)

    @property
    def anchors(self) -> bytes:
        return _pem(self._root.certificate)

    def signed(
        self,
        data: bytes,
        media_type: str,
        *,
        actions: Sequence[dict[str, Any]] = ({"action": "c2pa.created", "digitalSourceType": GENERATED},),
        parent: bytes | None = None,
        parts: Sequence[bytes] = (),
    ) -> bytes:
        manifest = {
            "claim_generator_info": [{"name": "Picture Maker", "version": "3"}],
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": list(actions)}}],
        }
        key = self._studio.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        chain = _pem(self._studio.certificate) + _pem(self._root.certificate)
        signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain, key, None))
        out = io.BytesIO()
        settings = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}}})
        with c2pa.Builder(json.dumps(manifest), context=c2pa.Context(settings)) as builder:
            if parent is not None:
                builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
                builder.add_ingredient({"relationship": "parentOf"}, media_type, io.BytesIO(parent))
            for part in parts:
                builder.add_ingredient({"relationship": "componentOf"}, media_type, io.BytesIO(part))
            builder.sign(signer, media_type, io.BytesIO(data), out)
        return out.getvalue()
