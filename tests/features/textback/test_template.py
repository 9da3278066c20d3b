"""A text-back says who writes, fits its segments, and never asks for a word that would stop all texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features.consent.wording import Verdict, understand
from frontdesk.features.delivery.model import MessageClass
from frontdesk.features.delivery.segments import Encoding, count
from frontdesk.features.delivery.words import MAX_VALUE_CHARACTERS, Finding, Severity, tags_of
from frontdesk.features.textback.template import (
    CLOSED_TEMPLATE,
    OPEN_TEMPLATE,
    SAMPLE,
    greeting_name,
    lint,
    render,
)
from frontdesk.kernel.errors import Refused

GOOD = "This is {{business}}. Reply STOP to opt out."


def findings(template: str, message_class: MessageClass = MessageClass.REPLY) -> list[Finding]:
    return lint(
        template,
        message_class=message_class,
        is_opt_out=lambda reply: understand(reply).verdict is Verdict.STOP,
    )


def codes(template: str, message_class: MessageClass = MessageClass.REPLY) -> set[str]:
    return {finding.code for finding in findings(template, message_class)}


@pytest.mark.parametrize("template", [OPEN_TEMPLATE, CLOSED_TEMPLATE])
def test_the_default_texts_have_no_findings_and_fit_one_gsm7_segment(template: str) -> None:
    assert findings(template) == []
    for fields in (SAMPLE, {"business": "Ada's Plumbing"}):
        text = render(template, fields)
        assert count(text).encoding is Encoding.GSM7
        assert count(text).count == 1
        assert fields["business"] in text
        assert "Reply STOP to opt out" in text


@pytest.mark.parametrize(
    ("template", "fields", "text"),
    [
        ("Hi {{caller_name|there}}, {{business}} here.", {"business": "Ada's"}, "Hi there, Ada's here."),
        ("Hi {{caller_name|there}}.", {"caller_name": "Carol"}, "Hi Carol."),
        ("Hi {{ caller_name | there }}.", {"caller_name": "  "}, "Hi there."),
        ("Hi {{caller_name}}, hello", {}, "Hi, hello"),
        ("{{business}}", {"business": "{{caller_name}}", "caller_name": "Mallory"}, "{{caller_name}}"),
        ("{{business}}", {"business": "A\r\nB\u202e\x00C\t D"}, "A B C D"),
        ("{{business}}", {"business": "x" * 500}, "x" * MAX_VALUE_CHARACTERS),
        ("We open {{opens_at|soon}}.", {"opens_at": "Monday at 8 AM"}, "We open Monday at 8 AM."),
        ("no tags {here} }", {}, "no tags {here} }"),
        ("", {}, ""),
    ],
)
def test_tags_are_filled(template: str, fields: dict[str, str], text: str) -> None:
    assert render(template, fields) == text


@pytest.mark.parametrize("tag", ["name", "business.__class__", "7*7", "", "caller_name.upper()", "Business"])
def test_an_unknown_tag_is_never_rendered(tag: str) -> None:
    with pytest.raises(Refused) as refusal:
        render("Hi {{" + tag + "}}", {"name": "x"})
    assert refusal.value.code == "delivery.unknown_tag"
    assert "unknown_tag" in codes(GOOD + " {{" + tag + "}}")


@pytest.mark.parametrize(
    "template",
    [
        "{% for x in y %}{{business}}{% endfor %}",
        "{{business}} ${7*7} <%= 7 %> #{7}",
        "{{business}} {0.__class__}",
        "%s {{business}}",
    ],
)
def test_no_template_language_is_spoken_but_ours(template: str) -> None:
    assert render(template, {"business": "Ada's"}) == template.replace("{{business}}", "Ada's")


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_value_is_data_whatever_it_holds(name: str, business: str) -> None:
    text = render("A{{business}}B{{caller_name|there}}C", {"business": business, "caller_name": name})
    assert text.startswith("A")
    assert text.endswith("C")
    assert len(text) <= 3 + 2 * MAX_VALUE_CHARACTERS
    assert all(character.isprintable() for character in text)


@given(st.text(alphabet="{}| abusine_", max_size=200))
def test_any_template_is_rendered_or_refused_and_linted(template: str) -> None:
    found = codes(template)
    try:
        render(template, SAMPLE)
    except Refused:
        assert "unknown_tag" in found or "empty" in found


@pytest.mark.parametrize("template", ["{{business", "business}} {{business}}", "{{business|{x}}}", "{{{{business}}"])
def test_a_broken_tag_is_found(template: str) -> None:
    assert "broken_tag" in codes(template + " Reply STOP to opt out")


def test_a_text_without_its_sender_is_an_error() -> None:
    assert [(f.code, f.severity) for f in findings("Sorry we missed you! Reply STOP to opt out.")] == [
        ("sender_missing", Severity.ERROR)
    ]


@pytest.mark.parametrize(
    "ask",
    [
        *(
            "Reply CANCEL to cancel",
            "Reply CANCEL to cancel your appointment.",
            "text END to finish",
            "Reply STOP to reschedule",
        ),
        *(
            'Reply "quit" to leave the queue',
            "Send REMOVE to drop this slot",
            "respond with cancel if you want to cancel",
        ),
        *("Reply “CANCEL” to cancel", "reply cancel for cancelling", "Type end to end the chat"),
    ],
)
def test_no_stopping_word_may_be_the_answer_to_something_else(ask: str) -> None:
    trapped = [f for f in findings(f"{GOOD} {ask}") if f.code == "opt_out_word"]
    if ask == "Type end to end the chat":
        assert trapped == []  # "end to end" is how carriers themselves word the opt-out
    else:
        assert [f.severity for f in trapped] == [Severity.ERROR]


@pytest.mark.parametrize(
    "ask", ["Reply YES to confirm", "reply 'yes' to book", "Text START to begin", "Reply yes if you want to keep it"]
)
def test_asking_for_a_word_that_opts_in_is_warned_of(ask: str) -> None:
    assert [f.severity for f in findings(f"{GOOD} {ask}") if f.code == "opt_in_word"] == [Severity.WARNING]


@pytest.mark.parametrize(
    "offer",
    [
        *(
            "Reply STOP to opt out.",
            "Text STOP to unsubscribe",
            "reply stop to end",
            "Reply STOP to stop",
            "STOP to end",
        ),
        *("Reply 'STOP' to opt out", "Reply UNSUBSCRIBE to opt out", "Reply C to confirm. Reply STOP to opt out"),
    ],
)
def test_the_usual_offers_to_stop_are_taken_as_such(offer: str) -> None:
    assert findings("This is {{business}}. " + offer) == []


def test_a_text_that_does_not_say_how_to_stop_is_noted() -> None:
    assert codes("This is {{business}}.") == {"opt_out_missing"}
    assert findings("This is {{business}}.", MessageClass.MARKETING)[0].severity is Severity.ERROR
    assert codes("{{business}}: you are opted out.", MessageClass.COMPLIANCE) == set()


@pytest.mark.parametrize(
    "words",
    [
        "20% off today",
        "Ask about our specials",
        "$50 off",
        "limited time",
        "use promo code X",
        "Black Friday",
        "a free gift",
    ],
)
def test_an_answer_to_a_call_must_not_advertise(words: str) -> None:
    assert {f.severity for f in findings(f"{GOOD} {words}") if f.code == "promotion"} == {Severity.ERROR}
    assert "promotion" not in codes(f"{GOOD} {words}", MessageClass.MARKETING)


@pytest.mark.parametrize(
    "words", ["How can we help?", "We are out on a job.", "Tell us your address", "We will call you back"]
)
def test_ordinary_words_are_no_promotion(words: str) -> None:
    assert findings(f"{GOOD} {words}") == []


def test_links_are_warned_of_and_shared_shorteners_refused() -> None:
    assert [(f.code, f.severity) for f in findings(f"{GOOD} Book at https://book.example.com")] == [
        ("link", Severity.WARNING)
    ]
    assert [(f.code, f.severity) for f in findings(f"{GOOD} bit.ly/abc")] == [("short_link", Severity.ERROR)]


def test_a_text_too_long_in_segments_is_found_with_its_values_filled_in() -> None:
    assert "too_many_segments" in codes(GOOD + " we are sorry" * 30)
    assert "too_many_segments" not in codes(GOOD + " we are sorry" * 15)
    assert "too_many_segments" in codes(GOOD + " 😀" + " sorry" * 20)
    assert "too_long" in codes(GOOD + "x" * 1600)
    assert codes("   ") == {"empty"}


def test_errors_come_before_warnings() -> None:
    severities = [
        f.severity for f in findings("Reply YES to confirm. Reply CANCEL to cancel. 10% off https://x.example.com")
    ]
    assert severities == sorted(severities)
    assert set(severities) == set(Severity)


def test_tags_are_listed_in_order() -> None:
    assert tags_of(OPEN_TEMPLATE) == ["caller_name", "business"]
    assert tags_of(CLOSED_TEMPLATE) == ["business", "opens_at"]


@pytest.mark.parametrize(
    ("given_name", "greeted"),
    [
        *(("Carol", "Carol"), ("CAROL", "Carol"), ("carol jones", "Carol"), ("Carol Jones", "Carol"), ("José", "José")),
        *(("Jean-Luc Picard", "Jean-Luc"), ("O'Neil", "O'Neil"), ("McKenzie Ann", "McKenzie")),
        *(("CARTER CAROL", ""), ("Carter, Carol", ""), ("WIRELESS CALLER", ""), ("Unknown", ""), ("anonymous", "")),
        *(("+12065550100", ""), ("V12345678", ""), ("ADA PLUMBING LLC", ""), ("", ""), ("A", ""), ("www.evil.com", "")),
        *(("Carol\nReply YES", "Carol"), ("http://evil.example", ""), ("{{business}}", ""), ("x" * 40, "")),
    ],
)
def test_a_caller_is_greeted_by_a_name_or_not_at_all(given_name: str, greeted: str) -> None:
    assert greeting_name(given_name) == greeted
