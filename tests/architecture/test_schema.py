"""The database's own shape: names, times, remarks, closed vocabularies and how revisions run."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from enum import StrEnum

import asyncpg
import pytest

from frontdesk.features import scheduling
from frontdesk.features.assistant import Language
from frontdesk.features.billing.model import (
    FactKind,
    Interval,
    OrderKind,
    OrderStatus,
    PaymentStatus,
    RefundStatus,
    SubscriptionStatus,
)
from frontdesk.features.campaigns.model import CampaignStatus, RehearsalStatus
from frontdesk.features.consent.model import ConsentKind, ConsentScope, RefusalScope, RefusalSource, RequestOutcome
from frontdesk.features.consent.wording import Verdict as WordingVerdict
from frontdesk.features.contacts.model import ChangeKind, ImportStatus, RowOutcome, UndoOutcome
from frontdesk.features.conversations import ThreadAct, ThreadStatus
from frontdesk.features.delivery.gates import Verdict
from frontdesk.features.delivery.model import JobStatus, MessageClass
from frontdesk.features.delivery.retry import RANK
from frontdesk.features.delivery.service.switching import Scope
from frontdesk.features.scheduling.model import HoldOutcome, OccupancyKind, ReminderStatus
from frontdesk.features.scheduling.model.calendars import CalendarCompany, ConnectionState
from frontdesk.features.scheduling.model.showing import Accent
from frontdesk.features.senders import NumberType, RegistrationStatus
from frontdesk.features.tenants import SetupStep
from frontdesk.features.textback.model import Outcome
from frontdesk.features.textback.model.dialogue import Asking, Stage
from frontdesk.kernel.auth import Role as MemberRole
from frontdesk.kernel.db import Role
from frontdesk.kernel.hooks import DeliveryStatus
from frontdesk.kernel.jobs import RunState
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.alerts.model import AlertState
from frontdesk.operations.alerts.queries.notices import NotificationStatus
from frontdesk.operations.alerts.queries.texts import TextStatus
from frontdesk.operations.backups.model import BackupKind, BackupState, DrillState, StreamState
from frontdesk.operations.incidents.model import NoteKind
from frontdesk.operations.incidents.rota import Turn
from frontdesk.operations.runbooks.model import RunState as RunbookState
from frontdesk.operations.runbooks.model import StepKind, StepResult
from frontdesk.schema import migrate as migration
from tests.architecture.sources import ROOT, listed, sources

NOT_OURS = ("pgqueuer", "alembic")
# Names that the sources give; every other table is a plural noun.
SOURCES_NAMES = {"do_not_contact", "global_do_not_contact", "audit_log"}
TIMES = re.compile(r"_(at|until)$|^(at|since)$")
# Days and hours on somebody's own wall clock: a budget's day, quiet hours, the day a price begins.
WALL_CLOCK = {
    ("budgets", "day"),
    ("budgets", "month"),
    ("brand_days", "day"),
    ("daily_figures", "day"),
    ("number_paces", "day"),
    ("segment_prices", "since"),
    ("campaigns", "quiet_from"),
    ("campaigns", "quiet_until"),
    ("send_streams", "quiet_from"),
    ("send_streams", "quiet_until"),
    ("tenants", "quiet_from"),
    ("tenants", "quiet_until"),
}
# Which words a column takes, and where the program lists them.
VOCABULARIES: dict[tuple[str, str], type[StrEnum]] = {
    ("payments", "status"): PaymentStatus,
    ("payment_events", "kind"): FactKind,
    ("payment_events", "refund_status"): RefundStatus,
    ("refunds", "status"): RefundStatus,
    ("plans", "paid_every"): Interval,
    ("subscriptions", "status"): SubscriptionStatus,
    ("payment_orders", "kind"): OrderKind,
    ("payment_orders", "status"): OrderStatus,
    ("sched_pages", "accent"): Accent,
    ("send_jobs", "status"): JobStatus,
    ("send_jobs", "message_class"): MessageClass,
    ("send_decisions", "verdict"): Verdict,
    ("delivery_switches", "scope"): Scope,
    ("textbacks", "outcome"): Outcome,
    ("conversations", "status"): ThreadStatus,
    ("conv_changes", "kind"): ThreadAct,
    ("conv_dialogues", "stage"): Stage,
    ("conv_dialogues", "asking"): Asking,
    ("conv_dialogues", "language"): Language,
    ("members", "role"): MemberRole,
    ("invitations", "role"): MemberRole,
    ("onboardings", "step"): SetupStep,
    ("imports", "status"): ImportStatus,
    ("import_rows", "outcome"): RowOutcome,
    ("backups", "kind"): BackupKind,
    ("backups", "state"): BackupState,
    ("backup_drills", "state"): DrillState,
    ("wal_streams", "state"): StreamState,
    ("import_changes", "kind"): ChangeKind,
    ("import_changes", "outcome"): UndoOutcome,
    ("job_runs", "state"): RunState,
    ("do_not_contact", "scope"): RefusalScope,
    ("do_not_contact", "source"): RefusalSource,
    ("global_do_not_contact", "scope"): RefusalScope,
    ("suppression_imports", "scope"): RefusalScope,
    ("opt_ins", "kind"): ConsentKind,
    ("opt_ins", "scope"): ConsentScope,
    ("opt_in_requests", "outcome"): RequestOutcome,
    ("sending_numbers", "number_type"): NumberType,
    ("sending_numbers", "registration_status"): RegistrationStatus,
    ("webhook_deliveries", "status"): DeliveryStatus,
    ("alert_instances", "state"): AlertState,
    ("alert_notifications", "status"): NotificationStatus,
    ("alert_texts", "status"): TextStatus,
    ("campaigns", "status"): CampaignStatus,
    ("rehearsals", "status"): RehearsalStatus,
    ("rehearsal_entries", "verdict"): Verdict,
    ("sched_appointments", "status"): scheduling.AppointmentStatus,
    ("sched_appointments", "deposit"): scheduling.Deposit,
    ("sched_occupancies", "kind"): OccupancyKind,
    ("sched_past_holds", "outcome"): HoldOutcome,
    ("sched_reminders", "status"): ReminderStatus,
    ("sched_waiters", "status"): scheduling.WaiterStatus,
    ("calendar_connections", "provider"): CalendarCompany,
    ("calendar_connections", "state"): ConnectionState,
    ("calendar_consents", "provider"): CalendarCompany,
    ("runbook_runs", "state"): RunbookState,
    ("incident_notes", "kind"): NoteKind,
    ("oncall_rotas", "turn"): Turn,
    ("runbook_steps", "kind"): StepKind,
    ("runbook_steps", "result"): StepResult,
}
# Names that somebody else gave, as they gave them.
OUTSIDE_IDS = {
    ("sending_numbers", "registration_id"),
    ("sending_numbers", "brand_id"),
    ("sending_brands", "brand_id"),
    ("brand_days", "brand_id"),
    ("registration_paces", "registration_id"),
}
OTHER_CHECKS = {
    ("send_jobs", "channel"): {"sms"},
    ("conv_messages", "direction"): {"inbound", "outbound"},
    ("conv_dialogue_turns", "understood_by"): {"rules", "model"},
    ("job_steps", "state"): {"succeeded", "failed", "skipped"},
    ("check_states", "severity"): {severity.word for severity in Severity},
}

COLUMNS = """
    select table_name, column_name, data_type, udt_name from information_schema.columns
    where table_schema = 'public' order by table_name, ordinal_position
"""
WORD_CHECKS = """
    select relation.relname as table_name, pg_get_constraintdef(rule.oid) as definition
    from pg_constraint as rule join pg_class as relation on relation.oid = rule.conrelid
    where rule.contype = 'c' and pg_get_constraintdef(rule.oid) ~ '::text'
"""
TABLES = """
    select relation.relname as name, obj_description(relation.oid) as remark
    from pg_class as relation join pg_namespace as space on space.oid = relation.relnamespace
    where relation.relkind in ('r', 'p') and space.nspname = 'public' order by relation.relname
"""
LOOSE_KEYS = """
    select relation.relname as table_name, pg_get_constraintdef(rule.oid) as definition
    from pg_constraint as rule join pg_class as relation on relation.oid = rule.conrelid
    where rule.contype = 'f' and rule.confdeltype in ('c', 'n') and not exists (
      select from pg_index as index
      where index.indrelid = rule.conrelid and index.indkey[0] = rule.conkey[1]
    )
"""


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Lend a connection of the database's owner."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


def ours(rows: Iterable[asyncpg.Record], name: str = "table_name") -> list[asyncpg.Record]:
    """Leave out the tables of the engines below us."""
    return [row for row in rows if not row[name].startswith(NOT_OURS)]


async def test_tables_are_plural_nouns_with_a_remark(owner: asyncpg.Connection) -> None:
    rows = ours(await owner.fetch(TABLES), "name")
    assert len(rows) > 25
    offenders = [row["name"] for row in rows if not row["name"].endswith("s") and row["name"] not in SOURCES_NAMES]
    offenders += [f"{row['name']} has no remark" for row in rows if not row["remark"]]
    assert not offenders, listed(offenders)


async def test_moments_know_their_zone_and_say_so_in_their_name(owner: asyncpg.Connection) -> None:
    offenders = []
    for row in ours(await owner.fetch(COLUMNS)):
        column, kind = row["column_name"], row["data_type"]
        if (row["table_name"], column) in WALL_CLOCK:
            continue
        if kind in {"timestamp without time zone", "time without time zone", "date"}:
            offenders.append(f"{row['table_name']}.{column} knows no zone")
        if (kind == "timestamp with time zone") != bool(TIMES.search(column)):
            offenders.append(f"{row['table_name']}.{column} is {kind}")
    assert not offenders, listed(offenders)


async def test_phones_money_and_ids_have_the_types_of_the_house(owner: asyncpg.Connection) -> None:
    offenders = []
    for row in ours(await owner.fetch(COLUMNS)):
        column, kind = row["column_name"], row["udt_name"]
        if "phone" in column and not column.endswith("_e164"):
            offenders.append(f"{row['table_name']}.{column}: a phone ends with _e164")
        if column.endswith("_cents") and kind != "numeric":
            offenders.append(f"{row['table_name']}.{column}: money is cents with exact fractions")
        ours_to_name = not column.startswith("provider_") and (row["table_name"], column) not in OUTSIDE_IDS
        if column.endswith("_id") and ours_to_name and kind != "uuid":
            offenders.append(f"{row['table_name']}.{column}: an id is a uuid, not {kind}")
        if kind in {"json", "varchar", "bpchar", "float4", "float8", "money"}:
            offenders.append(f"{row['table_name']}.{column}: {kind} is not used here")
    assert not offenders, listed(offenders)


async def test_rows_that_go_with_others_are_found_by_an_index(owner: asyncpg.Connection) -> None:
    offenders = [f"{row['table_name']}: {row['definition']}" for row in ours(await owner.fetch(LOOSE_KEYS))]
    assert not offenders, listed(offenders)


async def word_checks(owner: asyncpg.Connection) -> dict[tuple[str, str], set[str]]:
    """List the columns that take certain words only, with the words."""
    found = {}
    for row in ours(await owner.fetch(WORD_CHECKS)):
        listed_words = re.search(r"\((\w+) = ANY", row["definition"])
        one_word = re.search(r"\((\w+) = '(\w+)'::text\)", row["definition"])
        said = set(re.findall(r"'(\w+)'::text", row["definition"]))
        if listed_words:
            found[row["table_name"], listed_words[1]] = said
        elif one_word:
            found.setdefault((row["table_name"], one_word[1]), said)
    return found


async def test_the_database_and_the_program_know_the_same_words(owner: asyncpg.Connection) -> None:
    checks = await word_checks(owner)
    for place, vocabulary in VOCABULARIES.items():
        assert checks.pop(place) == {word.value for word in vocabulary}, place
    assert checks == OTHER_CHECKS, "a new vocabulary belongs into VOCABULARIES, beside the enum that lists its words"


async def test_the_rank_of_a_status_is_the_same_in_sql_and_in_the_program(owner: asyncpg.Connection) -> None:
    assert set(RANK) == set(JobStatus)
    for status, rank in RANK.items():
        assert await owner.fetchval("select send_status_rank($1)", status.value) == rank, status


async def test_the_roles_of_the_program_are_roles_of_the_database(owner: asyncpg.Connection) -> None:
    for role in (Role.APP, Role.SYSTEM):
        assert await owner.fetchval("select rolcanlogin from pg_roles where rolname = $1", role.value) is False


def test_vocabularies_are_lower_case_words() -> None:
    vocabularies: list[type[StrEnum]] = [*VOCABULARIES.values(), WordingVerdict]
    for vocabulary in vocabularies:
        for word in vocabulary:
            assert re.fullmatch(r"[a-z_]+|C[1-4]", word.value), word


async def test_the_dry_run_is_plain_sql_that_waits_for_no_lock_longer_than_promised() -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "alembic", "upgrade", "head", "--sql"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"set lock_timeout = '{migration.LOCK_TIMEOUT}'" in done.stdout
    assert done.stdout.index("lock_timeout") < done.stdout.lower().index("create table")
    assert "create table send_jobs" in done.stdout


def test_revisions_only_go_forward() -> None:
    offenders = [
        source.place
        for source in sources()
        if source.place.startswith("schema/versions/") and "def downgrade" in source.text
    ]
    assert not offenders, listed(offenders)
    assert any(source.place.startswith("schema/versions/") for source in sources())
