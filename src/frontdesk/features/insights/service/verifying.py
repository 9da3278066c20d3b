"""Checks a compliance pack without a database and without Frontdesk: Python 3.10 and this one file are enough.

    python verify.py [FOLDER] [--anchor NUMBER:HASH] [--json]

It exits with 0 if the pack is whole and 1 if not, and names what is wrong. An anchor is a chain head that was noted
earlier and kept elsewhere: with it, a history that was cut or written anew from its beginning is found too.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FORMAT = "frontdesk compliance pack 1"
CHAIN = "compliance"
# A spreadsheet takes such a cell for a formula, also behind blanks and quotes; a phone number in E.164 is none.
FORMULA = re.compile("[\\s'\"]*[=+\\-@|%\uff1d\uff0b\uff0d\uff20]|[\t\r\n\x00]")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
ANSWERS_TO_STOP = "C4"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found: `faults` break the pack, `findings` are what it shows about the business."""

    faults: tuple[str, ...]
    findings: tuple[str, ...]
    contact: str
    business: str
    events: int
    links: int
    opaque: int
    head: str

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with the pack."""
        return not self.faults


class _Notes:
    """What a check has found so far."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.findings: list[str] = []
        self.contact = self.business = self.head = ""
        self.events = self.links = self.opaque = 0

    def report(self) -> Report:
        return Report(
            tuple(self.faults),
            tuple(self.findings),
            self.contact,
            self.business,
            self.events,
            self.links,
            self.opaque,
            self.head,
        )


def csv_cell(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Write a value as one cell that no spreadsheet computes; phone numbers and numbers stay as they are."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    if PHONE.fullmatch(text) or NUMBER.fullmatch(text):
        return text
    return "'" + text if FORMULA.match(text) else text


def link_hash(prev_hash: bytes, number: int, canonical: str) -> bytes:
    """Compute a link's hash."""
    return hashlib.sha256(prev_hash + number.to_bytes(8, "big") + canonical.encode("utf-8")).digest()


def genesis(tenant_id: str) -> bytes:
    """Compute what the first link of a business's chain stands on."""
    return hashlib.sha256(f"frontdesk chain v1/{CHAIN}/{tenant_id}".encode()).digest()


def verify(folder: Path, anchor: tuple[int, str] | None = None) -> Report:
    """Check a pack; `anchor` is the number and hash of a head that was noted earlier."""
    notes = _Notes()
    try:
        manifest = _manifest(folder)
        notes.contact, notes.business = manifest["contact"], manifest["business"]["name"]
        _check_files(folder, manifest, notes)
        rows = {name: _rows(folder, name) for name in manifest["tables"]}
        _check_tables(folder, rows, notes)
        links = _check_chain(folder, manifest, notes, anchor)
        _check_ledger(rows["ledger"], links, manifest, notes)
        _check_opt_ins(rows["opt_ins"], rows["ledger"], notes)
        _check_refusals(rows, notes)
        _look_at_sends(rows, notes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        notes.faults.append(f"the pack cannot be read: {type(error).__name__}: {error}")
    return notes.report()


def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    if manifest["format"] != FORMAT:
        raise ValueError(f"this is no {FORMAT}")
    return manifest


def _check_files(folder: Path, manifest: dict[str, Any], notes: _Notes) -> None:
    """Compare the files with the manifest: all are there, nothing else is, none was changed."""
    listed = manifest["files"]
    there = {path.name for path in folder.iterdir()} - {"manifest.json"}
    notes.faults += [f"{name} is missing" for name in sorted(set(listed) - there)]
    notes.faults += [f"{name} does not belong to the pack" for name in sorted(there - set(listed))]
    for name in sorted(set(listed) & there):
        with (folder / name).open("rb") as file:
            digest = hashlib.sha256()
            while piece := file.read(1 << 20):
                digest.update(piece)
        if digest.hexdigest() != listed[name]["sha256"]:
            notes.faults.append(f"{name} was changed after the pack was made")


def _rows(folder: Path, name: str) -> list[dict[str, Any]]:
    rows = json.loads((folder / f"{name}.json").read_text("utf-8"))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{name}.json is no list of rows")
    return rows


def _check_tables(folder: Path, rows: dict[str, list[dict[str, Any]]], notes: _Notes) -> None:
    """Compare the CSV that people read with the JSON that counts."""
    csv.field_size_limit(1 << 30)
    for name, expected in rows.items():
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found = list(csv.reader(file))
        heading = found[0] if found else []
        written = [[csv_cell(row.get(column)) for column in heading] for row in expected]
        if found[1:] != written or any(set(row) != set(heading) for row in expected):
            notes.faults.append(f"{name}.csv and {name}.json differ")


class _Walk:
    """Goes along the chain, link by link."""

    def __init__(self, number: int, before: bytes, anchor: tuple[int, str] | None) -> None:
        self.number = number
        self.before = before
        self.anchor = anchor
        self.opaque = 0
        self.named = False  # whether a link has come that names nobody; no later one may be hidden

    def step(self, link: dict[str, Any]) -> str:
        """Take the next link; returns what is wrong with it, '' if nothing."""
        self.number += 1
        own = bytes.fromhex(link["hash"])
        if link["seq"] != self.number:
            return f"link {self.number} is missing; {link['seq']} stands there"
        if bytes.fromhex(link["prev_hash"]) != self.before:
            return f"link {self.number} does not stand on the one before it"
        if link["canonical"] is None:
            self.opaque += 1
            if self.named:
                return f"link {self.number} is not shown, and no later link may be hidden"
        elif link_hash(self.before, self.number, link["canonical"]) != own:
            return f"link {self.number} was changed: it does not compute to its hash"
        else:
            self.named = self.named or _version(link["canonical"]) > 1
        if self.anchor is not None and self.anchor[0] == self.number and self.anchor[1].lower() != own.hex():
            return f"link {self.number} is not the one that was noted: history was rewritten"
        self.before = own
        return ""


def _check_chain(
    folder: Path, manifest: dict[str, Any], notes: _Notes, anchor: tuple[int, str] | None
) -> dict[int, dict[str, Any]]:
    """Compute every link anew, from the first that is shown to the head."""
    chain = manifest["chain"]
    walk = _Walk(int(chain["from"]) - 1, bytes.fromhex(chain["before"]), anchor)
    if walk.number == 0 and walk.before != genesis(manifest["business"]["id"]):
        notes.faults.append("chain: it does not begin at this business's beginning")
    if anchor is not None and anchor[0] < walk.number:
        notes.findings.append(f"the anchor {anchor[0]} lies before the part of the chain that this pack holds")
    if anchor is not None and anchor[0] == walk.number and anchor[1].lower() != chain["before"]:
        notes.faults.append("chain: it does not stand on the link that was noted: history was rewritten")
    links: dict[int, dict[str, Any]] = {}
    with (folder / "chain.jsonl").open(encoding="utf-8") as file:
        for line in file:
            link = json.loads(line)
            fault = walk.step(link)
            if fault:
                notes.faults.append(f"chain: {fault}")
                return links
            links[walk.number] = link
    notes.links, notes.opaque, notes.head = len(links), walk.opaque, f"{walk.number}:{walk.before.hex()}"
    head = chain["head"]
    if (walk.number, walk.before.hex()) != (head["seq"], head["hash"]):
        notes.faults.append(f"chain: it ends at {walk.number}, its head is {head['seq']}: the end was cut or changed")
    if anchor is not None and anchor[0] > walk.number:
        notes.faults.append(f"chain: it ends at {walk.number}, but {anchor[0]} was noted: the end was cut off")
    return links


def _version(canonical: str) -> int:
    return int(json.loads(canonical).get("v", 1))


def _check_ledger(
    events: list[dict[str, Any]], links: dict[int, dict[str, Any]], manifest: dict[str, Any], notes: _Notes
) -> None:
    """Compare every event with what was chained of it, and follow the person's own history, which has no gap."""
    notes.events = len(events)
    if len(events) != manifest["person"]["events"]:
        notes.faults.append(f"ledger: {len(events)} events, the manifest counts {manifest['person']['events']}")
    number, before, last = 0, "", 0
    for event in events:
        place = f"ledger: event {event['seq']}"
        if event["seq"] <= last:
            notes.faults.append(f"{place} is out of order")
        last = event["seq"]
        notes.faults += [f"{place} {fault}" for fault in _faults_of(event, links.get(last), notes.contact)]
        if event["body"] is None:
            continue
        said, number = json.loads(event["body"]), number + 1
        if (said["person_no"], said["person_prev"]) != (number, before):
            notes.faults.append(f"{place} is number {said['person_no']} of this person, not {number}: one is missing")
            number = said["person_no"]
        before = _sha256(event["body"])
    if before != manifest["person"]["last_sha256"]:
        notes.faults.append("ledger: this person's last event is not the one that the manifest names")


def _faults_of(event: dict[str, Any], link: dict[str, Any] | None, contact: str) -> list[str]:
    """List how an event differs from what was chained."""
    faults: list[str] = []
    if link is None or (link["hash"], link["canonical"]) != (event["hash"], event["canonical"]):
        faults.append("is not the one in the chain")
    elif event["body"] is not None and json.loads(event["canonical"])["body_sha256"] != _sha256(event["body"]):
        faults.append("was changed: its body is not the one that was chained")
    said = json.loads(event["canonical"] if event["body"] is None else event["body"])
    columns = ("channel", "event_type", "phone_e164", "scope", "metadata")
    differs = [name for name in columns if said[name] != event[name]]
    if _moment(said["at"]) != _moment(event["created_at"]):
        differs.append("created_at")
    if differs:
        faults.append(f"was changed: {', '.join(differs)} differ from what was chained")
    if event["phone_e164"] != contact:
        faults.append("is about somebody else")
    return faults


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _check_opt_ins(opt_ins: list[dict[str, Any]], events: list[dict[str, Any]], notes: _Notes) -> None:
    """Compare every consent with the evidence in the ledger, and look for those that the table lacks."""
    given = {
        event["metadata"]["id"]: event["metadata"]["opt_in"]
        for event in events
        if event["event_type"] in {"opt_in", "opt_in_confirmed"} and "id" in event["metadata"]
    }
    revoked = {
        one for event in events if event["event_type"] == "opt_in_revoked" for one in event["metadata"]["opt_ins"]
    }
    rows = {row["id"]: row for row in opt_ins}
    notes.faults += [f"opt-in {one} is in the ledger and not in the table" for one in sorted(set(given) - set(rows))]
    for one, row in sorted(rows.items()):
        if one not in given:
            notes.faults.append(f"opt-in {one} is not in the ledger: nobody gave it")
            continue
        changed = sorted(name for name, value in given[one].items() if not _same(row[name], value))
        if changed:
            notes.faults.append(f"opt-in {one} was changed: {', '.join(changed)}")
        if _sha256(row["text_shown"]) != row["text_sha256"]:
            notes.faults.append(f"opt-in {one}: its text is not the one that was hashed")
        if (row["revoked_at"] is not None) != (one in revoked):
            notes.faults.append(f"opt-in {one}: table and ledger differ about whether it was taken back")


def _same(kept: Any, chained: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    if isinstance(kept, str) and isinstance(chained, str):
        return kept == chained or _moment(kept) == _moment(chained) != ""
    return bool(kept == chained)


def _moment(text: str) -> str:
    """Bring a moment in UTC to one form; anything else is ''."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00:00)", text)
    return f"{found[1]}.{(found[2] or '').rstrip('0')}" if found else ""


def _opted_out(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """List from when to when the person had opted out of everything, by their own word; '' is still."""
    spans: list[tuple[str, str]] = []
    since = ""
    for event in events:
        lifted = event["event_type"] == "start" or (
            event["event_type"] == "do_not_contact_unlisted" and event["metadata"]["was"] in {"person", "carrier"}
        )
        if event["event_type"] in {"stop", "carrier_stop"}:
            since = since or event["created_at"]
        elif lifted and since:
            spans.append((since, event["created_at"]))
            since = ""
    return [*spans, (since, "")] if since else spans


def _check_refusals(rows: dict[str, list[dict[str, Any]]], notes: _Notes) -> None:
    """Look whether somebody who has opted out by the ledger is on the do-not-contact list."""
    out = any(until == "" for _, until in _opted_out(rows["ledger"]))
    on_list = any(row["list"] == "business" and row["scope"] == "all" for row in rows["refusals"])
    if out and not on_list:
        notes.faults.append("refusals: by the ledger the person has opted out, but they are not on the list")


def _look_at_sends(rows: dict[str, list[dict[str, Any]]], notes: _Notes) -> None:
    """Tell which texts left while the person had opted out, and which decisions today's rules would not repeat."""
    classes = {job["id"]: job["message_class"] for job in rows["sends"]}
    for attempt in rows["attempts"]:
        started = attempt["started_at"]
        for since, until in _opted_out(rows["ledger"]):
            if started and since < started and (not until or started < until):
                kind = classes.get(attempt["job_id"], "?")
                if kind != ANSWERS_TO_STOP:
                    notes.findings.append(f"text {attempt['job_id']} ({kind}) left at {started}, opted out {since}")
    other = [row["job_id"] for row in rows["decisions"] if row["replays"] is not True]
    notes.findings += [f"today's rules decide otherwise about text {job}" for job in other]


def main(arguments: list[str]) -> int:
    """Check a pack as the command line says."""
    as_json = "--json" in arguments
    rest = [one for one in arguments if one != "--json"]
    anchor: tuple[int, str] | None = None
    if "--anchor" in rest:
        place = rest.index("--anchor")
        number, _, digest = rest[place + 1].partition(":")
        anchor = (int(number), digest)
        del rest[place : place + 2]
    report = verify(Path(rest[0]) if rest else Path(__file__).resolve().parent, anchor)
    if as_json:
        sys.stdout.write(json.dumps({"ok": report.ok, **asdict(report)}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(sentences(report)) + "\n")
    return 0 if report.ok else 1


def sentences(report: Report) -> list[str]:
    """Put a report into words."""
    lines = [f"WRONG: {fault}" for fault in report.faults] + [f"note: {finding}" for finding in report.findings]
    if report.ok:
        lines.append(f"The pack is whole: {report.contact}, {report.business}, {report.events} events.")
        lines.append(f"{report.links} links of the chain compute to its head {report.head}.")
    if report.opaque:
        lines.append(f"{report.opaque} links from before version 2 name other people: their hash alone is shown.")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
