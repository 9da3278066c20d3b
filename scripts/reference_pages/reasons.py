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
    "consent.marketing_needs_written_consent": (
        "bar",
        "Marketing needs the person's prior written consent; none is kept.",
    ),
    "consent.no_basis": ("bar", "Nothing says what permits this text."),
    "consent.opted_out": ("bar", "The person has said STOP, to this business or to the number it would come from."),
    "consent.opted_out_of_marketing": ("bar", "The person has opted out of marketing."),
    "consent.unknown": ("hold", "The person's consent could not be read; asked again within a second."),
    "delivery.absent_at_carrier": ("again", "In doubt before; the carrier has no such text, so it is sent again."),
    "delivery.earlier_text_first": ("hold", "An earlier text to the same person has not left yet."),
    "delivery.found_at_carrier": ("sent", "In doubt before; the carrier has the text, so it is not sent again."),
    "delivery.in_doubt": (
        "hold",
        "For an hour the carrier could not be asked whether it has the text; a person is told, nothing is resent.",
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
