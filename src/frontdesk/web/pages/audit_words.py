"""What an entry of the audit log says in words: who did what to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from frontdesk.kernel.audit import AuditEntry

AREAS: Mapping[str, str] = {
    "alerts": "Alerts",
    "auth": "Logins and people",
    "backups": "Backups",
    "billing": "Payments",
    "budgets": "Budgets",
    "calendars": "Calendars",
    "campaigns": "Campaigns",
    "config": "Settings of the installation",
    "consent": "Consent",
    "contacts": "People",
    "custody": "Keeping this log",
    "delivery": "Sending",
    "epoch": "Whose database it is",
    "hooks": "Webhooks",
    "incidents": "Incidents",
    "insights": "Exports",
    "jobs": "Background work",
    "maintenance": "Maintenance",
    "oncall": "On call",
    "outbox": "Events",
    "runbooks": "Runbooks",
    "scheduling": "Bookings",
    "senders": "Numbers",
    "tenants": "Business settings",
}
ACTIONS: Mapping[str, str] = {
    "alerts.silenced": "silenced an alert",
    "alerts.silence_lifted": "ended a silence",
    "auth.logged_in": "logged in",
    "auth.logged_out": "logged out",
    "auth.logged_out_everywhere": "logged out everywhere",
    "auth.member_put": "gave somebody a role",
    "auth.member_removed": "removed somebody from the team",
    "auth.password_set": "set a password",
    "auth.token_created": "made an API token",
    "auth.token_revoked": "revoked an API token",
    "auth.user_created": "added a person",
    "auth.user_disabled": "locked a person out",
    "backups.proven": "restored a backup for proof",
    "backups.restored": "restored the database",
    "budgets.changed": "changed what texts may cost",
    "budgets.corrected": "corrected what counts as spent",
    "campaigns.approved": "approved a campaign",
    "campaigns.canceled": "ended a campaign",
    "campaigns.changed": "changed a campaign",
    "campaigns.created": "drafted a campaign",
    "campaigns.started": "started a campaign",
    "config.changed": "changed a setting",
    "consent.dnc_added": "put somebody on the do-not-contact list",
    "consent.dnc_removed": "took somebody off the do-not-contact list",
    "consent.global_dnc_added": "put somebody on the list for all businesses",
    "consent.global_dnc_removed": "took somebody off the list for all businesses",
    "consent.list_imported": "imported a do-not-contact list",
    "consent.opt_in_revoked": "revoked a consent",
    "consent.opt_ins_imported": "imported consents",
    "contacts.added": "added somebody",
    "contacts.bulk_tagged": "tagged many people",
    "contacts.changed": "changed somebody's details",
    "contacts.deleted": "deleted somebody",
    "contacts.exported": "exported people",
    "contacts.import_added": "uploaded a file of people",
    "contacts.import_canceled": "canceled a file of people",
    "contacts.import_completed": "imported people",
    "contacts.import_undone": "took an import back",
    "contacts.merged": "merged two people",
    "contacts.segment_changed": "changed a segment",
    "contacts.segment_deleted": "deleted a segment",
    "contacts.segment_saved": "saved a segment",
    "contacts.tagged": "changed somebody's tags",
    "custody.break_acknowledged": "acknowledged a break of this log",
    "delivery.paused": "paused sending",
    "delivery.resumed": "let sending go on",
    "epoch.claimed": "claimed the database: it may send",
    "insights.compliance_exported": "exported the record about somebody",
    "runbooks.approved": "approved a runbook's repair",
    "runbooks.started": "ran a runbook",
    "senders.added": "added a number",
    "senders.changed": "changed a number",
    "senders.retired": "retired a number",
    "senders.taken_back": "took a number back",
    "tenants.created": "created the business",
    "tenants.updated": "changed the business's settings",
}
_TOLD = ("reason", "phone_e164", "email", "name", "role", "fields", "scope", "filename", "people", "tags")
_MOST = 200


def action_words(action: str) -> str:
    """Say what was done; what has no words of its own is said from its name."""
    area, _, done = action.partition(".")
    return ACTIONS.get(action) or f"{done.replace('_', ' ')} ({AREAS.get(area, area)})"


def who_words(entry: AuditEntry) -> str:
    """Name who did it, as people do."""
    if entry.actor_name:
        return entry.actor_name.removeprefix("token:") + (" (program)" if entry.actor_name.startswith("token:") else "")
    kind, _, rest = entry.actor.partition(":")
    return (
        f"Frontdesk ({rest.replace('-', ' ')})" if kind == "system" else "a program" if kind == "token" else "a person"
    )


def told(entry: AuditEntry) -> Sequence[tuple[str, str]]:
    """List what the entry says besides: what people read first, then the rest, each in a word or a line."""
    details = entry.details
    names = [name for name in _TOLD if name in details] + [name for name in details if name not in _TOLD]
    return [(name.replace("_", " "), _line(details[name])) for name in names]


def gist(entry: AuditEntry) -> str:
    """Say in one line the most telling of what the entry says besides."""
    for name in _TOLD:
        value = entry.details.get(name)
        if isinstance(value, str | list | int) and value:
            return _line(value)
    return ""


def _line(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one).replace("_", " ") for one in value)[:_MOST]
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items())[:_MOST]
    if value is None or isinstance(value, bool):
        return "none" if value is None else "yes" if value else "no"
    return str(value)[:_MOST]
