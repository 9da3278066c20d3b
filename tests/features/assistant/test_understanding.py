"""What replies mean is read rightly, in two languages, and what is unclear is asked about instead of booked."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from frontdesk.features import consent
from frontdesk.features.assistant import (
    AsksTime,
    ChoosesOffer,
    Confirms,
    Context,
    Language,
    Unsure,
    WantsCancel,
    understand,
)
from frontdesk.features.assistant.understanding.scoring import OPEN, Judged, judge_all, read_labelled, score

REPLIES = Path(__file__).parents[2] / "fixtures" / "replies"
NOW = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
OFFERS = tuple(NOW + timedelta(days=1, hours=hours) for hours in (0, 2, 5))
PIECES = (
    "tomorrow friday next tue 3 10 2pm at after before the first second option yes no maybe cancel book appointment"
    " manana a las por la tarde el viernes que viene primera si not but or and between 5th june 6/5 : - ? , please"
    " asap in two weeks morning evening until works half past noon week from don't can't 1530 #2 15h"
)
WORDS = PIECES.split()


def judged(name: str) -> list[Judged]:
    """Read a labelled set and print how well it went."""
    found = judge_all(read_labelled(REPLIES, name))
    for language in (*Language, None):
        of_it = score(one for one in found if language in (one.language, None))
        print(  # noqa: T201 - the figures are what is asked for
            f"{name} {language or 'all'}: {of_it.replies} replies, intent {of_it.intent_accuracy:.3f},"
            f" {of_it.times} times, time {of_it.time_accuracy:.3f}, wrong bookings {of_it.wrong_bookings}"
        )
    return found


def test_labelled_replies_are_understood() -> None:
    total = score(judged("labelled"))
    assert total.replies >= 300
    assert total.intent_accuracy >= 0.99
    assert total.time_accuracy >= 0.99


@pytest.mark.parametrize(
    ("language", "intents", "times"), [(Language.ENGLISH, 0.93, 0.87), (Language.SPANISH, 0.86, 0.87)]
)
def test_replies_that_no_rule_was_written_for_are_mostly_understood(
    language: Language, intents: float, times: float
) -> None:
    total = score(one for one in judged("held_out") if one.language is language)
    assert total.intent_accuracy >= intents
    assert total.time_accuracy >= times


@pytest.mark.parametrize("name", ["labelled", "held_out"])
def test_nothing_is_booked_or_called_off_that_nobody_asked_for(name: str) -> None:
    assert [one.reply.text for one in judge_all(read_labelled(REPLIES, name)) if one.wrong_booking] == []


@pytest.mark.parametrize("text", ["cancel", "CANCEL", "Cancel.", "cancel!", "cancelar", "end", "stop"])
def test_a_word_that_is_an_opt_out_at_law_never_calls_an_appointment_off(text: str) -> None:
    meaning = understand(text, Context(now=NOW, zone="America/New_York", has_appointment=True)).meaning
    assert not isinstance(meaning, WantsCancel | ChoosesOffer | Confirms)


def test_what_calls_off_moves_or_takes_a_time_is_no_opt_out() -> None:
    verdicts = {
        one.text: consent.understand(one.text, None).verdict
        for one in read_labelled(REPLIES, "labelled")
        if one.intent in {"cancel", "change", "pick", "yes"}
    }
    assert [text for text, verdict in verdicts.items() if verdict is consent.Verdict.STOP] == []
    # What may be an opt-out ("cancel it") goes to a person; a choice or a yes never may.
    chosen = [one.text for one in read_labelled(REPLIES, "labelled") if one.intent in {"pick", "yes"}]
    chosen = [text for text in chosen if verdicts[text] is not consent.Verdict.NONE]
    assert chosen == []


@given(some.lists(some.sampled_from(WORDS), max_size=24), some.sampled_from(sorted(zoneinfo.available_timezones())))
def test_any_words_are_read_and_times_lie_ahead(words: list[str], zone: str) -> None:
    context = Context(now=NOW, zone=zone, hours=OPEN, offers=OFFERS)
    meaning = understand(" ".join(words), context).meaning
    if isinstance(meaning, ChoosesOffer):
        assert 0 <= meaning.index < len(OFFERS)
    if isinstance(meaning, AsksTime):
        assert meaning.windows
        assert all(NOW <= one.starts_at < one.ends_at for one in meaning.windows)


@given(some.text(max_size=1200))
def test_any_text_is_read(text: str) -> None:
    assert understand(text, Context(now=NOW, zone="Europe/Madrid", offers=OFFERS)).language in Language


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Australia/Lord_Howe", "America/St_Johns"])
def test_a_wall_clock_stays_what_it_is_over_a_change_of_clocks(zone: str) -> None:
    place = ZoneInfo(zone)
    for day in range(370):
        now = datetime(2026, 6, 1, 9, 0, tzinfo=place) + timedelta(days=day)
        meaning = understand("tomorrow at 10am", Context(now=now.astimezone(UTC), zone=zone)).meaning
        assert isinstance(meaning, AsksTime)
        start = meaning.windows[0].starts_at.astimezone(place)
        assert (start.date(), start.hour, start.minute) == ((now + timedelta(days=1)).date(), 10, 0)


@pytest.mark.parametrize("text", ["either one", "2 or 3", "maybe 2", "2?", "not 2", "if 2 is with Ben", "7", "1 and 2"])
def test_a_choice_with_a_doubt_is_none(text: str) -> None:
    meaning = understand(text, Context(now=NOW, zone="America/New_York", offers=OFFERS)).meaning
    assert isinstance(meaning, Unsure)


@pytest.mark.parametrize(
    "text",
    ["1 " * 345, "5th " * 170, "6/5/" * 170, "tomorrow " * 400, "e\u0301" * 2000, "not tue " * 85, "\u1369" * 300],
)
def test_a_story_is_for_a_person_and_books_nothing(text: str) -> None:
    meaning = understand(text, Context(now=NOW, zone="America/New_York", offers=OFFERS)).meaning
    assert not isinstance(meaning, ChoosesOffer | Confirms | WantsCancel)
