"""Law of the states of the United States on marketing texts, where it is stricter than federal law or says it again."""

from __future__ import annotations

from datetime import date

from frontdesk.features.consent.law.rule import (
    Cap,
    Consent,
    Effect,
    Hours,
    KeptBy,
    Registered,
    Rule,
    every_day,
    not_on_sunday,
)
from frontdesk.features.consent.law.united_states import PROOF

TEXAS_REGISTRATION = "us-tx-302"
_OLD = date(2010, 1, 1)
_SECONDARY = "Hours from secondary sources or for calls to residences; applied to texts"
_UNDATED = "Start not looked up: taken as 2010"


def _hours(state: str, effect: Hours, citation: str, since: date = _OLD, unsure: str = "") -> Rule:
    doubts = (unsure, _UNDATED if since == _OLD else "")
    return _rule(f"us-{state.lower()}-hours", "Hours", state, effect, citation, since, "; ".join(filter(None, doubts)))


def _rule(name: str, title: str, state: str, effect: Effect, citation: str, since: date, unsure: str = "") -> Rule:
    return Rule(
        id=name,
        version=1,
        title=f"{title} in {state}",
        country="US",
        regions=(f"US-{state}",),
        effect=effect,
        citation=citation,
        effective_from=since,
        unsure=unsure,
    )


_EIGHT_TO_EIGHT = every_day("08:00", "20:00")
_NINE_TO_EIGHT = every_day("09:00", "20:00")
_NINE_TO_NINE = every_day("09:00", "21:00")
_AS_FEDERAL = every_day("08:00", "21:00")

HOURS: tuple[Rule, ...] = (
    _hours("FL", _EIGHT_TO_EIGHT, "Fla. Stat. 501.616(6)(a)", date(2021, 7, 1)),
    _hours("OK", _EIGHT_TO_EIGHT, "15 O.S. 775C.4(A)", date(2022, 11, 1)),
    _hours("MD", _EIGHT_TO_EIGHT, "Md. Com. Law 14-4502(c)(1) (2023 ch. 414)", date(2024, 1, 1)),
    _hours(
        "TX",
        Hours(weekdays=("09:00", "21:00"), saturday=("09:00", "21:00"), sunday=("12:00", "21:00")),
        "Tex. Bus. & Com. Code 301.051(b)(2)",
        date(2009, 4, 1),
        "Chapter 301 speaks of calls to residential numbers; applied to texts",
    ),
    _hours("CT", _NINE_TO_EIGHT, "Conn. Gen. Stat. 42-288a(c) (P.A. 23-98)", date(2023, 10, 1)),
    _hours("WA", _EIGHT_TO_EIGHT, "RCW 80.36.390; RCW 19.158.110", date(2022, 6, 9)),
    _hours("VA", _AS_FEDERAL, "Va. Code 59.1-511 (consent lifts it; applied all the same)"),
    _hours(
        "AL",
        not_on_sunday("08:00", "20:00", holidays="AL"),
        "Ala. Admin. Code r. 770-X-5-.17(2)",
        unsure="A rule of the Public Service Commission; its reach beyond utilities is arguable",
    ),
    _hours(
        "LA",
        not_on_sunday("08:00", "20:00", holidays="LA"),
        "La. PSC Do Not Call General Order R-29617 V(A); La. R.S. 45:844.11 et seq.",
        unsure="All legal holidays are closed, although the Commission names only some",
    ),
    _hours("KY", every_day("10:00", "21:00"), "KRS 367.46955(16)"),
    _hours("MA", _EIGHT_TO_EIGHT, "M.G.L. c. 159C s. 3; 201 CMR 12.02(2)", unsure=_SECONDARY),
    _hours(
        "MS",
        not_on_sunday("08:00", "20:00", clock="Etc/GMT+6"),
        "Miss. Code 77-3-723(1)",
        unsure="The statute says Central Standard Time: hours must hold by that clock and by the person's",
    ),
    _hours("MI", _NINE_TO_NINE, "MCL 750.540e(1)(f)", unsure=_SECONDARY),
    _hours("MN", _NINE_TO_NINE, "Minn. Stat. 325E.30", unsure=_SECONDARY),
    _hours("NM", _NINE_TO_NINE, "NMSA 57-12-22(B)(5)", unsure=_SECONDARY),
    _hours("NV", _NINE_TO_EIGHT, "NRS 598.0918(3)", unsure=_SECONDARY),
    _hours(
        "RI",
        Hours(weekdays=("09:00", "18:00"), saturday=("10:00", "17:00"), sunday=None, holidays="RI"),
        "R.I. Gen. Laws 5-61-2, 5-61-3.6",
        unsure=_SECONDARY,
    ),
    _hours("WY", _EIGHT_TO_EIGHT, "Wyo. Stat. 40-12-302(d)", unsure=_SECONDARY),
    _hours("SD", not_on_sunday("09:00", "21:00"), "SDCL 37-30A-3(2)", unsure=_SECONDARY),
    _hours(
        "ME",
        Hours(weekdays=("09:00", "17:00"), saturday=None, sunday=None),
        "10 M.R.S. 1498(3)",
        unsure="Written for automated calls with recorded messages; applied to texts",
    ),
    _hours("UT", not_on_sunday("08:00", "21:00", holidays="UT"), "Utah Code 13-25a-103(3)", unsure=_SECONDARY),
    _hours(
        "PA",
        not_on_sunday("09:00", "19:00"),
        "73 P.S. 2245(a)(1), as amended by Act 47 of 2026 (SB 992)",
        date(2026, 1, 1),
        "The amendment is reported in force since 18 Oct 2026; before that day applied as a precaution",
    ),
    _hours(
        "OR",
        _EIGHT_TO_EIGHT,
        "ORS 646.563(1)(b) (2025 HB 3865)",
        date(2026, 1, 1),
        "From a secondary source, start included",
    ),
    _hours("NJ", _AS_FEDERAL, "N.J.S.A. 56:8-128(c)", unsure=_SECONDARY),
    _hours("IL", _AS_FEDERAL, "815 ILCS 413/15", unsure=_SECONDARY),
    _hours("NY", _AS_FEDERAL, "N.Y. Gen. Bus. Law 399-z(2)", unsure=_SECONDARY),
    _hours("NC", _AS_FEDERAL, "N.C.G.S. 75-102(f)", unsure=_SECONDARY),
    _hours("SC", _AS_FEDERAL, "S.C. Code 37-21-30", unsure=_SECONDARY),
    _hours("MO", _AS_FEDERAL, "RSMo 407.1076(5)", unsure=_SECONDARY),
    _hours("MT", _AS_FEDERAL, "MCA 30-14-1412(1)(d)", unsure=_SECONDARY),
    _hours("TN", _AS_FEDERAL, "T.C.A. 65-4-402", unsure=_SECONDARY),
    _hours("ND", _AS_FEDERAL, "N.D.C.C. 51-28-05", unsure=_SECONDARY),
    _hours("WV", _AS_FEDERAL, "W. Va. Code 46A-6F-601(a)(4)", unsure=_SECONDARY),
    _hours("NE", _AS_FEDERAL, "Neb. Rev. Stat. 86-248(1)", unsure=_SECONDARY),
)

CAPS: tuple[Rule, ...] = (
    _rule("us-fl-cap", "Three in 24 hours", "FL", Cap(3), "Fla. Stat. 501.616(6)(b)", date(2021, 7, 1)),
    _rule("us-ok-cap", "Three in 24 hours", "OK", Cap(3), "15 O.S. 775C.4(A)", date(2022, 11, 1)),
    _rule("us-md-cap", "Three in 24 hours", "MD", Cap(3), "Md. Com. Law 14-4502(c)(2)", date(2024, 1, 1)),
    _rule(
        "us-or-cap",
        "Three in 24 hours",
        "OR",
        Cap(3),
        "ORS 646.563 (2025 HB 3865)",
        date(2026, 1, 1),
        "From a secondary source, start included",
    ),
    _rule(
        "us-me-cap",
        "One in 8 hours, counted as one in 24",
        "ME",
        Cap(1),
        "10 M.R.S. 1498",
        _OLD,
        "Written for automated calls; applied to texts",
    ),
)

OTHERS: tuple[Rule, ...] = (
    _rule(
        "us-tx-registration",
        "Registration or a recorded exemption",
        "TX",
        Registered(TEXAS_REGISTRATION),
        "Tex. Bus. & Com. Code 302.101 (SB 140): $200, security of $10,000, yearly; up to $5,000 per violation",
        date(2025, 9, 1),
        "Relief for consented texts is a position in litigation; not relied on",
    ),
    _rule(
        "us-wa-consent",
        "Affirmative consent, businesses included,",
        "WA",
        Consent(kinds=("written",), fields=PROOF),
        "RCW 19.190.060, 19.190.070",
        date(2003, 7, 27),
    ),
    _rule(
        "us-ct-consent",
        "Prior express written consent; the area code is presumed to tell the place",
        "CT",
        Consent(kinds=("written",), fields=PROOF),
        "Conn. Gen. Stat. 42-288a (P.A. 23-98, SB 1058): $20,000 per violation",
        date(2023, 10, 1),
    ),
    _rule(
        "us-va-opt-out",
        "An opt-out by text (STOP, UNSUBSCRIBE) kept for at least 10 years, here for ever",
        "VA",
        KeptBy("consent: the opt-out ledger"),
        "Va. Code 59.1-514 (2025 SB 1339)",
        date(2026, 1, 1),
    ),
    _rule(
        "us-fl-stop",
        "15 days to honour STOP, here at once",
        "FL",
        KeptBy("consent: the opt-out ledger"),
        "Fla. Stat. 501.059(10)(c) (2023 HB 761)",
        date(2023, 5, 25),
    ),
)

RULES: tuple[Rule, ...] = (*HOURS, *CAPS, *OTHERS)
