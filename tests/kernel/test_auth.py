"""Who gets in, for how long, and who does not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from argon2 import PasswordHasher, extract_parameters

from frontdesk.kernel.audit import Intact, list_entries, verify_chain
from frontdesk.kernel.auth import (
    ROLE_SCOPES,
    LoggedIn,
    LoginLimits,
    LoginRefused,
    LoginResult,
    LoginThrottled,
    PasswordHash,
    Passwords,
    Role,
    Scope,
    SessionLifetime,
    User,
    create_token,
    create_user,
    csrf_matches,
    csrf_token,
    disable_user,
    end_all_sessions,
    find_session,
    find_user,
    forget_old_logins,
    log_in,
    log_out,
    log_out_everywhere,
    put_member,
    refuse_weak_password,
    remove_member,
    set_password,
)
from frontdesk.kernel.auth.model import throttled_address
from frontdesk.kernel.auth.passwords import frequent_passwords
from frontdesk.kernel.db import Database
from frontdesk.kernel.db import Role as DatabaseRole
from frontdesk.kernel.errors import Refused
from tests.support.actors import ADA_ACTS, TEST_ACTS

PASSWORD = "seven quiet harbours"
OTHER_PASSWORD = "nine loud mountains"
SHOP, OTHER_SHOP = UUID(int=1), UUID(int=2)
LIFETIME = SessionLifetime(idle=timedelta(hours=1), absolute=timedelta(hours=8))
OWNER_SCOPES = ROLE_SCOPES[Role.OWNER]


class StoppedClock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))

    def advance(self, step: timedelta) -> None:
        self._now += step


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords()


@pytest.fixture
async def system(database_url: str, clock: StoppedClock) -> AsyncIterator[Database]:
    database = await Database.open(database_url, role=DatabaseRole.SYSTEM, clock=clock)
    yield database
    await database.close()


@pytest.fixture
async def ada(system: Database, passwords: Passwords) -> User:
    hashed = await passwords.hash(PASSWORD)
    async with system.transaction(SHOP) as tx:
        user = await create_user(tx, email="Ada@Example.com ", name="Ada", password_hash=hashed, actor=TEST_ACTS)
        await put_member(tx, user_id=user.id, role=Role.OWNER, actor=TEST_ACTS)
    return user


async def try_login(
    system: Database,
    passwords: Passwords,
    *,
    email: str = "ada@example.com",
    password: str = PASSWORD,
    ip: str = "198.51.100.7",
    limits: LoginLimits | None = None,
) -> LoginResult:
    return await log_in(
        system, passwords, email=email, password=password, ip=ip, user_agent="test", lifetime=LIFETIME, limits=limits
    )


async def logged_in(system: Database, passwords: Passwords, **changes: str) -> LoggedIn:
    result = await try_login(system, passwords, **changes)  # type: ignore[arg-type]  # only texts are passed
    assert isinstance(result, LoggedIn)
    return result


async def is_valid(system: Database, token: str) -> bool:
    async with system.transaction() as tx:
        return await find_session(tx, token=token, lifetime=LIFETIME) is not None


async def test_ada_logs_in_and_may_do_for_her_shop_what_an_owner_may(
    system: Database, passwords: Passwords, ada: User
) -> None:
    result = await logged_in(system, passwords, email="  ADA@example.COM")
    assert (result.session.user_id, result.session.email) == (ada.id, "ada@example.com")
    assert result.session.scopes_for(SHOP) == OWNER_SCOPES
    assert result.session.scopes_for(OTHER_SHOP) == frozenset()
    assert result.session.scopes_for(None) == frozenset()
    assert await is_valid(system, result.token)
    assert result.token not in repr(result)


@pytest.mark.usefixtures("ada")
async def test_only_hashes_are_kept(system: Database, passwords: Passwords, database_url: str) -> None:
    result = await logged_in(system, passwords)
    async with system.transaction(SHOP) as tx:
        issued = await create_token(
            tx, name="t", scopes=frozenset({Scope.CALLS_READ}), grantable=OWNER_SCOPES,
            expires_at=tx.now + timedelta(days=1), actor=ADA_ACTS,
        )  # fmt: skip
    owner = await asyncpg.connect(database_url)
    try:
        tables = ("users", "sessions", "api_tokens", "login_attempts", "audit_log")
        dump = "".join(
            [str(row) for table in tables for row in await owner.fetch(f"select {table}::text from {table}")]  # noqa: S608 - ours
        )
    finally:
        await owner.close()
    for secret in (PASSWORD, result.token, issued.secret):
        assert secret not in dump
    stored = re.search(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$", dump)
    assert stored is not None
    assert int(stored[1]) >= 19 * 1024
    assert int(stored[2]) >= 2
    assert len(result.token) * 6 >= 128
    assert issued.token.prefix in dump


async def test_wrong_password_unknown_person_and_barred_person_get_the_same_answer(
    system: Database, passwords: Passwords, ada: User
) -> None:
    assert await try_login(system, passwords, password=OTHER_PASSWORD) == LoginRefused()
    assert await try_login(system, passwords, email="nobody@example.com") == LoginRefused()
    assert await try_login(system, passwords, email="not an address\x00\ud800") == LoginRefused()
    async with system.transaction() as tx:
        await disable_user(tx, user_id=ada.id, actor=TEST_ACTS)
    assert await try_login(system, passwords) == LoginRefused()


async def test_a_person_without_a_password_cannot_log_in_with_any(system: Database, passwords: Passwords) -> None:
    async with system.transaction() as tx:
        await create_user(tx, email="ben@example.com", name="Ben", password_hash=None, actor=TEST_ACTS)
    for password in ("", "None", PASSWORD):
        assert await try_login(system, passwords, email="ben@example.com", password=password) == LoginRefused()


async def test_an_unknown_person_costs_the_same_slow_hash_as_a_known_one(passwords: Passwords) -> None:
    hashed = await passwords.hash(PASSWORD)
    assert extract_parameters(passwords.nobody_hash) == extract_parameters(hashed)
    assert not await passwords.matches(None, PASSWORD)
    assert await passwords.matches(hashed, PASSWORD)


async def test_a_hash_of_older_costs_is_replaced_at_the_next_login(
    system: Database, passwords: Passwords, database_url: str
) -> None:
    older = PasswordHash(PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD))
    async with system.transaction() as tx:
        await create_user(tx, email="ada@example.com", name="Ada", password_hash=older, actor=TEST_ACTS)
    await logged_in(system, passwords)
    owner = await asyncpg.connect(database_url)
    stored = await owner.fetchval("select password_hash from users")
    await owner.close()
    assert extract_parameters(stored) == extract_parameters(passwords.nobody_hash)
    await logged_in(system, passwords)


@pytest.mark.usefixtures("ada")
async def test_every_login_gets_a_token_of_its_own(system: Database, passwords: Passwords) -> None:
    first, second = await logged_in(system, passwords), await logged_in(system, passwords)
    assert first.token != second.token
    async with system.transaction() as tx:
        await log_out(tx, session=first.session)
    assert not await is_valid(system, first.token)
    assert await is_valid(system, second.token)


@pytest.mark.usefixtures("ada")
async def test_a_session_ends_when_idle_and_at_the_latest_at_its_absolute_end(
    system: Database, passwords: Passwords, clock: StoppedClock
) -> None:
    left, used = await logged_in(system, passwords), await logged_in(system, passwords)
    clock.advance(timedelta(minutes=59))
    assert await is_valid(system, used.token)
    clock.advance(timedelta(minutes=1))
    assert not await is_valid(system, left.token)
    while clock.now() < used.session.expires_at - timedelta(minutes=30):
        assert await is_valid(system, used.token)
        clock.advance(timedelta(minutes=30))
    assert await is_valid(system, used.token)
    clock.advance(timedelta(minutes=30))
    assert not await is_valid(system, used.token)


async def test_a_new_password_ends_the_other_sessions_and_the_old_password(
    system: Database, passwords: Passwords, ada: User
) -> None:
    mine, stolen = await logged_in(system, passwords), await logged_in(system, passwords)
    hashed = await passwords.hash(OTHER_PASSWORD)
    async with system.transaction() as tx:
        await set_password(
            tx, user_id=ada.id, password_hash=hashed, actor=mine.session.actor, keep_session=mine.session.id
        )
    assert await is_valid(system, mine.token)
    assert not await is_valid(system, stolen.token)
    assert await try_login(system, passwords) == LoginRefused()
    assert isinstance(await try_login(system, passwords, password=OTHER_PASSWORD), LoggedIn)


async def test_barring_a_person_and_clearing_all_sessions_take_effect_at_once(
    system: Database, passwords: Passwords, ada: User
) -> None:
    tokens = [(await logged_in(system, passwords)).token for _ in range(2)]
    async with system.transaction() as tx:
        assert await log_out_everywhere(tx, user_id=ada.id, actor=ADA_ACTS) == 2
    assert not any([await is_valid(system, token) for token in tokens])
    tokens = [(await logged_in(system, passwords)).token for _ in range(2)]
    async with system.transaction() as tx:
        assert await end_all_sessions(tx, actor=ADA_ACTS) == 2
    assert not any([await is_valid(system, token) for token in tokens])
    token = (await logged_in(system, passwords)).token
    async with system.transaction() as tx:
        await disable_user(tx, user_id=ada.id, actor=ADA_ACTS)
    assert not await is_valid(system, token)


async def test_a_lost_role_is_lost_with_the_next_request(system: Database, passwords: Passwords, ada: User) -> None:
    token = (await logged_in(system, passwords)).token

    async def scopes() -> frozenset[Scope]:
        async with system.transaction() as tx:
            session = await find_session(tx, token=token, lifetime=LIFETIME)
        assert session is not None
        return session.scopes_for(SHOP)

    async with system.transaction(SHOP) as tx:
        await put_member(tx, user_id=ada.id, role=Role.AUDITOR, actor=ADA_ACTS)
    assert Scope.MESSAGES_SEND not in await scopes()
    assert Scope.AUDIT_READ in await scopes()
    async with system.transaction(SHOP) as tx:
        await remove_member(tx, user_id=ada.id, actor=ADA_ACTS)
    assert await scopes() == frozenset()


@pytest.mark.parametrize("token", ["", "x", "x" * 10_000, "\x00", "\ud800", "' or true --"])
async def test_a_made_up_session_token_is_nobody(system: Database, token: str) -> None:
    assert not await is_valid(system, token)


def test_a_csrf_token_fits_its_session_only() -> None:
    assert csrf_matches("session-a", csrf_token("session-a", key="k"), key="k")
    assert not csrf_matches("session-b", csrf_token("session-a", key="k"), key="k")
    assert not csrf_matches("session-a", csrf_token("session-a", key="k"), key="other")
    assert not csrf_matches("session-a", "", key="k")
    assert not csrf_matches("session-a", "é\ud800", key="k")
    assert "session-a" not in csrf_token("session-a", key="k")


@pytest.mark.usefixtures("ada")
async def test_failures_throttle_an_account_an_address_and_everybody(
    system: Database, passwords: Passwords, clock: StoppedClock
) -> None:
    limits = LoginLimits(per_account=3, per_address=5, overall=9)
    for number in range(3):
        refused = await try_login(system, passwords, password="wrong", ip=f"203.0.113.{number}", limits=limits)
        assert refused == LoginRefused()
        clock.advance(timedelta(minutes=1))
    throttled = await try_login(system, passwords, ip="203.0.113.9", limits=limits)
    assert throttled == LoginThrottled("account", timedelta(minutes=12))
    for number in range(5):
        await try_login(system, passwords, email=f"p{number}@example.com", ip="203.0.113.77", limits=limits)
    throttled = await try_login(system, passwords, email="p9@example.com", ip="203.0.113.77", limits=limits)
    assert isinstance(throttled, LoginThrottled)
    assert throttled.reason == "address"
    await try_login(system, passwords, email="p@example.com", ip="203.0.113.78", limits=limits)
    throttled = await try_login(system, passwords, email="q@example.com", ip="203.0.113.79", limits=limits)
    assert isinstance(throttled, LoginThrottled)
    assert throttled.reason == "everyone"
    clock.advance(timedelta(minutes=15))
    assert isinstance(await try_login(system, passwords, ip="203.0.113.9", limits=limits), LoggedIn)


@pytest.mark.usefixtures("ada")
async def test_nobody_can_lock_ada_out_of_the_place_she_works_at(system: Database, passwords: Passwords) -> None:
    limits = LoginLimits(per_account=2, per_address=50, overall=4)
    await logged_in(system, passwords, ip="198.51.100.7")
    results = [
        await try_login(system, passwords, password="guess", ip=f"203.0.113.{number}", limits=limits)
        for number in range(8)
    ]
    assert sum(isinstance(result, LoginThrottled) for result in results) == 6
    assert isinstance(await try_login(system, passwords, ip="198.51.100.7", limits=limits), LoggedIn)


@pytest.mark.usefixtures("ada")
async def test_tries_at_the_same_moment_cannot_slip_under_the_limit(system: Database, passwords: Passwords) -> None:
    limits = LoginLimits(per_account=4, per_address=100, overall=100)
    results = await asyncio.gather(
        *(try_login(system, passwords, password="guess", ip=f"203.0.113.{n}", limits=limits) for n in range(20))
    )
    assert sum(isinstance(result, LoginRefused) for result in results) == 4


def test_an_ipv6_customer_counts_once_and_a_mapped_address_is_the_ipv4_one() -> None:
    assert throttled_address("2001:db8:1:2:3::4") == throttled_address("2001:db8:1:2:ffff::1") == "2001:db8:1:2::"
    assert throttled_address("2001:db8:1:3::1") != throttled_address("2001:db8:1:2::1")
    assert throttled_address("::ffff:198.51.100.7") == "198.51.100.7"


@pytest.mark.parametrize(
    "password",
    ["short", "x" * 1_001, "aaaaaaaaaaaaaaaa", "password1234!", "123456789012", "210987654321", "Ada-Lovelace-1",
     "qwertyuiop12", "ada.example.com!!", "FrontDesk2026!", "7letter", "baseball", "Trustno1", "monique1", "ALPHAMAN",
     "harborplumbing1", "Harbor-Plumbing!", "baseballharbor"],
)  # fmt: skip
def test_a_password_that_anybody_would_try_is_refused(password: str) -> None:
    with pytest.raises(Refused) as refusal:
        refuse_weak_password(password, about=["Ada Lovelace", "ada@example.com", "Harbor Plumbing"])
    assert refusal.value.code == "auth.password_weak"


def test_every_one_of_the_3000_most_frequent_passwords_is_refused() -> None:
    assert len(frequent_passwords()) == 3000
    for password in frequent_passwords():
        with pytest.raises(Refused):
            refuse_weak_password(password.upper())


@pytest.mark.parametrize(
    "password", [PASSWORD, "kx7vuqzp", "Kp_tV2!qLw", "пароль из пяти слов", "🐢🐙🦀🐝🦊🐻🐼🐸🐵🦁🐮🐷"]
)
def test_any_characters_make_a_password(password: str) -> None:
    refuse_weak_password(password, about=["Ada Lovelace", "ada@example.com"])


async def test_two_people_cannot_share_an_address_and_it_must_be_one(system: Database, ada: User) -> None:
    for email, code in (("ADA@example.com", "auth.email_taken"), ("ada", "auth.email_invalid")):
        with pytest.raises(Refused) as refusal:
            async with system.transaction() as tx:
                await create_user(tx, email=email, name="", password_hash=None, actor=TEST_ACTS)
        assert refusal.value.code == code
    async with system.transaction() as tx:
        assert await find_user(tx, email=" Ada@Example.com") == ada


async def test_every_change_is_in_the_audit_log(system: Database, passwords: Passwords, ada: User) -> None:
    result = await logged_in(system, passwords)
    async with system.transaction() as tx:
        await log_out(tx, session=result.session)
    async with system.transaction() as tx:
        platform = [(entry.action, entry.actor) for entry in await list_entries(tx, tenant_id=None)]
        shop = [entry.action for entry in await list_entries(tx, tenant_id=SHOP)]
        assert isinstance(await verify_chain(tx, tenant_id=None), Intact)
    assert platform == [("auth.logged_in", f"user:{ada.id}"), ("auth.logged_out", f"user:{ada.id}")]
    assert shop == ["auth.user_created", "auth.member_put"]


@pytest.mark.usefixtures("ada")
async def test_old_logins_are_forgotten_and_valid_ones_stay(
    system: Database, passwords: Passwords, clock: StoppedClock
) -> None:
    await logged_in(system, passwords)
    clock.advance(timedelta(days=40))
    current = await logged_in(system, passwords)
    async with system.transaction() as tx:
        assert await forget_old_logins(tx, before=tx.now - timedelta(days=31)) == 2
    assert await is_valid(system, current.token)
