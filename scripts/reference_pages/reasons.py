"""What each code means that is not told with a sentence of its own: for people who meet it in a table or a log."""

from __future__ import annotations

ANSWERS: dict[str, str] = {
    "cli.interrupted": "The command was interrupted from the keyboard.",
    "cli.postgres": "The embedded PostgreSQL could not be started or kept up; the message says why.",
    "cli.settings": "Settings are missing or wrong; all faults are listed at once.",
    "cli.unreachable": "The database or a file cannot be reached.",
    "cli.usage": "The command was given wrongly; `--help` shows how.",
    "web.bug": "Something went wrong on our side; the log has it under the answer's `x-correlation-id`.",
    "web.media_type": "The body has a form that is not taken here.",
    "web.method_not_allowed": "This method is not served at this address.",
    "web.not_found": "There is nothing at this address, or nothing that you may know of.",
    "web.refused": "The request is refused for a reason that has no code of its own.",
    "web.too_slow": "The body did not come within `MAX_BODY_SECONDS`.",
    "web.too_large": "The body is larger than `MAX_BODY_BYTES`.",
    "webhooks.failed": "A webhook could not be taken in because of a fault of ours; the provider tells us again.",
    "webhooks.not_now": "The database does not answer; the provider tells us again.",
    "webhooks.refused": "A webhook's signature does not fit, or the body is none that we take.",
}

REASONS: dict[str, tuple[str, str]] = {
    "law.cap": ("hold", "The person has had as many marketing texts in 24 hours as law or the business's cap allows."),
    "law.consent_unverifiable": ("bar", "The written consent on record lacks a part of its proof."),
    "law.holiday": ("hold", "A holiday on which the person's state forbids marketing."),
    "law.no_rules": ("bar", "No rules are known for the person's country."),
    "law.no_written_consent": ("bar", "Marketing needs the person's prior written consent; none is kept."),
    "law.quiet_hours": (
        "hold",
        "Outside the hours in which marketing may reach the person, by law or by the business.",
    ),
    "law.registration_missing": (
        "bar",
        "The person's state wants a registration of the business that is not on record.",
    ),
    "law.sunday": ("hold", "A Sunday, on which the person's state forbids marketing."),
    "law.zone_unknown": ("hold", "Nobody knows in which zone or state the person is, and it would matter."),
    "law.unknown": ("hold", "The law could not be asked; asked again within a second."),
    "law.no_window": ("bar", "Only in a rehearsal: the law leaves no hour open for this person."),
    "contacts.deleted": ("bar", "The person was deleted from the business's contacts."),
    "consent.refused_everywhere": ("bar", "No business on this platform may text this person."),
    "campaign.time_limit": ("drop", "The campaign's time limit had passed."),
    "campaign.ended": ("drop", "The campaign was canceled or had ended before the text left."),
    "campaign.empty_text": ("bar", "Filled for this person, the wording is empty."),
    "campaign.done": ("drop", "The campaign had nothing more to send."),
    "campaign.after_rehearsal": ("hold", "Only in a rehearsal: it would leave after the seven days that are played."),
    "budget.unknown": (
        "hold",
        "The price of a segment or the budget could not be read; looked at again within five minutes.",
    ),
    "budget.spent": (
        "hold",
        "The business has used up its daily or monthly budget; looked at again within five minutes.",
    ),
    "senders.brand_day_full": (
        "hold",
        "Carriers take no more of the number's registered brand before midnight Pacific; looked at every five minutes.",
    ),
    "consent.no_basis": ("bar", "Nothing says what permits this text."),
    "consent.opted_out": ("bar", "The person has said STOP, to this business or to the number it would come from."),
    "consent.opted_out_of_marketing": ("bar", "The person has opted out of marketing."),
    "consent.unknown": ("hold", "The person's consent could not be read; asked again within a second."),
    "delivery.absent_at_carrier": ("again", "In doubt before; the carrier has no such text, so it is sent again."),
    "delivery.earlier_text_first": ("hold", "An earlier text to the same person has not left yet."),
    "delivery.epoch_unclaimed": (
        "hold",
        "The database was restored, copied, moved or promoted, and nobody has claimed it; asked again in 10 seconds.",
    ),
    "delivery.restored": (
        "drop",
        "It waited at the moment to which the database was restored, and may have left since.",
    ),
    "delivery.found_at_carrier": ("sent", "In doubt before; the carrier has the text, so it is not sent again."),
    "delivery.in_doubt": (
        "hold",
        "For an hour the carrier could not be asked whether it has the text; a person is told, nothing is resent.",
    ),
    "delivery.country_not_allowed": (
        "bar",
        (
            "The number is in a country to which the business lets no texts go: its own and its neighbours, and what"
            " its `texting_countries` add."
        ),
    ),
    "delivery.number_costs_extra": (
        "bar",
        "The number is a premium or satellite one, at which somebody may earn by every text.",
    ),
    "delivery.range_too_busy": (
        "bar",
        (
            "Outsiders have caused as many texts to neighbouring numbers within the hour as `range_hourly_limit`"
            " allows, as they do who earn by it; a person is told."
        ),
    ),
    "delivery.strangers_too_costly": (
        "bar",
        (
            "What callers, keywords and sign-ups may cost within an hour, a quarter of the daily budget, is used up;"
            " a person is told."
        ),
    ),
    "delivery.own_number": ("bar", "The recipient is one of the business's own numbers."),
    "delivery.paused_…": ("hold", "A kill switch is pulled: `setting`, `global`, `tenant` or `channel`."),
    "delivery.recipient_unknown": ("hold", "The recipient could not be looked up; asked again within a second."),
    "delivery.reply_too_late": ("drop", "The call or text that it answers is more than 15 minutes old."),
    "delivery.retries_exhausted": ("failed", "Every try was refused by the carrier for the moment; a person is told."),
    "delivery.sender_held_…": (
        "hold",
        "The number is held back: `rate` the carrier asked for it, `failing` or `open` its breaker is open.",
    ),
    "delivery.switches_unknown": ("hold", "The kill switches could not be read; asked again within a second."),
    "delivery.too_late": ("drop", "The text is of no use any more; its `useful_until` has passed."),
    "senders.campaign_not_approved": (
        "bar",
        "The number belongs to no approved campaign: carriers refuse its marketing (30034). Register it.",
    ),
    "senders.number_blocked": (
        "bar",
        "The carrier has blocked the number for texts; `sending_numbers.texting_blocked_reason` has its code.",
    ),
    "senders.number_retired": ("bar", "The number is retired: it texts no more."),
    "senders.registration_unknown": ("bar", "Nothing is known of the number's registration with carriers."),
    "senders.short_code_not_approved": ("bar", "The short code's campaign is not approved by the carriers."),
    "senders.toll_free_not_verified": (
        "bar",
        "The toll-free number is not verified: carriers refuse its texts (30032). Have it verified.",
    ),
    "senders.unknown_number": ("bar", "The number that it would come from is none of the business's."),
    "textback.cooling_down": ("skipped", "The caller got a text for a missed call within the cool-down."),
    "textback.costly_number": (
        "skipped",
        "The caller's number is a premium, shared-cost or special one: texting it is a known fraud.",
    ),
    "textback.hidden_number": ("skipped", "The caller hid their number."),
    "textback.switched_off": ("skipped", "The business has switched text-back off."),
}
