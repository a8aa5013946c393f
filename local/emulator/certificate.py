"""Make the self-signed certificate of the strict platform: ``… certificate DIRECTORY``.

Writes ``server.crt`` and ``server.key`` for localhost and 127.0.0.1. It is no CA certificate:
some TLS stacks refuse one that is served as the leaf.
"""

import ipaddress
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = timedelta(days=800)


def write(directory: Path) -> None:
    """Make a new key and certificate; files in ``directory`` of the same names are replaced."""
    key = ec.generate_private_key(ec.SECP256R1())
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = directory / "server.key"
    secret.touch(mode=0o600)
    secret.chmod(0o600)  # where it was there already
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    certificate = _certificate(key).public_bytes(serialization.Encoding.PEM)
    (directory / "server.crt").write_bytes(certificate)


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "larder-local")])
    addresses = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(addresses, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]))
