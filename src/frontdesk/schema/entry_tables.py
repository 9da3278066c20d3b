"""Tables of what people prove themselves with besides a password, and of what waits for such a proof."""

from __future__ import annotations

FACTORS: tuple[str, ...] = (
    "alter table sessions add column proven_at timestamptz",
    "update sessions set proven_at = created_at",
    "comment on column sessions.proven_at is 'When the person last proved who they are'",
    """
    create table totp_factors (
      user_id uuid primary key references users on delete cascade,
      sealed_secret bytea not null,
      confirmed_at timestamptz,
      last_step bigint,
      created_at timestamptz not null
    )
    """,
    "comment on table totp_factors is 'Authenticator apps; the secret is sealed to its person. System role only.'",
    """
    create table recovery_codes (
      user_id uuid not null references users on delete cascade,
      code_hash bytea not null check (length(code_hash) = 32),
      created_at timestamptz not null,
      used_at timestamptz,
      primary key (user_id, code_hash)
    )
    """,
    "comment on table recovery_codes is 'Codes that stand in for a lost phone, each once, by hash. System role only.'",
    """
    create table passkeys (
      id uuid primary key,
      user_id uuid not null references users on delete cascade,
      credential bytea not null unique check (length(credential) between 1 and 1023),
      public_key bytea not null,
      sign_count bigint not null check (sign_count >= 0),
      name text not null check (length(name) between 1 and 60),
      created_at timestamptz not null,
      last_used_at timestamptz
    )
    """,
    "create index passkeys_of_person on passkeys (user_id)",
    "comment on table passkeys is 'Public keys of devices that let a person in. System role only.'",
    """
    create table used_challenges (
      challenge_hash bytea primary key check (length(challenge_hash) = 32),
      expires_at timestamptz not null
    )
    """,
    "create index used_challenges_over on used_challenges (expires_at)",
    "comment on table used_challenges is 'Answered challenges of passkeys; none is taken twice. System role only.'",
    """
    create table half_logins (
      token_hash bytea primary key check (length(token_hash) = 32),
      user_id uuid not null references users on delete cascade,
      attempt bigint not null,
      created_at timestamptz not null,
      expires_at timestamptz not null
    )
    """,
    "create index half_logins_of_person on half_logins (user_id)",
    "comment on table half_logins is 'People whose password was right and whose code is awaited. System role only.'",
    """
    create table password_resets (
      token_hash bytea primary key check (length(token_hash) = 32),
      user_id uuid not null references users on delete cascade,
      created_at timestamptz not null,
      expires_at timestamptz not null
    )
    """,
    "create index password_resets_of_person on password_resets (user_id)",
    "comment on table password_resets is 'Links by which a person sets a new password, by hash. System role only.'",
)
NAMES = ("totp_factors", "recovery_codes", "passkeys", "used_challenges", "half_logins", "password_resets")
RIGHTS = "select, insert, update, delete"


def system_only(name: str) -> tuple[str, ...]:
    """List the statements that keep a table to the system role, because the tenant is not known yet."""
    return (
        f"alter table {name} enable row level security",
        f"alter table {name} force row level security",
        f"create policy system_all on {name} to frontdesk_system using (true) with check (true)",
        f"grant {RIGHTS} on {name} to frontdesk_system",
    )


ENTRY: tuple[str, ...] = (*FACTORS, *(statement for name in NAMES for statement in system_only(name)))
