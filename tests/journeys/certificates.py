"""Certificates for customers on this machine: an authority the installation trusts, and strangers it does not.

They have what RFC 5280 asks of them, as Python asks for it since 3.13 (VERIFY_X509_STRICT)."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """`file` is its certificate; `customer()` a server's TLS context with a certificate for 127.0.0.1 from it, which is
    in `server_file()`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Authority in {folder.name}")])
        self.certificate = self.signed(self.name, self.key.public_key(), authority=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def customer(self, address: str = "127.0.0.1") -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server_file(address))
        return context

    def server_file(self, address: str = "127.0.0.1") -> Path:
        """A key and a certificate for a server there, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.signed(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)]), key.public_key(), address=address)
        file = self.folder / f"{certificate.serial_number}.pem"
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
        return file

    def signed(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, *, authority: bool = False, address: str = "127.0.0.1"
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            self.name, name, key, x509.random_serial_number(), now - timedelta(hours=1), now + timedelta(days=1)
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False).add_extension(own, critical=False)
        builder = builder.add_extension(usage(authority), critical=True)
        if not authority:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
            servers = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
            builder = builder.add_extension(names, critical=False).add_extension(servers, critical=False)
        return builder.sign(self.key, hashes.SHA256())


def usage(authority: bool) -> x509.KeyUsage:
    """An authority signs certificates, a server its part of a handshake."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
