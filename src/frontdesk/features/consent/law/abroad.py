"""Law of Australia, Canada and the United Kingdom on marketing texts."""

from __future__ import annotations

from datetime import date

from frontdesk.features.consent.law.rule import Consent, Hours, KeptBy, Rule, every_day

_ANY = ("written", "oral", "implied")

AUSTRALIA: tuple[Rule, ...] = (
    Rule(
        id="au-consent",
        version=1,
        title="Express or inferred consent, from whom and when",
        country="AU",
        effect=Consent(kinds=_ANY, fields=("given_at", "seller"), of_sender=True),
        citation="Spam Act 2003 (Cth) s 16, Sch 2",
        effective_from=date(2004, 4, 10),
    ),
    Rule(
        id="au-hours",
        version=1,
        title="No statutory hours for texts: 9:00 to 21:00, as by default everywhere",
        country="AU",
        effect=every_day("09:00", "21:00"),
        citation="House rule; the Telemarketing and Research Calls Industry Standard 2017 binds voice calls only "
        "(9:00-20:00 weekdays, 9:00-17:00 Saturdays, never on Sundays and national holidays)",
        effective_from=date(2004, 4, 10),
        unsure="No statutory hours for texts were found",
    ),
    Rule(
        id="au-identity-unsubscribe",
        version=1,
        title="Sender named; unsubscribe works for 30 days and is honoured within 5 business days, here at once",
        country="AU",
        effect=KeptBy("campaigns: template lint; consent: the opt-out ledger"),
        citation="Spam Act 2003 (Cth) ss 17-18, Sch 2",
        effective_from=date(2004, 4, 10),
    ),
    Rule(
        id="au-do-not-call",
        version=1,
        title="Calls are washed against the register at most 30 days old",
        country="AU",
        effect=KeptBy("consent: do-not-contact lists"),
        citation="Do Not Call Register Act 2006 (Cth) s 11",
        effective_from=date(2007, 5, 31),
    ),
    Rule(
        id="au-sender-id",
        version=1,
        title="Alphanumeric senders are registered",
        country="AU",
        classes=("C1", "C2", "C3", "C4"),
        effect=KeptBy("senders: only numbers send, no alphanumeric names"),
        citation="Telecommunications Amendment (SMS Sender ID Register) Act 2024 (Cth)",
        effective_from=date(2026, 7, 1),
        unsure="Start of the register on 1 July 2026 not confirmed",
    ),
)

CANADA: tuple[Rule, ...] = (
    Rule(
        id="ca-consent",
        version=1,
        title="Express consent, or implied consent of at most 6 months",
        country="CA",
        effect=Consent(kinds=_ANY, fields=("given_at", "seller", "text"), implied_days=181, of_sender=True),
        citation="Canada's Anti-Spam Legislation, S.C. 2010, c. 23, ss 6, 10",
        effective_from=date(2014, 7, 1),
        unsure="Implied consent lasts 24 months after a purchase and 6 after an inquiry; records do not tell which",
    ),
    Rule(
        id="ca-hours",
        version=1,
        title="9:00 to 21:30 on weekdays, 10:00 to 18:00 at weekends",
        country="CA",
        effect=Hours(weekdays=("09:00", "21:30"), saturday=("10:00", "18:00"), sunday=("10:00", "18:00")),
        citation="CRTC Unsolicited Telecommunications Rules, Part III, s 23",
        effective_from=date(2008, 9, 30),
        unsure="Written for voice and fax calls; applied to texts",
    ),
    Rule(
        id="ca-unsubscribe",
        version=1,
        title="Sender named; unsubscribe valid for 60 days and honoured within 10 business days, here at once",
        country="CA",
        effect=KeptBy("campaigns: template lint; consent: the opt-out ledger"),
        citation="Canada's Anti-Spam Legislation, S.C. 2010, c. 23, ss 6(2), 11; CRTC UTR Part III (internal list)",
        effective_from=date(2014, 7, 1),
    ),
)

UNITED_KINGDOM: tuple[Rule, ...] = (
    Rule(
        id="gb-consent",
        version=1,
        title="Consent, or soft opt-in with a way out at capture and in every message",
        country="GB",
        effect=Consent(kinds=_ANY, fields=("given_at", "seller", "text"), of_sender=True),
        citation="Privacy and Electronic Communications (EC Directive) Regulations 2003, reg 22",
        effective_from=date(2003, 12, 11),
    ),
    Rule(
        id="gb-hours",
        version=1,
        title="No statutory hours for texts: 9:00 to 21:00, as by default everywhere",
        country="GB",
        effect=every_day("09:00", "21:00"),
        citation="House rule; no hours in PECR",
        effective_from=date(2003, 12, 11),
        unsure="No statutory hours for texts were found",
    ),
    Rule(
        id="gb-suppression",
        version=1,
        title="Who objects is suppressed, not deleted; sender named",
        country="GB",
        effect=KeptBy("consent: the opt-out ledger; campaigns: template lint"),
        citation="PECR 2003 reg 23; UK GDPR Art. 21(3); ICO direct marketing guidance",
        effective_from=date(2003, 12, 11),
    ),
)

RULES: tuple[Rule, ...] = (*AUSTRALIA, *CANADA, *UNITED_KINGDOM)
