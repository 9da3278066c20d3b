"""Every keyword is understood however it is typed, and nothing else is mistaken for one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features.consent.wording import WORDING_VERSION, Scope, Verdict, understand

# 47 CFR 64.1200(a)(10) and the default lists of Twilio, Telnyx and AWS.
PER_SE = (
    *("STOP", "QUIT", "END", "REVOKE", "OPT OUT", "CANCEL", "UNSUBSCRIBE", "STOPALL", "STOP ALL", "OPTOUT", "OPT-OUT"),
    *("ARRET", "REMOVE", "TD", "ARRETE"),
)
INVISIBLE = (
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u200e",
    "\u200f",
    "\u202a",
    "\u202e",
    "\u2066",
    "\u00ad",
)
AROUND = (
    ".",
    "!",
    "!!!",
    "?",
    ",",
    "…",
    '"',
    "'",
    "\u2018",
    "\u2019",
    "\u201c",
    "\u201d",
    "«",
    "»",
    "(",
    ")",
    "-",
    "—",
    "*",
)
EMOJI = ("😡", "🛑", "👍", "🙏🏽", "✋", "❤\ufe0f")
SPACES = ("", " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000")
ACCENTS = ("\u0300", "\u0301", "\u0302", "\u0308")


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def mathematical_bold(text: str) -> str:
    return "".join(chr(0x1D400 + ord(c) - ord("A")) if "A" <= c <= "Z" else c for c in text.upper())


def letters_apart(text: str, gap: str) -> str:
    return gap.join(text.replace(" ", "").replace("-", ""))


@st.composite
def typed(draw: st.DrawFn) -> str:
    """Type a per-se word as a thumb might."""
    word = draw(st.sampled_from(PER_SE))
    word = "".join(draw(st.sampled_from((c.lower(), c.upper()))) for c in word)
    disguise = draw(st.sampled_from(("none", "wide", "bold", "apart", "accents", "invisible", "drawn out")))
    if disguise == "wide":
        word = full_width(word)
    elif disguise == "bold":
        word = mathematical_bold(word)
    elif disguise == "apart":
        word = letters_apart(word, draw(st.sampled_from((" ", ".", "-", ". ", "\n", "_", "*"))))
    elif disguise == "accents":
        word = "".join(c + draw(st.sampled_from(("", *ACCENTS))) if c.isalpha() else c for c in word)
        word = unicodedata.normalize(draw(st.sampled_from(("NFC", "NFD"))), word)
    elif disguise == "invisible":
        word = "".join(draw(st.sampled_from(("", *INVISIBLE))) + c for c in word)
    elif disguise == "drawn out":
        word = word + word[-1] * draw(st.integers(2, 30))
    ornament = st.lists(st.sampled_from((*AROUND, *EMOJI, *SPACES, *INVISIBLE)), max_size=4).map("".join)
    return draw(ornament) + word + draw(ornament)


@given(typed())
def test_every_per_se_word_stops_however_it_is_typed(body: str) -> None:
    assert understand(body).verdict is Verdict.STOP, ascii(body)


@pytest.mark.parametrize("word", PER_SE)
@pytest.mark.parametrize(
    "shape", ["{}", "{}.", '"{}"', "{} please", "please {}", "{} now!", "Hi, {}, thanks", "{}\n\n{}", "ok {}"]
)
def test_a_per_se_word_with_politeness_stops(word: str, shape: str) -> None:
    for cased in (word, word.lower(), word.capitalize()):
        read = understand(shape.replace("{}", cased))
        assert (read.verdict, read.scope) == (Verdict.STOP, Scope.ALL), shape


@given(st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "Z", "S"]), max_size=1500))
def test_a_stop_on_its_own_line_is_heard_whatever_stands_above_it(text: str) -> None:
    assert understand(f"{text[:1400]}\nSTOP").verdict is Verdict.STOP


def test_a_stop_at_either_end_of_the_longest_message_is_heard() -> None:
    story = "I had a lovely day at the lake with the kids. " * 34
    assert understand("STOP. " + story).verdict is Verdict.STOP
    longest = (story[: 1_600 - 6].rstrip(". ") + ". STOP")[-1_600:]
    assert understand(longest).verdict is Verdict.STOP
    assert understand("\u200b" * 3_000 + "STOP").verdict is Verdict.STOP


@pytest.mark.parametrize("body", ["START", "start", " Start. ", "UNSTOP", "un-stop", "unstop!", "Ｓｔａｒｔ"])
def test_only_the_persons_own_word_starts_again(body: str) -> None:
    assert understand(body).verdict is Verdict.START


@pytest.mark.parametrize("hint", [None, "start"])
@pytest.mark.parametrize(
    "body", ["YES", "yes", "Y", "yes please", "ok", "subscribe", "start the job monday", "can we start?", ""]
)
def test_a_start_is_never_inferred(body: str, hint: str | None) -> None:
    assert understand(body, hint=hint).verdict is Verdict.NONE


@pytest.mark.parametrize("body", ["HELP", "help!", "Info", "INFO please", "aide", "Ayuda", "\u200fhelp"])
def test_help_words_are_answered(body: str) -> None:
    assert understand(body).verdict is Verdict.HELP


@pytest.mark.parametrize("body", ["I need help with my sink", "help me move a couch", "more info on the price please"])
def test_a_customer_who_needs_help_is_not_answered_with_boilerplate(body: str) -> None:
    assert understand(body).verdict is Verdict.NONE


@pytest.mark.parametrize("body", ["START STOP", "stop start", "HELP STOP", "yes stop", "stop. START", "unstop, stop"])
def test_stop_wins_over_anything_else(body: str) -> None:
    assert understand(body).verdict is Verdict.STOP


@pytest.mark.parametrize("body", ["", "YES", "START", "HELP", "see you at 5", "Liked “see you”"])
def test_a_stop_that_the_carrier_heard_is_a_stop(body: str) -> None:
    read = understand(body, hint="stop")
    assert (read.verdict, read.scope, read.evidence.rule) == (Verdict.STOP, Scope.ALL, "carrier")


def test_what_the_carrier_takes_for_help_gives_way_to_the_persons_words() -> None:
    assert understand("assist", hint="help").verdict is Verdict.HELP
    assert understand("stop texting me", hint="help").verdict is Verdict.STOP
    assert understand("START", hint="help").verdict is Verdict.START


@pytest.mark.parametrize(
    "body", ["stop sending promos", "no more ads please", "unsubscribe from marketing", "I do not want your promotions"]
)
def test_no_more_advertising_stops_marketing_only(body: str) -> None:
    read = understand(body)
    assert (read.verdict, read.scope) == (Verdict.STOP, Scope.MARKETING)


@pytest.mark.parametrize(
    "body", ["No more ads. STOP", "stop sending promos and leave me alone", "STOP\nno more coupons"]
)
def test_no_more_advertising_and_a_stop_stops_everything(body: str) -> None:
    assert understand(body).scope is Scope.ALL


def test_an_unsure_reading_stops_marketing_only() -> None:
    read = understand("wrong number")
    assert (read.verdict, read.scope) == (Verdict.UNSURE_STOP, Scope.MARKETING)


def test_a_reading_says_which_rule_which_words_and_which_version() -> None:
    evidence = understand("Hi. Please stop texting me at work").evidence
    assert (evidence.rule, evidence.words, evidence.version) == ("stop writing", "stop texting", WORDING_VERSION)
    assert understand("QUIT").evidence.rule == "keyword (fcc)"


@pytest.mark.parametrize(
    "verb", ["Liked", "Loved", "Disliked", "Laughed at", "Emphasized", "Questioned", "Reacted 😂 to", "👍 to"]
)
def test_a_heart_on_our_own_text_is_not_a_stop(verb: str) -> None:
    ours = "Hi, this is Ada's Plumbing. Sorry we missed your call! Reply STOP to opt out"
    assert understand(f"{verb} \u201c{ours}\u201d").verdict is Verdict.NONE


@pytest.mark.parametrize("body", ['❤\ufe0fstop"', "👍 to “STOP”", "liked it but STOP", "Loved it. Stop.", "UN\nSTOP"])
def test_a_persons_own_stop_beside_an_emoji_or_a_reaction_is_heard(body: str) -> None:
    assert understand(body).verdict is Verdict.STOP


def test_a_persons_own_stop_after_a_quotation_of_ours_is_heard() -> None:
    ours = "Liked “Hi, this is Ada's Plumbing. Sorry we missed your call! Reply STOP to opt out”"
    assert understand(ours).verdict is Verdict.NONE
    assert understand(f"{ours} STOP").verdict is Verdict.STOP
    assert understand("Liked “stop”").verdict is Verdict.UNSURE_STOP


def test_our_own_words_quoted_before_a_reply_are_not_a_stop() -> None:
    assert understand("Reply STOP to opt out\nYes, 3pm works").verdict is Verdict.NONE


@given(st.text(max_size=3_000), st.sampled_from((None, "start", "help")))
def test_any_text_gets_a_reading_with_a_scope_only_where_something_stops(body: str, hint: str | None) -> None:
    read = understand(body, hint=hint)
    assert (read.scope is None) == (read.verdict in (Verdict.NONE, Verdict.HELP, Verdict.START))
    assert read == understand(body, hint=hint)
