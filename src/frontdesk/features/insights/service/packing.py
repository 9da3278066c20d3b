"""The compliance pack: all that is on record about one person's consent and texts, with what proves it."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import msgspec

from frontdesk.features import delivery, tenants
from frontdesk.features.insights.queries import compliance
from frontdesk.features.insights.queries.compliance import Row
from frontdesk.features.insights.service import verifying
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import ChainHead
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused

PAGE = 5_000
RECEIPT_STATES = ("queued", "sending", "sent", "delivered", "undelivered", "failed", "canceled", "read", "accepted")
# A table without rows still tells its columns.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "ledger": ("seq", "created_at", "event_type", "channel", "phone_e164", "scope", "metadata", "person_no", "body",
               "canonical", "prev_hash", "hash"),
    "opt_ins": ("id", "phone_e164", "kind", "scope", "text_shown", "text_sha256", "url", "given_at", "zone", "ip",
                "user_agent", "sellers", "not_a_condition", "source", "missing", "recorded_at", "recorded_by",
                "request_id", "confirmed_at", "revoked_at", "revoked_because"),
    "opt_in_requests": ("id", "phone_e164", "opt_in", "frequency", "requested_at", "requested_by", "expires_at",
                        "outcome", "answered_at"),
    "refusals": ("list", "scope", "source", "reason", "since", "sender_e164", "listed_at", "listed_reason"),
    "sends": tuple(delivery.SendJob.__dataclass_fields__),
    "attempts": ("job_id", *delivery.Attempt.__dataclass_fields__),
    "decisions": ("job_id", "id", "decided_at", "verdict", "code", "citation", "gates", "facts", "rules_version",
                  "replays"),
    "receipts": ("provider", "dedupe_key", "received_at", "body_base64"),
    "texts": ("id", "created_at", "direction", "sender_e164", "recipient_e164", "body", "author", "wording", "provider",
              "provider_message_id", "send_job_id"),
}  # fmt: skip
README = """Compliance pack

About {phone}, from {business}, made {made_at} (UTC).

manifest.json     what the pack holds: SHA-256 of every file, the part of the chain, its head
ledger            consent and refusal events, each as it was chained
chain.jsonl       the links of the business's consent chain from this person's first event to the newest. A link holds
                  the SHA-256 of an event and names nobody; the events of this person are in ledger
opt_ins, opt_in_requests, refusals
                  consents with their evidence; questions not answered yet; what keeps the person from being texted now
sends, attempts, decisions, receipts
                  every text that was to leave, every try to hand it over, what each gate said of it and by which source
                  (replays: today's rules decide the same from the same facts), and what the carrier reported
texts             what was written, as far as it is kept (180 days; carriers' reports 90 days)

Each table is there as JSON, which counts, and as CSV, for reading: a cell that a spreadsheet would take for a formula
begins with an apostrophe. Times are in UTC.

To check the pack: python3 verify.py
To check it against a head that was noted earlier: python3 verify.py --anchor NUMBER:HASH
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A pack that was written; `head` ("number:hash") and `manifest_sha256` noted elsewhere prove it later."""

    folder: str
    business: str
    phone_e164: str
    events: int
    links: int
    sends: int
    manifest_sha256: str
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Segment:
    """The part of the chain that is shown: its first link, what that stands on, and the head."""

    first: int
    before: str
    head_number: int
    head_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What a pack says of itself."""

    business: tenants.Tenant
    phone_e164: str
    made_at: datetime
    by: Actor
    chain: _Segment


async def write_pack(tx: Transaction, folder: Path, *, phone_e164: str, by: Actor) -> Pack:
    """Write a person's compliance pack into a new or empty folder, and that it was made into the audit log.

    Refuses a folder that holds something (`insights.folder_in_use`) and a number about which the business has nothing
    on record (`insights.nothing_on_record`).
    """
    business = await tenants.get_tenant(tx)
    if not await compliance.is_known(tx, phone_e164=phone_e164):
        raise Refused("insights.nothing_on_record", "nothing is on record about this number", status=404)
    _take(folder)
    head = await audit.find_head(tx, chain=verifying.CHAIN, tenant_id=tx.tenant)
    until = 0 if head is None else head.seq
    tables = await _gather(tx, phone_e164, until=until)
    chain = _beginning(tables["ledger"], head, tenant_id=str(business.id))
    links = await _write_chain(tx, folder, phone_e164, after=chain.first - 1, until=until)
    frame = _Frame(business=business, phone_e164=phone_e164, made_at=tx.now, by=by, chain=chain)
    manifest_sha256 = await asyncio.to_thread(_write_files, folder, tables, frame)
    pack = Pack(
        folder=str(folder),
        business=business.slug,
        phone_e164=phone_e164,
        events=len(tables["ledger"]),
        links=links,
        sends=len(tables["sends"]),
        manifest_sha256=manifest_sha256,
        head=f"{chain.head_number}:{chain.head_hash}",
    )
    await audit.write_entry(
        tx,
        actor=by,
        action="insights.compliance_exported",
        subject=f"phone:{phone_e164}",
        details={"manifest_sha256": pack.manifest_sha256, "head": pack.head, "events": pack.events},
    )
    return pack


async def has_records_of(tx: Transaction, *, phone_e164: str) -> bool:
    """Tell whether the business has anything on record about a number."""
    return await compliance.is_known(tx, phone_e164=phone_e164)


def _take(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise Refused("insights.folder_in_use", f"{folder} is not empty: name a new folder", status=409)


def _beginning(events: Sequence[Row], head: ChainHead | None, *, tenant_id: str) -> _Segment:
    """Tell which part of the chain is shown: from the person's first event to the newest link."""
    if head is None:
        nothing = verifying.genesis(tenant_id).hex()
        return _Segment(first=1, before=nothing, head_number=0, head_hash=nothing)
    first, before = head.seq + 1, head.hash.hex()
    if events:
        first, before = int(str(events[0]["seq"])), str(events[0]["prev_hash"])
    return _Segment(first=first, before=before, head_number=head.seq, head_hash=head.hash.hex())


async def _gather(tx: Transaction, phone_e164: str, *, until: int) -> dict[str, list[Row]]:
    tables: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    tables["ledger"] = [
        {**row, "metadata": json.loads(str(row["metadata"]))}
        for row in await compliance.list_events(tx, phone_e164=phone_e164, until=until)
    ]
    tables["opt_ins"] = await compliance.list_opt_ins(tx, phone_e164=phone_e164)
    tables["opt_in_requests"] = [
        {**row, "opt_in": json.loads(str(row["opt_in"]))}
        for row in await compliance.list_requests(tx, phone_e164=phone_e164)
    ]
    tables["refusals"] = await compliance.list_refusals(tx, phone_e164=phone_e164)
    tables["texts"] = await compliance.list_texts(tx, phone_e164=phone_e164)
    for job_id in await compliance.list_job_ids(tx, phone_e164=phone_e164):
        report = await delivery.report_job(tx, job_id=job_id)
        tables["sends"].append(asdict(report.job))
        tables["attempts"] += [{"job_id": job_id, **asdict(attempt)} for attempt in report.attempts]
        tables["decisions"] += [{"job_id": job_id, **_decision(decision)} for decision in report.decisions]
    keys = [
        f"receipt:{job['provider_message_id']}:{state}"
        for job in tables["sends"]
        if job["provider_message_id"]
        for state in RECEIPT_STATES
    ]
    tables["receipts"] = await compliance.list_receipts(tx, keys=keys)
    return tables


def _decision(decision: delivery.StoredDecision) -> Row:
    """Show a decision with its sources, and whether today's rules come to the same; null if they cannot tell."""
    gates = json.loads(decision.gates_json)
    citation = next((gate["citation"] for gate in gates if gate["code"] == decision.code), "")
    try:
        replays: bool | None = delivery.replays(decision.facts_json, verdict=decision.verdict, code=decision.code)
    except msgspec.DecodeError:
        replays = None
    return {
        "id": decision.id,
        "decided_at": decision.decided_at,
        "verdict": decision.verdict,
        "code": decision.code,
        "citation": citation,
        "gates": gates,
        "facts": json.loads(decision.facts_json),
        "rules_version": decision.rules_version,
        "replays": replays,
    }


async def _write_chain(tx: Transaction, folder: Path, phone_e164: str, *, after: int, until: int) -> int:
    count = 0
    with _open_chain(folder) as file:
        while page := await compliance.list_links(tx, phone_e164=phone_e164, after=after, until=until, limit=PAGE):
            for link in page:
                file.write(json.dumps(link, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += len(page)
            after = int(str(page[-1]["seq"]))
    return count


def _open_chain(folder: Path) -> TextIO:
    return (folder / "chain.jsonl").open("w", encoding="utf-8")


def _write_files(folder: Path, tables: Mapping[str, list[Row]], frame: _Frame) -> str:
    """Write everything but the chain, the manifest last; returns the manifest's SHA-256."""
    _write_tables(folder, tables)
    made_at = f"{frame.made_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    readme = README.format(phone=frame.phone_e164, business=frame.business.name, made_at=made_at)
    (folder / "README.txt").write_text(readme, encoding="utf-8")
    (folder / "verify.py").write_text(Path(verifying.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    bodies = [str(event["body"]) for event in tables["ledger"] if event["body"] is not None]
    chain = frame.chain
    manifest = {
        "format": verifying.FORMAT,
        "contact": frame.phone_e164,
        "business": {"id": str(frame.business.id), "slug": frame.business.slug, "name": frame.business.name},
        "made_at": _plain(frame.made_at),
        "made_by": frame.by.id,
        "chain": {
            "name": verifying.CHAIN,
            "from": chain.first,
            "before": chain.before,
            "head": {"seq": chain.head_number, "hash": chain.head_hash},
        },
        "person": {
            "events": len(tables["ledger"]),
            "last_sha256": hashlib.sha256(bodies[-1].encode()).hexdigest() if bodies else "",
        },
        "tables": list(COLUMNS),
        "files": {path.name: _described(path) for path in sorted(folder.iterdir())},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def _write_tables(folder: Path, tables: Mapping[str, list[Row]]) -> None:
    for name, columns in COLUMNS.items():
        rows = [{column: _plain(row[column]) for column in columns} for row in tables[name]]
        text = json.dumps(rows, ensure_ascii=False, indent=1)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerow(columns)
            writer.writerows([verifying.csv_cell(row[column]) for column in columns] for row in rows)


def _plain(value: object) -> object:
    """Bring a value to what JSON holds; moments in UTC to the microsecond, so that they sort as text."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case None | bool() | int() | str():
            return value
        case list() | tuple():
            return [_plain(one) for one in value]
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case _:
            return str(value)


def _described(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size}
