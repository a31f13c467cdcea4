"""Our own authority: what it signs, when it signs anew, and who may read its keys."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from hub.adapters.own_tls import OwnTls, ensure, machine_names

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ["localhost", "127.0.0.1", "::1", "hub.local"]


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def verify(own: OwnTls, name: str, now: datetime) -> None:
    """Raise when a browser that trusts the authority would refuse the server under this name."""
    builder = PolicyBuilder().store(Store([certificate(own.authority)])).time(now)
    builder.build_server_verifier(x509.DNSName(name)).verify(certificate(own.certificate), [])


def test_the_certificate_is_good_for_every_name_and_fits_its_key(tmp_path: Path) -> None:
    own = ensure(tmp_path, NAMES, NOW)
    verify(own, "hub.local", NOW)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(own.certificate, own.key)
    names = certificate(own.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "hub.local"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_it_stays_the_same_while_it_is_good(tmp_path: Path) -> None:
    first = certificate(ensure(tmp_path, NAMES, NOW).certificate)
    assert certificate(ensure(tmp_path, NAMES, NOW + timedelta(days=300)).certificate) == first


def test_it_is_signed_anew_before_it_ends_by_the_same_authority(tmp_path: Path) -> None:
    first = ensure(tmp_path, NAMES, NOW)
    old, authority = certificate(first.certificate), certificate(first.authority)
    later = old.not_valid_after_utc - timedelta(days=59)
    own = ensure(tmp_path, NAMES, later)
    assert certificate(own.certificate) != old
    assert certificate(own.authority) == authority
    verify(own, "localhost", later)


def test_it_is_signed_anew_for_other_names(tmp_path: Path) -> None:
    ensure(tmp_path, NAMES, NOW)
    verify(ensure(tmp_path, [*NAMES, "new.local"], NOW), "new.local", NOW)


def test_an_authority_in_its_last_year_is_made_anew_with_what_it_signs(tmp_path: Path) -> None:
    authority = certificate(ensure(tmp_path, NAMES, NOW).authority)
    later = authority.not_valid_after_utc - timedelta(days=30)
    own = ensure(tmp_path, NAMES, later)
    assert certificate(own.authority) != authority
    verify(own, "localhost", later + timedelta(days=100))


def test_a_server_key_from_a_write_that_was_cut_off_is_mended(tmp_path: Path) -> None:
    first = ensure(tmp_path / "one", NAMES, NOW)
    first.key.write_bytes(ensure(tmp_path / "two", NAMES, NOW).key.read_bytes())
    own = ensure(tmp_path / "one", NAMES, NOW)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(own.certificate, own.key)


def test_an_authority_key_from_a_write_that_was_cut_off_is_mended(tmp_path: Path) -> None:
    ensure(tmp_path / "one", NAMES, NOW)
    ensure(tmp_path / "two", NAMES, NOW)
    (tmp_path / "one" / "authority.key").write_bytes((tmp_path / "two" / "authority.key").read_bytes())
    verify(ensure(tmp_path / "one", NAMES, NOW), "localhost", NOW)


def test_no_file_can_be_read_by_others(tmp_path: Path) -> None:
    ensure(tmp_path / "tls", NAMES, NOW)
    assert [path.name for path in (tmp_path / "tls").iterdir() if path.stat().st_mode & 0o077] == []


def test_this_machine_is_named_so_that_a_certificate_can_be_made(tmp_path: Path) -> None:
    assert {"localhost", "127.0.0.1"} <= set(machine_names())
    ensure(tmp_path, machine_names(), NOW)
