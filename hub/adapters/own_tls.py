"""A local authority and the server certificate that it signs, for communities without one of their own."""

import datetime as dt
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.adapters.whole_files import locked, replace_text

_AUTHORITY_LIFE = dt.timedelta(days=3650)
# Browsers of Apple refuse server certificates that are valid for more than 825 days.
_SERVER_LIFE = dt.timedelta(days=397)
_RENEW_BEFORE = dt.timedelta(days=60)
_CLOCK_SKEW = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OwnTls:
    """PEM files: the server's certificate and key, and the authority that phones and browsers must trust."""

    certificate: Path
    key: Path
    authority: Path


def ensure(folder: Path, names: Sequence[str], now: dt.datetime) -> OwnTls:
    """Have a server certificate for `names` (host names and IP addresses) in `folder`.

    Signed anew when it ends within 60 days of `now` (aware) or the names have changed. The authority is made once;
    it must be trusted again on every phone when it is made anew, so that happens only in its last 397 days.
    """
    own = OwnTls(folder / "server.pem", folder / "server.key", folder / "authority.pem")
    with locked(folder):
        authority, authority_key = _authority(folder, own.authority, now)
        if not _is_good(own, authority, names, now):
            _sign_server(own, authority, authority_key, names, now)
    return own


def machine_names() -> tuple[str, ...]:
    """The names and addresses by which this machine is probably called in its local network."""
    host = socket.gethostname().lower()
    named = [host, f"{host}.local"] if host.isascii() else []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; the system only chooses the address it would use
            addressed = [probe.getsockname()[0]]
        except OSError:
            addressed = []
    return tuple(dict.fromkeys(["localhost", "127.0.0.1", "::1", *named, *addressed]))


def _authority(folder: Path, path: Path, now: dt.datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key_path = folder / "authority.key"
    if path.exists() and key_path.exists():
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        key = _load_key(key_path)
        if certificate.not_valid_after_utc - now > _SERVER_LIFE and certificate.public_key() == key.public_key():
            return certificate, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "栋栋响 dongdong local authority")])
    certificate = (
        _unsigned(name, name, key.public_key(), now, _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(is_authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _save(path, key_path, certificate, key)
    return certificate, key


def _sign_server(
    own: OwnTls,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    names: Sequence[str],
    now: dt.datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "栋栋响 dongdong hub")])
    certificate = (
        _unsigned(subject, authority.subject, key.public_key(), now, _SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(is_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    _save(own.certificate, own.key, certificate, key)


def _is_good(own: OwnTls, authority: x509.Certificate, names: Sequence[str], now: dt.datetime) -> bool:
    """Whether certificate and key are there, belong together, come from the authority, and hold long enough."""
    if not (own.certificate.exists() and own.key.exists()):
        return False
    certificate = x509.load_pem_x509_certificate(own.certificate.read_bytes())
    alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    issuer_key = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return (
        certificate.not_valid_after_utc - now > _RENEW_BEFORE
        and set(alternative) == {_general_name(name) for name in names}
        and certificate.public_key() == _load_key(own.key).public_key()
        and issuer_key == x509.AuthorityKeyIdentifier.from_issuer_public_key(_ec_key(authority))
    )


def _unsigned(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: dt.datetime,
    life: dt.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _save(path: Path, key_path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    replace_text(key_path, private.decode("ascii"))
    replace_text(path, certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"))


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} is not a key that we made")
    return key


def _ec_key(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("the authority is not one that we made")
    return key
