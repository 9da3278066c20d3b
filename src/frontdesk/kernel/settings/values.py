"""What a setting's text may mean: addresses, networks, key rings, levels."""

from __future__ import annotations

from base64 import b64decode
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

Network = IPv4Network | IPv6Network
MIN_SECRET_KEY_LENGTH = 32
MIN_SECRET_KEY_VARIETY = 10
ED25519_KEY_BYTES = 32


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_web_address(value: str) -> str:
    """Return `value` without a trailing slash.

    Refuses what is not http(s)://host[:port][/path], and plain http to another machine: it would carry secrets.
    """
    parts = urlsplit(value.strip())
    try:
        port_is_whole = parts.port is None or parts.port > 0
    except ValueError:
        port_is_whole = False
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_whole:
        raise ValueError("must be an address like https://example.com")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("must be an address without user, query or fragment")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("must start with https:// (plain http is for this machine only)")
    return value.strip().rstrip("/")


def check_secret_address(value: SecretStr) -> SecretStr:
    """Refuse what is no address to post to: http(s)://host/…, plain http only to this machine. Its path is a secret."""
    parts = urlsplit(value.get_secret_value().strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise ValueError("must be an address like https://example.com/path")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("must start with https:// (plain http is for this machine only)")
    return value


def check_database_address(value: SecretStr) -> SecretStr:
    """Refuse what is not a PostgreSQL address."""
    try:
        scheme = urlsplit(value.get_secret_value()).scheme
    except ValueError:
        scheme = ""
    if scheme not in {"postgresql", "postgres"}:
        raise ValueError("must be an address that starts with postgresql://")
    return value


def check_secret_key(value: SecretStr) -> SecretStr:
    """Refuse a key that can be guessed: shorter than 32 characters, or of fewer than 10 different ones."""
    text = value.get_secret_value()
    if len(text) < MIN_SECRET_KEY_LENGTH:
        raise ValueError("must have at least 32 characters")
    if len(set(text)) < MIN_SECRET_KEY_VARIETY:
        raise ValueError("repeats itself too much to be a secret")
    return value


def check_public_key(value: str) -> str:
    """Refuse what is not an Ed25519 public key: base64 of 32 bytes."""
    try:
        raw = b64decode(value.strip(), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != ED25519_KEY_BYTES:
        raise ValueError("must be a public key: base64 of 32 bytes")
    return value.strip()


def split_networks(value: object) -> object:
    """Read networks, comma separated, from text: '10.0.0.0/8, 127.0.0.1'."""
    if not isinstance(value, str):
        return value
    networks: list[Network] = []
    for number, item in enumerate(filter(None, (part.strip() for part in value.split(","))), start=1):
        try:
            networks.append(ip_network(item))
        except ValueError:
            raise ValueError(f"entry {number} is not a network like 10.0.0.0/8") from None
    return tuple(networks)


def split_key_ring(value: object) -> object:
    """Read 'key-id:secret' pairs, comma separated, from text."""
    if not isinstance(value, str):
        return value
    ring: dict[str, SecretStr] = {}
    for number, item in enumerate(filter(None, (part.strip() for part in value.split(","))), start=1):
        key_id, separator, secret = item.partition(":")
        if not separator or not key_id.strip() or not secret.strip():
            raise ValueError(f"entry {number} is not a pair like key-id:secret")
        ring[key_id.strip()] = SecretStr(secret.strip())
    return ring


WebAddress = Annotated[str, AfterValidator(check_web_address)]
DatabaseAddress = Annotated[SecretStr, AfterValidator(check_database_address)]
SecretAddress = Annotated[SecretStr, AfterValidator(check_secret_address)]
PublicKey = Annotated[str, AfterValidator(check_public_key)]
SecretKey = Annotated[SecretStr, AfterValidator(check_secret_key)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(split_networks)]
KeyRing = Annotated[dict[str, SecretStr], BeforeValidator(split_key_ring)]
Level = Annotated[LogLevel, BeforeValidator(_upper)]
