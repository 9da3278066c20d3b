"""Recovery codes: ten at a time, each once, kept as hashes."""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID

from frontdesk.kernel.db import Tx, affected

COUNT = 10
# 120 random bits: above the 112 from which a plain hash keeps a code (ASVS 5.0, 6.5.2).
LENGTH = 24
GROUP = 4
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing that is read as something else
READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", "u": "v"})

DELETE_CODES = "delete from recovery_codes where user_id = $1"
INSERT_CODES = """
insert into recovery_codes (user_id, code_hash, created_at)
select $1, code_hash, $3 from unnest($2::bytea[]) as code_hash
"""
USE_CODE = "update recovery_codes set used_at = $3 where user_id = $1 and code_hash = $2 and used_at is null"
COUNT_CODES = "select count(*) from recovery_codes where user_id = $1 and used_at is null"


async def replace_codes(tx: Tx, *, user_id: UUID) -> tuple[str, ...]:
    """Make ten new codes in place of all earlier ones; they are shown this once."""
    plain = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(COUNT)]
    await tx.execute(DELETE_CODES, user_id)
    await tx.execute(INSERT_CODES, user_id, [_hash(user_id, one) for one in plain], tx.now)
    return tuple("-".join(one[at : at + GROUP] for at in range(0, LENGTH, GROUP)) for one in plain)


async def use_code(tx: Tx, *, user_id: UUID, code: str) -> bool:
    """Use a code up; False for one that is wrong or was used."""
    plain = plain_code(code)
    if len(plain) != LENGTH:
        return False
    return affected(await tx.execute(USE_CODE, user_id, _hash(user_id, plain), tx.now)) == 1


async def count_codes(tx: Tx, *, user_id: UUID) -> int:
    """Count the codes that are left."""
    found = await tx.fetchval(COUNT_CODES, user_id)
    return found if isinstance(found, int) else 0


def plain_code(code: str) -> str:
    """Bring a code as it was typed into the form that was made: no gaps, small letters, no look-alikes."""
    return "".join(code.split()).replace("-", "").casefold().translate(READ_AS)


def _hash(user_id: UUID, plain: str) -> bytes:
    return hashlib.sha256(b"frontdesk recovery code v1/" + user_id.bytes + plain.encode()).digest()
