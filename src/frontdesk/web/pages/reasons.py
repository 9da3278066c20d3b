"""Why a text to one of many was not sent, waits or failed, in words that fit a table."""

from __future__ import annotations

import re
from collections.abc import Mapping

from frontdesk.features.insights import why_no_text, why_not_delivered

_WORDS: Mapping[str, str] = {
    "ok": "Nothing stands in the way",
    "budget.spent": "The budget is used up; goes on by itself when there is room",
    "budget.unknown": "The budget could not be read; asked again",
    "campaign.after_rehearsal": "Comes after the seven days that are rehearsed",
    "campaign.done": "The campaign was over before",
    "campaign.empty_text": "Nothing is left of the text once it is filled in",
    "campaign.ended": "The campaign was ended before",
    "campaign.time_limit": "Too late: the campaign's time limit comes first",
    "consent.opted_out": "Opted out",
    "consent.opted_out_of_marketing": "Opted out of marketing",
    "consent.refused_everywhere": "On the do-not-contact list of all businesses",
    "consent.unknown": "Consent could not be read; asked again",
    "contacts.deleted": "Not among your people any more",
    "delivery.earlier_text_first": "Another text to the same person goes first",
    "delivery.own_number": "One of your own numbers",
    "delivery.paused_campaign": "The campaign is paused",
    "delivery.paused_channel": "Texting is paused everywhere",
    "delivery.paused_global": "All sending is paused",
    "delivery.paused_setting": "All sending is switched off in the settings",
    "delivery.paused_tenant": "Sending is paused",
    "delivery.in_doubt": "The carrier cannot say whether it has the text; it is never sent twice",
    "delivery.retries_exhausted": "The carrier refused every try",
    "delivery.too_late": "Too late to be of use",
    "law.cap": "As many texts as are allowed in a day",
    "law.consent_unverifiable": "The proof of written consent is incomplete",
    "law.holiday": "A holiday on which marketing is not allowed",
    "law.no_rules": "No law is on file for this country",
    "law.no_window": "No hour in which all rules allow it",
    "law.no_written_consent": "No written consent on record",
    "law.quiet_hours": "Outside the hours in which marketing is allowed",
    "law.registration_missing": "The state asks for a registration that is missing",
    "law.sunday": "A Sunday on which marketing is not allowed",
    "law.unknown": "The law could not be asked; asked again",
    "law.zone_unknown": "Nobody knows in which time zone the person is",
    "senders.campaign_not_approved": "The sending number is not registered with the carriers",
    "senders.number_blocked": "The carrier has blocked the sending number",
    "senders.number_retired": "The sending number is retired",
    "senders.registration_unknown": "Nothing is known of the sending number's registration",
    "senders.short_code_not_approved": "The sending short code is not approved by the carriers",
    "senders.toll_free_not_verified": "The sending toll-free number is not verified",
    "senders.unknown_number": "The sending number is not yours any more",
}
_OF_A_CARRIER = re.compile(r"[0-9]{4,6}").fullmatch
_HELD = re.compile(r"delivery\.sender_held_\w+").fullmatch


def reason_words(code: str, citation: str = "") -> str:
    """Say a reason in words, with the rule it comes from where the law is one; empty for no reason."""
    if not code:
        return ""
    if _OF_A_CARRIER(code):
        words = _capital(why_not_delivered(code, who="the person"))
    elif _HELD(code):
        words = "The carrier asked the number to wait"
    else:
        words = _WORDS.get(code) or _capital(why_no_text(code, who="the person"))
    lawful = citation if code.startswith(("law.", "consent.")) else ""
    return f"{words} ({lawful})" if lawful else words


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
