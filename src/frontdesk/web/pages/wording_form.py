"""The words of a text-back as they are typed: how they read on a phone, what they cost, what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from frontdesk.features import consent, delivery, tenants
from frontdesk.features.delivery import segments
from frontdesk.features.textback.template import SAMPLE, Tag, lint, render
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused

MAX_TEMPLATE = 640
TAG_WORDS = {
    Tag.BUSINESS: "the name of your business",
    Tag.CALLER_NAME: "the caller's first name, if it is known",
    Tag.OPENS_AT: "when you open next",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A wording as its reader gets it; `findings` say what to change, errors first."""

    template: str
    filled: str
    segments: int
    units: int
    encoding: str
    findings: Sequence[delivery.Finding]

    @property
    def is_wrong(self) -> bool:
        """Whether it cannot be kept."""
        return any(one.severity is delivery.Severity.ERROR for one in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What callers are told while the business is open, and while it is closed."""

    open: Read
    closed: Read

    @property
    def is_wrong(self) -> bool:
        """Whether one of them cannot be kept."""
        return self.open.is_wrong or self.closed.is_wrong


async def read_words(visit: Visit, form: FormData | None = None) -> Words:
    """Read a business's wordings as they are kept, or as they stand in a form; what the form has not is as kept."""
    async with visit.transaction() as tx:
        tenant = await tenants.get_tenant(tx)
        opens = tenants.describe_opening(tenant, at=tx.now).opens_at
    typed = {} if form is None else {name: value for name, value in form.items() if isinstance(value, str)}
    return Words(
        open=read_wording(typed.get("textback_open_template", tenant.textback_open_template), business=tenant.name),
        closed=read_wording(
            typed.get("textback_closed_template", tenant.textback_closed_template),
            business=tenant.name,
            opens_at=opens,
        ),
    )


def read_wording(template: str, *, business: str, opens_at: str = "") -> Read:
    """Read a wording as a text of this business, with a made-up caller."""
    words = template.replace("\r\n", "\n").strip()[: MAX_TEMPLATE + 1]
    findings = [*_too_long(words), *lint(words, is_opt_out=_is_opt_out)]
    try:
        filled = render(words, {**SAMPLE, "business": business, "opens_at": opens_at or SAMPLE[Tag.OPENS_AT]})
    except Refused:
        filled = ""
    size = segments.count(filled)
    return Read(
        template=words,
        filled=filled,
        segments=size.count,
        units=size.units,
        encoding=size.encoding.value,
        findings=findings,
    )


def _too_long(words: str) -> list[delivery.Finding]:
    if len(words) <= MAX_TEMPLATE:
        return []
    message = f"Write at most {MAX_TEMPLATE} characters."
    return [delivery.Finding("delivery.too_long", delivery.Severity.ERROR, message)]


def _is_opt_out(text: str) -> bool:
    return consent.understand(text, None).verdict is consent.Verdict.STOP
