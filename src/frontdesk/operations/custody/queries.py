"""Statements about verifications of audit chains and rotations of secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from frontdesk.kernel.audit import ChainHead
from frontdesk.kernel.db import Transaction
from frontdesk.operations.custody.model import Break, Verification

TAKE_TURN = "select pg_try_advisory_xact_lock(hashtext('operations.custody'))"

LIST_CHAINS = "select tenant_id, seq from chain_heads where chain = 'audit'"

LIST_VERIFICATIONS = """
    select whose, verified_seq, verified_hash, verified_at, patrolled_seq, patrolled_hash, resumed_seq, resumed_hash,
           resumed_at, whole_at, broken_seq, damage, broken_at, evidence, acknowledged_breaks
    from chain_verifications where $1::text is null or whose = $1 order by whose
"""

PUT_VERIFICATION = """
    insert into chain_verifications
      (whose, verified_seq, verified_hash, verified_at, patrolled_seq, patrolled_hash, resumed_seq, resumed_hash,
       resumed_at, whole_at, broken_seq, damage, broken_at, evidence, acknowledged_breaks)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    on conflict (whose) do update
    set verified_seq = excluded.verified_seq, verified_hash = excluded.verified_hash,
        verified_at = excluded.verified_at, patrolled_seq = excluded.patrolled_seq,
        patrolled_hash = excluded.patrolled_hash, resumed_seq = excluded.resumed_seq,
        resumed_hash = excluded.resumed_hash, resumed_at = excluded.resumed_at, whole_at = excluded.whole_at,
        broken_seq = excluded.broken_seq, damage = excluded.damage, broken_at = excluded.broken_at,
        evidence = excluded.evidence, acknowledged_breaks = excluded.acknowledged_breaks
"""

LIST_BROKEN = """
    select whose, broken_seq, damage, broken_at, evidence from chain_verifications
    where broken_at is not null order by broken_at limit 20
"""

MEASURE_BEHIND = """
    select extract(epoch from $1::timestamptz - max(verified_at))::float8 from chain_verifications
"""

PUT_ROTATIONS = """
    insert into secret_rotations as known (name, since_at, seen_at)
    select name, coalesce(since_at, $3), $3
    from unnest($1::text[], $2::timestamptz[]) as seen (name, since_at) order by name
    on conflict (name) do update
    set seen_at = excluded.seen_at, since_at = least(known.since_at, excluded.since_at)
"""

DELETE_ROTATIONS = "delete from secret_rotations where name <> all($1::text[])"

LIST_ROTATIONS = "select name, since_at from secret_rotations order by since_at, name"

LIST_LOGINS = """
    select id, tenant_id, provider, provider_account_id as account_id, sealed_login as sealed
    from calendar_connections order by id
"""

# A login that was renewed meanwhile has been sealed with the current key.
REPLACE_LOGIN = "update calendar_connections set sealed_login = $3 where id = $1 and sealed_login = $2"

FIND_BREACH = """
    select value->>'reason' as reason, changed_at as declared_at, changed_by as declared_by
    from platform_settings where key = 'breach' and value <> 'null'::jsonb
"""

PUT_BREACH = """
    insert into platform_settings (key, value, changed_by, changed_at)
    values ('breach', jsonb_build_object('reason', $1::text), $2, $3)
    on conflict (key) do update
    set value = excluded.value, changed_by = excluded.changed_by, changed_at = excluded.changed_at
"""

DELETE_BREACH = "update platform_settings set value = 'null'::jsonb where key = 'breach'"

COUNT_TRIES = """
    select count(*) filter (where not succeeded)::int as failed, count(*) filter (where succeeded)::int as succeeded,
           count(distinct ip) filter (where not succeeded)::int as addresses
    from login_attempts where at > $1::timestamptz - $2::interval
"""

ADD_FAILED_TRIES = """
    insert into login_attempts (at, account_hash, ip)
    select $1, sha256(convert_to('drill ' || number, 'UTF8')), '192.0.2.7'::inet
    from generate_series(1, $2::int) as number
"""

FORGET_FAILED_TRIES = "delete from login_attempts where ip = '192.0.2.7'::inet"

COUNT_OPEN_DOORS = """
    select (select count(*) from sessions
            where created_at <= $1 and revoked_at is null and least(expires_at, idle_expires_at) > $2)::int as sessions,
           (select count(*) from api_tokens
            where created_at <= $1 and revoked_at is null and expires_at > $2)::int as tokens
"""


@dataclass(frozen=True, slots=True)
class BrokenChain:
    """A chain that was found broken and that nobody has acknowledged."""

    whose: str
    broken: Break


@dataclass(frozen=True, slots=True)
class Rotation:
    """A setting that accepts two secrets, and since when."""

    name: str
    since_at: datetime


@dataclass(frozen=True, slots=True)
class SealedLogin:
    """A login of a calendar as it is sealed, and what it is sealed to."""

    id: UUID
    tenant_id: UUID
    provider: str
    account_id: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Breach:
    """A breach that somebody has declared: why, when and who."""

    reason: str
    declared_at: datetime
    declared_by: str


@dataclass(frozen=True, slots=True)
class Tries:
    """How many password tries failed and succeeded, and from how many addresses they failed."""

    failed: int
    succeeded: int
    addresses: int


@dataclass(frozen=True, slots=True)
class Doors:
    """How many sessions and API tokens still let somebody in."""

    sessions: int
    tokens: int


async def take_turn(tx: Transaction) -> bool:
    """Win the right to verify, until the end of the transaction; False while somebody else does."""
    return await tx.fetchval(TAKE_TURN) is True


async def list_chains(tx: Transaction) -> list[tuple[UUID | None, int]]:
    """List whose audit chains there are, None being the platform's, with the number of the last entry."""
    return [(row["tenant_id"], row["seq"]) for row in await tx.fetch(LIST_CHAINS)]


async def list_verifications(tx: Transaction) -> list[Verification]:
    """List how every chain stands."""
    return [_verification(row) for row in await tx.fetch(LIST_VERIFICATIONS, None)]


async def find_verification(tx: Transaction, *, whose: str) -> Verification | None:
    """Find how a chain stands."""
    row = await tx.fetchrow(LIST_VERIFICATIONS, whose)
    return None if row is None else _verification(row)


async def put_verification(tx: Transaction, one: Verification) -> None:
    """Keep how a chain stands."""
    broken = one.broken
    await tx.execute(
        PUT_VERIFICATION,
        one.whose,
        *_pair(one.verified),
        one.verified_at or tx.now,
        *_pair(one.patrolled),
        *_pair(one.resumed),
        one.resumed_at,
        one.whole_at,
        None if broken is None else broken.seq,
        "" if broken is None else broken.damage,
        None if broken is None else broken.at,
        "" if broken is None else broken.evidence,
        one.acknowledged_breaks,
    )


async def list_broken(tx: Transaction) -> list[BrokenChain]:
    """List up to 20 broken chains that nobody has acknowledged, the oldest break first."""
    return [
        BrokenChain(
            row["whose"],
            Break(seq=row["broken_seq"], damage=row["damage"], at=row["broken_at"], evidence=row["evidence"]),
        )
        for row in await tx.fetch(LIST_BROKEN)
    ]


async def measure_behind(tx: Transaction) -> float | None:
    """Measure how many seconds ago a chain was last verified; None while none was."""
    seconds = await tx.fetchval(MEASURE_BEHIND, tx.now)
    return seconds if isinstance(seconds, float) else None


async def record_rotations(tx: Transaction, seen: Mapping[str, datetime | None]) -> None:
    """Note which secrets have two values now, and since when if that is known; what is not named has been finished."""
    await tx.execute(PUT_ROTATIONS, list(seen), list(seen.values()), tx.now)
    await tx.execute(DELETE_ROTATIONS, list(seen))


async def list_rotations(tx: Transaction) -> list[Rotation]:
    """List settings that accept two secrets, the oldest first."""
    return [Rotation(row["name"], row["since_at"]) for row in await tx.fetch(LIST_ROTATIONS)]


async def list_logins(tx: Transaction) -> list[SealedLogin]:
    """List the logins of calendars as they are sealed."""
    return [SealedLogin(**dict(row)) for row in await tx.fetch(LIST_LOGINS)]


async def replace_login(tx: Transaction, login: SealedLogin, *, sealed: bytes) -> None:
    """Put a login that was sealed anew in the place of what it was, unless that has changed."""
    await tx.execute(REPLACE_LOGIN, login.id, login.sealed, sealed)


async def find_breach(tx: Transaction) -> Breach | None:
    """Find the breach that was declared and not closed."""
    row = await tx.fetchrow(FIND_BREACH)
    return None if row is None else Breach(row["reason"], row["declared_at"], row["declared_by"])


async def put_breach(tx: Transaction, *, reason: str, by: str) -> None:
    """Write a breach down, in place of an earlier one."""
    await tx.execute(PUT_BREACH, reason, by, tx.now)


async def delete_breach(tx: Transaction) -> None:
    """Take the breach away that was declared."""
    await tx.execute(DELETE_BREACH)


async def get_tries(tx: Transaction, *, within: timedelta) -> Tries:
    """Count password tries of late."""
    row = await tx.fetchrow(COUNT_TRIES, tx.now, within)
    return Tries(0, 0, 0) if row is None else Tries(row["failed"], row["succeeded"], row["addresses"])


async def add_failed_tries(tx: Transaction, *, count: int) -> None:
    """Write failed tries down from one address, for a drill."""
    await tx.execute(ADD_FAILED_TRIES, tx.now, count)


async def forget_failed_tries(tx: Transaction) -> None:
    """Take back what `add_failed_tries` wrote."""
    await tx.execute(FORGET_FAILED_TRIES)


async def get_open_doors(tx: Transaction, *, before: datetime) -> Doors:
    """Count the sessions and tokens from up to a moment that still let somebody in."""
    row = await tx.fetchrow(COUNT_OPEN_DOORS, before, tx.now)
    return Doors(0, 0) if row is None else Doors(row["sessions"], row["tokens"])


def _pair(head: ChainHead | None) -> tuple[int, bytes]:
    return (0, b"") if head is None else (head.seq, head.hash)


def _head(seq: int, digest: bytes) -> ChainHead | None:
    return ChainHead(seq, digest) if seq else None


def _verification(row: asyncpg.Record) -> Verification:
    broken = None
    if row["broken_at"] is not None:
        broken = Break(seq=row["broken_seq"], damage=row["damage"], at=row["broken_at"], evidence=row["evidence"])
    return Verification(
        whose=row["whose"],
        verified=_head(row["verified_seq"], row["verified_hash"]),
        verified_at=row["verified_at"],
        patrolled=_head(row["patrolled_seq"], row["patrolled_hash"]),
        resumed=_head(row["resumed_seq"], row["resumed_hash"]),
        resumed_at=row["resumed_at"],
        whole_at=row["whole_at"],
        broken=broken,
        acknowledged_breaks=row["acknowledged_breaks"],
    )
