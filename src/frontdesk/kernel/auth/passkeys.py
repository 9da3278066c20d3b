"""Passkeys: devices that let their person in by signing a challenge of ours, once, for our address alone.

Imported by its own name, not by the front door: the library behind it is heavy, and only the web process needs it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from frontdesk.kernel import actor as actors
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.auth import queries
from frontdesk.kernel.auth.factors import Passkey, list_passkeys
from frontdesk.kernel.auth.model import (
    LoggedIn,
    LoginLimits,
    LoginRefused,
    LoginThrottled,
    Session,
)
from frontdesk.kernel.auth.second_step import note_proof
from frontdesk.kernel.auth.sessions import Visitor, begin_session
from frontdesk.kernel.auth.tries import count_try
from frontdesk.kernel.db import Database, Tx, affected
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.keys import SigningKeys

LASTS = timedelta(minutes=5)
NONCE_BYTES = 24
TIME_BYTES = 8
MAC_BYTES = 32
MAX_PASSKEYS = 20
MAX_NAME = 60
MAX_ANSWER = 32_768
TO_LOG_IN = "log in"

USE_CHALLENGE = """
insert into used_challenges (challenge_hash, expires_at) values ($1, $2) on conflict (challenge_hash) do nothing
"""
INSERT_PASSKEY = """
insert into passkeys (id, user_id, credential, public_key, sign_count, name, created_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (credential) do nothing
"""
FIND_PASSKEY = """
select passkeys.id, passkeys.user_id, passkeys.public_key, passkeys.sign_count, users.email
from passkeys join users on users.id = passkeys.user_id
where passkeys.credential = $1 and users.disabled_at is null
for update of passkeys
"""
USE_PASSKEY = "update passkeys set sign_count = $2, last_used_at = $3 where id = $1"


@dataclass(frozen=True, slots=True)
class Party:
    """Which address passkeys are bound to: `id` is its host, `origin` the whole of it."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Proof:
    """Whose passkey has answered."""

    passkey_id: UUID
    user_id: UUID


def party_of(public_base_url: str) -> Party | None:
    """Make the party from our public address; None where browsers allow no passkeys: a number, or no https.

    This machine under a number is called localhost, where browsers need no https.
    """
    parts = urlsplit(public_base_url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    try:
        if not ip_address(host).is_loopback:
            return None
        host = "localhost"
    except ValueError:
        pass
    if not host or (parts.scheme != "https" and host != "localhost"):
        return None
    return Party(host, f"{parts.scheme}://{host}{port}")


def ask_to_log_in(party: Party, keys: SigningKeys, *, now: datetime) -> str:
    """Write what a browser is asked for at a login, as JSON: any passkey that it keeps for us."""
    return _ask(party, _new_challenge(keys, TO_LOG_IN, now=now), allowed=[])


async def ask_to_prove(tx: Tx, party: Party, keys: SigningKeys, *, session: Session) -> str:
    """Write what a browser is asked for to prove that it is still the same person, as JSON."""
    mine = await list_passkeys(tx, user_id=session.user_id)
    return _ask(party, _new_challenge(keys, _to_prove(session), now=tx.now), allowed=mine)


async def ask_to_register(tx: Tx, party: Party, keys: SigningKeys, *, session: Session) -> str:
    """Write what a browser is asked for to keep a new passkey, as JSON; those it has are left out."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name="Frontdesk",
        user_id=session.user_id.bytes,
        user_name=session.email,
        user_display_name=session.name or session.email,
        challenge=_new_challenge(keys, _to_register(session), now=tx.now),
        timeout=int(LASTS.total_seconds() * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_described(await list_passkeys(tx, user_id=session.user_id)),
    )
    return options_to_json(options)


async def register_passkey(
    tx: Tx, party: Party, keys: SigningKeys, *, session: Session, name: str, answer: str
) -> UUID:
    """Keep a new passkey of a person under a name; returns its id.

    Refuses `auth.passkey_name` and `auth.passkey_refused` (422), `auth.passkey_known` and `auth.passkeys_full` (409).
    """
    label = " ".join(name.split())
    if not 0 < len(label) <= MAX_NAME or not label.isprintable():
        raise Refused(
            "auth.passkey_name", f"Name the passkey in 1 to {MAX_NAME} characters, like Office laptop.", status=422
        )
    if len(await list_passkeys(tx, user_id=session.user_id)) >= MAX_PASSKEYS:
        raise Refused("auth.passkeys_full", f"You have {MAX_PASSKEYS} passkeys; remove one first.", status=409)
    try:
        credential = parse_registration_credential_json(answer[:MAX_ANSWER])
        challenge = parse_client_data_json(credential.response.client_data_json).challenge
        if not await _take_challenge(tx, keys, challenge, purpose=_to_register(session)):
            raise _refused()
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise _refused() from None
    passkey_id = new_id()
    stored = await tx.execute(
        INSERT_PASSKEY, passkey_id, session.user_id, verified.credential_id, verified.credential_public_key,
        verified.sign_count, label, tx.now,
    )  # fmt: skip
    if affected(stored) != 1:
        raise Refused("auth.passkey_known", "This passkey is kept already.", status=409)
    details = {"passkey": str(passkey_id), "name": label}
    await write_entry(
        tx, actor=session.actor, action="auth.passkey_added", subject=f"user:{session.user_id}", details=details
    )
    return passkey_id


async def log_in_by_passkey(
    system: Database,
    party: Party,
    keys: SigningKeys,
    *,
    answer: str,
    visitor: Visitor,
    limits: LoginLimits | None = None,
) -> LoggedIn | LoginRefused | LoginThrottled:
    """Let a person in by a passkey; it stands for the device and for its person, so no code is asked for."""
    rules = limits or LoginLimits()
    async with system.transaction() as tx:
        who = answer[:MAX_ANSWER].encode("utf-8", "surrogatepass")
        attempt = await count_try(tx, kind="passkey", who=who, ip=visitor.ip, limits=rules)
        if isinstance(attempt, LoginThrottled):
            return attempt
        proof = await _verify(tx, party, keys, answer=answer, purpose=TO_LOG_IN)
        if proof is None:
            return LoginRefused()
        await queries.mark_try_succeeded(tx, try_id=attempt)
        return await begin_session(tx, user_id=proof.user_id, visitor=visitor, by="passkey")


async def prove_by_passkey(
    tx: Tx, party: Party, keys: SigningKeys, *, session: Session, answer: str
) -> LoggedIn | LoginRefused:
    """Take a passkey as proof that it is still the same person; their session gets a new token."""
    proof = await _verify(tx, party, keys, answer=answer, purpose=_to_prove(session))
    if proof is None or proof.user_id != session.user_id:
        return LoginRefused()
    return await note_proof(tx, session=session, by="passkey")


async def _verify(tx: Tx, party: Party, keys: SigningKeys, *, answer: str, purpose: str) -> Proof | None:
    """Check an answer, use its challenge up and note the device's count; None if anything is not as it must be."""
    try:
        credential = parse_authentication_credential_json(answer[:MAX_ANSWER])
        challenge = parse_client_data_json(credential.response.client_data_json).challenge
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    if not await _take_challenge(tx, keys, challenge, purpose=purpose):
        return None
    row = await tx.fetchrow(FIND_PASSKEY, credential.raw_id)
    if row is None or credential.response.user_handle not in (None, b"", row["user_id"].bytes):
        return None
    count = _count_of(party, credential, challenge=challenge, public_key=row["public_key"])
    if count is None:
        return None
    if (count or row["sign_count"]) and count <= row["sign_count"]:
        # The device has counted further than this answer: somebody may have copied it.
        person = actors.person(row["user_id"], row["email"])
        details = {"passkey": str(row["id"]), "count": count, "counted": row["sign_count"]}
        await write_entry(
            tx, actor=person, action="auth.passkey_copied", subject=f"user:{row['user_id']}", details=details
        )
        return None
    await tx.execute(USE_PASSKEY, row["id"], count, tx.now)
    return Proof(row["id"], row["user_id"])


def _count_of(party: Party, credential: AuthenticationCredential, *, challenge: bytes, public_key: bytes) -> int | None:
    """Check signature, origin, party and that the device has verified its person; returns the device's count."""
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,  # compared by us, so that a copy can be told from a bad signature
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    return verified.new_sign_count


def _ask(party: Party, challenge: bytes, *, allowed: list[Passkey]) -> str:
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=int(LASTS.total_seconds() * 1000),
        allow_credentials=_described(allowed),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def _described(passkeys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one.credential) for one in passkeys]


def _to_register(session: Session) -> str:
    return f"register {session.id}"


def _to_prove(session: Session) -> str:
    return f"prove {session.id}"


def _new_challenge(keys: SigningKeys, purpose: str, *, now: datetime) -> bytes:
    """Make a challenge that says itself until when it is ours: asking for one costs no row."""
    until = int((now + LASTS).timestamp()).to_bytes(TIME_BYTES, "big")
    plain = os.urandom(NONCE_BYTES) + until
    return plain + _mac(keys.current(), purpose, plain)


async def _take_challenge(tx: Tx, keys: SigningKeys, challenge: bytes, *, purpose: str) -> bool:
    """Use a challenge up; False for one that we have not made for this, that is over, or that was answered."""
    if len(challenge) != NONCE_BYTES + TIME_BYTES + MAC_BYTES:
        return False
    plain, mac = challenge[:-MAC_BYTES], challenge[-MAC_BYTES:]
    if not any(hmac.compare_digest(_mac(key, purpose, plain), mac) for key in keys.accepted()):
        return False
    until = datetime.fromtimestamp(int.from_bytes(plain[NONCE_BYTES:], "big"), UTC)
    if until <= tx.now:
        return False
    return affected(await tx.execute(USE_CHALLENGE, hashlib.sha256(challenge).digest(), until)) == 1


def _mac(key: str, purpose: str, plain: bytes) -> bytes:
    given = b"frontdesk passkey challenge v1/" + json.dumps(purpose).encode() + plain
    return hmac.new(key.encode(), given, hashlib.sha256).digest()


def _refused() -> Refused:
    return Refused("auth.passkey_refused", "This passkey could not be kept. Try again, from this page.", status=422)
