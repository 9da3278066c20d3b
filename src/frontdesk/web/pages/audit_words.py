"""What an entry of the audit log says in words: who did what to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

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
    "drills": "Drills",
    "epoch": "Whose database it is",
    "hooks": "Webhooks",
    "incidents": "Incidents",
    "insights": "Exports",
    "jobs": "Background work",
    "maintenance": "Maintenance",
    "monitors": "Monitors",
    "oncall": "On call",
    "operations": "Operations",
    "outbox": "Events",
    "runbooks": "Runbooks",
    "scheduling": "Bookings",
    "senders": "Numbers",
    "tenants": "Business settings",
    "textback": "Answering replies",
}
ACTIONS: Mapping[str, str] = {
    "alerts.silence_lifted": "ended a silence",
    "alerts.silenced": "silenced an alert",
    "auth.all_sessions_ended": "ended every login of everybody",
    "auth.all_tokens_revoked": "revoked every API token",
    "auth.factors_removed": "removed somebody's app and passkeys",
    "auth.identity_linked": "linked a person to the outside login service",
    "auth.identity_unlinked": "unlinked a person from the outside login service",
    "auth.invitation_revoked": "took an invitation back",
    "auth.invited": "invited somebody",
    "auth.logged_in": "logged in",
    "auth.logged_out": "logged out",
    "auth.logged_out_everywhere": "logged out everywhere",
    "auth.member_put": "gave somebody a role",
    "auth.member_removed": "removed somebody from the team",
    "auth.passkey_added": "added a passkey",
    "auth.passkey_copied": "showed a passkey that was copied: look into it",
    "auth.passkey_removed": "removed a passkey",
    "auth.password_set": "set a password",
    "auth.proven": "confirmed who they are",
    "auth.recovery_code_used": "used a recovery code",
    "auth.recovery_codes_renewed": "made new recovery codes",
    "auth.reset_issued": "asked for a link to a new password",
    "auth.session_ended": "ended a login",
    "auth.token_created": "made an API token",
    "auth.token_revoked": "revoked an API token",
    "auth.totp_added": "added an authenticator app",
    "auth.totp_removed": "removed an authenticator app",
    "auth.user_created": "added a person",
    "auth.user_disabled": "locked a person out",
    "backups.proven": "restored a backup for proof",
    "backups.restored": "restored the database",
    "billing.asked_again": "asked for a payment again",
    "billing.news_replayed": "read the payment company's news again",
    "billing.plan_set": "set a plan",
    "billing.refund_requested": "paid money back",
    "billing.subscribed": "began a plan",
    "budgets.changed": "changed what texts may cost",
    "budgets.corrected": "corrected what counts as spent",
    "calendars.connected": "connected a calendar",
    "calendars.disconnected": "disconnected a calendar",
    "calendars.use_changed": "changed what a calendar is used for",
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
    "contacts.import_undo_started": "began to take an import back",
    "contacts.import_undone": "took an import back",
    "contacts.merged": "merged two people",
    "contacts.segment_changed": "changed a segment",
    "contacts.segment_deleted": "deleted a segment",
    "contacts.segment_saved": "saved a segment",
    "contacts.tagged": "changed somebody's tags",
    "custody.breach_closed": "closed a breach",
    "custody.breach_declared": "declared a breach",
    "custody.break_acknowledged": "acknowledged a break of this log",
    "custody.key_rotated": "exchanged the installation's key",
    "custody.key_rotation_finished": "finished the exchange of the installation's key",
    "delivery.number_allowed": "let a number be texted",
    "delivery.paused": "paused sending",
    "delivery.resumed": "let sending go on",
    "drills.ordered": "ordered a drill",
    "epoch.claimed": "claimed the database: it may send",
    "epoch.ended": "ended the right of this database to send",
    "hooks.deliveries_replayed": "told a webhook of what it had missed",
    "hooks.delivery_replayed": "told a webhook once more",
    "hooks.endpoint_added": "added a webhook",
    "hooks.endpoint_changed": "changed a webhook",
    "hooks.endpoint_deleted": "deleted a webhook",
    "hooks.secret_rotated": "exchanged a webhook's secret",
    "hooks.test_sent": "tried a webhook",
    "incidents.acknowledged": "took an incident",
    "incidents.noted": "wrote a note on an incident",
    "incidents.opened": "opened an incident",
    "incidents.postmortem_published": "published what was learned from an incident",
    "incidents.postmortem_written": "wrote down what was learned from an incident",
    "incidents.regraded": "graded an incident anew",
    "incidents.resolved": "ended an incident",
    "incidents.told": "told people of an incident",
    "insights.compliance_exported": "exported the record about somebody",
    "jobs.run_canceled": "canceled background work",
    "jobs.run_forked": "began background work anew from a step",
    "jobs.run_replayed": "ran background work again",
    "jobs.step_retried": "tried a step of background work again",
    "jobs.step_skipped": "skipped a step of background work",
    "maintenance.begun": "began maintenance",
    "maintenance.cleanup_ordered": "ordered a cleanup",
    "maintenance.ended": "ended maintenance",
    "monitors.escalated": "raised a failing monitor",
    "oncall.person_put": "wrote down who is on call",
    "oncall.rota_set": "set the rota",
    "oncall.stands_in": "stood in on call",
    "operations.silent_released": "let go of what a silent process held",
    "outbox.replayed": "handed events on again",
    "runbooks.approved": "approved a runbook's repair",
    "runbooks.canceled": "canceled a runbook's run",
    "runbooks.started": "ran a runbook",
    "scheduling.appointment_completed": "noted how an appointment went",
    "scheduling.givers_changed": "changed who gives a service",
    "scheduling.page_changed": "changed the booking page",
    "scheduling.page_painted": "changed the booking page's looks",
    "scheduling.resource_added": "added somebody who is booked",
    "scheduling.resource_changed": "changed somebody who is booked",
    "scheduling.service_added": "added a service",
    "scheduling.service_changed": "changed a service",
    "scheduling.service_shown": "changed who sees a service",
    "scheduling.time_offered": "offered a time to somebody who waits",
    "senders.added": "added a number",
    "senders.brand_set": "set a brand's daily limit",
    "senders.changed": "changed a number",
    "senders.retired": "retired a number",
    "senders.taken_back": "took a number back",
    "tenants.created": "created the business",
    "tenants.updated": "changed the business's settings",
    "textback.dialogue_changed": "changed how replies are answered",
}
_TOLD = ("reason", "phone_e164", "email", "name", "role", "fields", "scope", "filename", "people", "tags")
_MOST = 200


def action_words(action: str) -> str:
    """Say what was done; what has no words of its own is said from its name."""
    area, _, done = action.partition(".")
    return ACTIONS.get(action) or f"{done.replace('_', ' ')} ({AREAS.get(area, area)})"


def who_words(entry: AuditEntry) -> str:
    """Name who did it, as people do."""
    return name_words(entry.actor_name or entry.actor)


def name_words(who: str) -> str:
    """Name somebody by the name that was kept, or by what an id without one says."""
    kind, _, rest = who.partition(":")
    match kind:
        case "system":
            return f"Frontdesk ({rest.replace('-', ' ').replace('/', ', ')})"
        case "token":
            return "a program" if _is_id(rest) else f"{rest} (program)"
        case "user":
            return "a person"
        case _:
            return who


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


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
