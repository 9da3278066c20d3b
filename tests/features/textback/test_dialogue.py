"""Replies are answered until the person is booked, or a person at the business takes over."""

from __future__ import annotations

import json
from pathlib import Path

from frontdesk.features import conversations, scheduling
from frontdesk.features.tenants.hours import DAYS
from tests.features.textback.desk import MONDAY_TEN, Talk, appointments, open_desk
from tests.support.actors import TEST_ACTS
from tests.support.office import ADAS_NUMBER, CAROL, Office, open_office

DANA = "+12065550177"
ANSWERS = "select count(*) from send_jobs where intent_key like 'dialogue:%'"
TASKS = "select string_agg(kind || ': ' || subject, ' | ') from tasks where done_at is null"
WAITING = "select count(*) from conversations where person_asked_at is not null"


async def test_a_missed_call_becomes_an_appointment(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        await office.missed_call()
        carol = Talk(office)

        offered = await carol.say("tomorrow afternoon?")
        assert offered.splitlines() == [
            "Harbor Plumbing can offer:",
            "A) Tue, Jun 8 at 12:00 PM",
            "B) Tue, Jun 8 at 2:00 PM",
            "C) Tue, Jun 8 at 4:00 PM",
            "Reply A, B or C, or name another time.",
        ]
        booked = await carol.say("b please")
        assert booked.startswith("Booked: Drain cleaning at Harbor Plumbing, Tue, Jun 8 at 2:00 PM."), booked
        assert await appointments(office) == ["Tue 14:00"]
        assert await carol.say("thank you!") == ""


async def test_an_appointment_is_moved_and_called_off_by_text(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        carol = Talk(office)
        assert "can offer" in await carol.say("can I come in wednesday at 10")
        assert (await carol.say("10am wednesday")).startswith("Booked")

        moved = await carol.say("can we move it to friday at 11")
        assert moved.startswith("Harbor Plumbing can move it to:")
        assert await carol.say("friday at 11") == (
            "Done: Drain cleaning at Harbor Plumbing is now on Fri, Jun 11 at 11:00 AM."
        )
        assert await appointments(office) == ["Fri 11:00"]

        asked = await carol.say("please cancel my appointment")
        assert asked.startswith("Shall we call off Drain cleaning, Fri, Jun 11 at 11:00 AM?")
        assert await appointments(office) == ["Fri 11:00"]
        assert (await carol.say("no")).startswith("All right, it stays")
        await carol.say("cancel my appointment")
        assert (await carol.say("yes")).startswith("Your Drain cleaning on Fri, Jun 11 at 11:00 AM is called off.")
        assert await appointments(office) == []


async def test_a_slot_that_went_meanwhile_is_not_booked_and_others_are_offered(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        carol, dana = Talk(office), Talk(office, DANA)
        await carol.say("tuesday at 9am")
        await dana.say("tuesday at 9am")
        assert (await dana.say("9am")).startswith("Booked")
        lost = await carol.say("9am")
        assert lost.splitlines()[0] == "Sorry, that time has just been taken. Still free:"
        assert "9:00 AM" not in lost
        assert await appointments(office) == ["Tue 09:00"]


async def test_the_bare_word_cancel_stops_all_texts_and_calls_nothing_off(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        carol = Talk(office)
        await carol.say("wednesday at 10am")
        await carol.say("10am")
        assert "unsubscribed" in (await carol.say("CANCEL")).lower() or await refused(office)
        assert await appointments(office) == ["Wed 10:00"]
        answers = await office.fetchval(ANSWERS)
        await carol.say("can I come friday instead?")
        assert await office.fetchval(ANSWERS) == answers
        assert "opted out" in str(await office.fetchval(TASKS))


async def refused(office: Office) -> bool:
    return await office.fetchval("select scope from do_not_contact") == "all"


async def test_whoever_asks_for_a_person_gets_one_and_no_more_from_the_program(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        carol = Talk(office)
        assert "somebody at Harbor Plumbing will get back to you" in await carol.say("can I talk to a real person")
        assert await office.fetchval(WAITING) == 1
        assert await carol.say("tomorrow at 3 would be good") == ""
        assert "dialogue_handed_over" in str(await office.fetchval(TASKS))

        async with office.parts.app.transaction(office.ada.id) as tx:
            task = (await conversations.list_tasks(tx))[0]
            await conversations.finish_task(tx, task_id=task.id, by="user")
        await office.settle()
        assert await office.fetchval(WAITING) == 0
        assert "can offer" in await carol.say("tomorrow at 3 would be good")


async def test_a_question_goes_to_a_person_at_once(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        assert "get back to you" in await Talk(office).say("how much is a drain cleaning?")


async def test_who_is_not_understood_twice_gets_a_person(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        carol = Talk(office)
        assert "Would you like an appointment?" in await carol.say("hmm lol")
        assert "get back to you" in await carol.say("asdf qwer")
        assert await office.fetchval(WAITING) == 1


async def test_an_unclear_choice_is_asked_about_and_not_booked(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        carol = Talk(office)
        await carol.say("tomorrow morning")
        asked = await carol.say("maybe the first")
        assert asked.startswith("Do you mean Tue, Jun 8 at 9:00 AM?")
        assert await appointments(office) == []
        assert (await carol.say("yes")).startswith("Booked")
        assert await appointments(office) == ["Tue 09:00"]


async def test_a_person_who_writes_in_the_thread_silences_the_program(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        carol = Talk(office)
        await carol.say("tomorrow morning")
        async with office.parts.app.transaction(office.ada.id) as tx:
            thread = (await conversations.list_threads(tx))[0]
        await by_hand(office, thread)
        assert await carol.say("1") == ""
        assert await appointments(office) == []
        async with office.parts.app.transaction(office.ada.id) as tx:
            await conversations.settle_thread(tx, conversation_id=thread.id)
        await office.settle()
        assert "can offer" in await carol.say("tomorrow morning")


async def test_a_person_who_wrote_before_there_was_a_dialogue_gives_the_thread_back(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        carol = Talk(office)
        assert await carol.say("hello") == ""
        await open_desk(office)
        await carol.say("hello again")
        async with office.login.transaction() as tx:
            await tx.execute("delete from conv_dialogues")
        async with office.parts.app.transaction(office.ada.id) as tx:
            thread = (await conversations.list_threads(tx))[0]
        await by_hand(office, thread)
        assert await carol.say("tomorrow morning") == ""
        async with office.parts.app.transaction(office.ada.id) as tx:
            await conversations.settle_thread(tx, conversation_id=thread.id)
        await office.settle()
        assert "can offer" in await carol.say("tomorrow morning")


async def by_hand(office: Office, thread: conversations.Thread) -> None:
    """Let Ben write in a thread."""
    async with office.parts.app.transaction(office.ada.id) as tx:
        await conversations.write_to(
            tx,
            contact_id=thread.contact_id,
            body="Ben here, I will look at it myself.",
            author="ben@example.com",
            key="by-hand:1",
            sender_e164=ADAS_NUMBER,
            provider="twilio",
            lane=office.parts.courier,
        )
    await office.settle()


async def test_one_text_is_answered_once_however_often_it_is_told(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        for _ in range(3):
            await office.text_in("tomorrow at 9am", sid="SM" + "7" * 32)
        await office.settle()
        assert len(await office.texts_to(CAROL)) == 1
        # The same announcement handed on again, as after a crash of the dispatcher.
        async with office.login.transaction() as tx:
            await tx.execute("update outbox_events set dispatched_at = null, handled = '{}'")
        await office.settle()
        assert len(await office.texts_to(CAROL)) == 1


async def test_a_business_that_cannot_be_booked_answers_nothing_by_itself(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        office.clock.ahead += MONDAY_TEN - office.clock.now()
        assert await Talk(office).say("tomorrow at 3?") == ""
        assert await office.fetchval("select count(*) from conv_dialogues") == 0


async def test_with_several_services_the_one_is_asked_for_and_the_named_time_still_counts(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office, "Drain cleaning", "Boiler service")
        carol = Talk(office)
        assert (await carol.say("thursday after 3")).splitlines()[:2] == ["For which service?", "1) Boiler service"]
        offered = await carol.say("1")
        assert "Thu, Jun 10 at 3:00 PM" in offered, offered
        assert (await carol.say("3pm")).startswith("Booked: Boiler service")


async def test_spanish_is_answered_in_spanish(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        carol = Talk(office)
        offered = await carol.say("hola, tienen algo mañana por la mañana?")
        assert offered.splitlines()[:2] == ["Harbor Plumbing tiene libre:", "1) mar 8 jun, 9:00 AM"]
        assert (await carol.say("la primera")).startswith(
            "Listo: Drain cleaning en Harbor Plumbing, mar 8 jun, 9:00 AM."
        )
        assert await appointments(office) == ["Tue 09:00"]


async def test_old_offers_are_not_booked(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        carol = Talk(office)
        await carol.say("thursday morning")
        office.clock.ahead += scheduling.HOLD_TTL * 60
        await carol.say("1")
        assert await appointments(office) == []


async def test_no_free_time_at_all_fetches_a_person(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        async with office.parts.app.transaction(office.ada.id) as tx:
            service = (await scheduling.list_services(tx))[0]
            await scheduling.set_givers(tx, service_id=service.id, resource_ids=[], by=TEST_ACTS)
        assert "get back to you" in await Talk(office).say("tomorrow at 3pm")
        assert "no time is free" in str(await office.fetchval(TASKS))


async def test_on_a_closed_day_the_wished_time_of_day_is_offered_on_the_next_one(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        carol = Talk(office)
        assert (await carol.say("saturday afternoon?")).splitlines() == [
            "That time is not free. The nearest are:",
            "A) Mon, Jun 14 at 12:00 PM",
            "B) Mon, Jun 14 at 2:00 PM",
            "C) Mon, Jun 14 at 4:00 PM",
            "Reply A, B or C, or name another time.",
        ]
        dana = Talk(office, DANA)
        assert "Mon, Jun 14 at 3:00 PM" in await dana.say("saturday at 3pm")


async def test_the_hour_that_answers_which_of_two_keeps_the_day_that_was_named(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office, hours=json.dumps({day: [["00:00", "24:00"]] for day in DAYS}))
        for customer, answer, hour in ((CAROL, "8pm", "8:00 PM"), (DANA, "in the morning", "8:00 AM")):
            talk = Talk(office, customer)
            assert (await talk.say("thursday at 8")).startswith("Do you mean 8:00 AM or 8:00 PM?")
            assert f"Thu, Jun 10 at {hour}" in await talk.say(answer)
        erin = Talk(office, "+12065550178")
        await erin.say("thursday at 8")
        other = await erin.say("friday at 8pm")
        assert "Fri, Jun 11 at 8:00 PM" in other
        assert "Thu" not in other
