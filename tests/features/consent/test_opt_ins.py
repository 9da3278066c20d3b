"""Consent in writing: complete it permits marketing, incomplete it says what it lacks, and a STOP takes it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from frontdesk.features import consent
from frontdesk.features.consent.model import Heard, Reply, missing_of, says_yes, sha256_of
from frontdesk.features.consent.service import expire_requests, find_open_request, list_requests
from frontdesk.kernel.errors import Refused
from tests.features.consent.conftest import Desk
from tests.support.actors import ADA_ACTS
from tests.support.office import ADAS_NUMBER

CAROL = "+12065550123"
COMPLETE = consent.OptIn(
    phone_e164=CAROL,
    text_shown="I agree to get marketing texts from Harbor Plumbing. Consent is no condition of purchase.",
    url="https://harbor.example/join",
    given_at=datetime(2026, 3, 4, 17, 5, tzinfo=UTC),
    zone="America/Los_Angeles",
    ip="203.0.113.9",
    user_agent="Mozilla/5.0",
    sellers=("Harbor Plumbing",),
    not_a_condition=True,
    source="web form",
)
EMPTIED: dict[str, consent.OptIn] = {
    "written": replace(COMPLETE, kind=consent.ConsentKind.ORAL),
    "text_shown": replace(COMPLETE, text_shown=" "),
    "url": replace(COMPLETE, url=""),
    "given_at": replace(COMPLETE, given_at=None),
    "zone": replace(COMPLETE, zone=""),
    "ip": replace(COMPLETE, ip=""),
    "user_agent": replace(COMPLETE, user_agent=""),
    "sellers": replace(COMPLETE, sellers=(" ",)),
    "not_a_condition": replace(COMPLETE, not_a_condition=False),
    "source": replace(COMPLETE, source=""),
}


async def record(desk: Desk, opt_in: consent.OptIn = COMPLETE) -> consent.OptInRecord:
    async with desk.app.transaction(desk.ada) as tx:
        return await consent.record_opt_in(tx, opt_in, by=ADA_ACTS)


async def says(desk: Desk, body: str) -> Heard:
    async with desk.app.transaction(desk.ada) as tx:
        return await consent.hear(
            tx,
            consent.understand(body),
            phone_e164=CAROL,
            sender_e164=ADAS_NUMBER,
            source="text:SM1",
            carrier_answers=False,
            journal=desk.journal,
            body=body,
        )


async def ask(desk: Desk) -> consent.OptInRequest:
    async with desk.app.transaction(desk.ada) as tx:
        return await consent.ask_to_confirm(tx, COMPLETE, by=ADA_ACTS, frequency="Up to 4 msgs/month")


async def written(desk: Desk) -> consent.ConsentProof | None:
    async with desk.app.transaction(desk.ada) as tx:
        return await consent.find_written_consent(tx, phone_e164=CAROL)


async def standing(desk: Desk) -> consent.Standing:
    async with desk.app.transaction(desk.ada) as tx:
        return await consent.check_person(tx, phone_e164=CAROL)


async def test_a_complete_consent_permits_marketing_and_is_in_the_ledger_whole(desk: Desk) -> None:
    kept = await record(desk)
    assert kept.missing == ()
    assert kept.permits_marketing
    assert kept.text_sha256 == sha256_of(COMPLETE.text_shown)
    assert (await standing(desk)).marketing == ""
    assert await desk.value("select metadata -> 'opt_in' ->> 'ip' from compliance_events") == "203.0.113.9"
    proof = await written(desk)
    assert proof is not None
    assert (proof.text, proof.seller, proof.condition_of_purchase) == (COMPLETE.text_shown, "Harbor Plumbing", False)


@pytest.mark.parametrize("name", EMPTIED)
async def test_a_consent_that_lacks_a_field_is_kept_names_it_and_permits_nothing(desk: Desk, name: str) -> None:
    kept = await record(desk, EMPTIED[name])
    assert kept.missing == (name,) == missing_of(EMPTIED[name])
    assert not kept.permits_marketing
    assert (await standing(desk)).marketing == "law.consent_unverifiable"
    assert await desk.value("select count(*) from opt_ins where missing = array[$1]", name) == 1


async def test_a_complete_consent_counts_before_a_later_one_that_lacks_something(desk: Desk) -> None:
    await record(desk)
    await record(desk, replace(COMPLETE, given_at=datetime(2026, 5, 1, tzinfo=UTC), ip=""))
    await record(desk, replace(COMPLETE, given_at=None))
    proof = await written(desk)
    assert proof is not None
    assert proof.given_at == COMPLETE.given_at


async def test_many_peoples_consents_are_read_at_once(desk: Desk) -> None:
    phones = [f"+1206555{number:04}" for number in range(100, 120)]
    for phone in phones[::2]:
        await record(desk, replace(COMPLETE, phone_e164=phone))
    async with desk.app.transaction(desk.ada) as tx:
        assert sorted(await consent.list_written_consents(tx, phones)) == phones[::2]
        assert await consent.list_written_consents(tx, []) == {}


async def test_consent_to_reminders_is_none_to_marketing(desk: Desk) -> None:
    kept = await record(desk, replace(COMPLETE, scope=consent.ConsentScope.TRANSACTIONAL))
    assert not kept.permits_marketing
    assert await written(desk) is None


async def test_words_that_were_changed_later_prove_nothing(desk: Desk) -> None:
    await record(desk)
    await desk.value("update opt_ins set text_shown = 'Whatever you like' returning 1")
    assert (await standing(desk)).marketing == "law.consent_unverifiable"
    proof = await written(desk)
    assert proof is not None
    assert (proof.text, proof.text_sha256) == ("", "")


async def test_the_law_reads_a_row_as_the_database_writes_it(desk: Desk) -> None:
    await record(desk)
    document = await desk.value("select to_jsonb(opt_ins)::text from opt_ins")
    assert isinstance(document, str)
    assert consent.read_proof(document) == await written(desk)


@pytest.mark.parametrize(
    ("opt_in", "code"),
    [
        (replace(COMPLETE, given_at=datetime(2036, 1, 1, tzinfo=UTC)), "consent.time_to_come"),
        (replace(COMPLETE, zone="Mars/Olympus"), "consent.zone_unknown"),
        (replace(COMPLETE, ip="300.1.1.1"), "consent.ip_invalid"),
    ],
)
async def test_evidence_that_cannot_be_true_is_refused(desk: Desk, opt_in: consent.OptIn, code: str) -> None:
    with pytest.raises(Refused) as refused:
        await record(desk, opt_in)
    assert refused.value.code == code
    async with desk.app.transaction(desk.ada) as tx:
        with pytest.raises(Refused) as other:
            await consent.record_opt_in(tx, COMPLETE, by=ADA_ACTS, text_sha256="0" * 64)
    assert other.value.code == "consent.text_differs"
    assert await desk.value("select count(*) from opt_ins") == 0


async def test_one_source_key_makes_one_record(desk: Desk) -> None:
    async with desk.app.transaction(desk.ada) as tx:
        first = await consent.record_opt_in(tx, COMPLETE, by=ADA_ACTS, source_key="import:1:7")
    async with desk.app.transaction(desk.ada) as tx:
        again = await consent.record_opt_in(tx, COMPLETE, by=ADA_ACTS, source_key="import:1:7")
        with pytest.raises(Refused, match="another consent"):
            await consent.record_opt_in(
                tx, replace(COMPLETE, text_shown="Other words"), by=ADA_ACTS, source_key="import:1:7"
            )
    assert first == again
    assert await desk.events(CAROL) == ["opt_in"]


async def test_a_stop_takes_back_every_consent_at_once_and_deletes_none(desk: Desk) -> None:
    await record(desk)
    await record(desk, replace(COMPLETE, scope=consent.ConsentScope.TRANSACTIONAL))
    await says(desk, "STOP")
    assert await written(desk) is None
    assert await desk.value("select count(*) from opt_ins where revoked_at is not null") == 2
    assert await desk.events(CAROL) == ["opt_in", "opt_in", "stop", "opt_in_revoked"]


async def test_after_start_reminders_may_come_and_marketing_needs_a_new_consent(desk: Desk) -> None:
    await record(desk)
    await says(desk, "STOP")
    assert (await says(desk, "START")).reply is Reply.START_CONFIRMATION
    now = await standing(desk)
    assert (now.transactional, now.marketing) == ("", "law.no_written_consent")
    await record(desk, replace(COMPLETE, given_at=None))
    assert (await standing(desk)).marketing == "law.consent_unverifiable"
    await record(desk)
    assert (await standing(desk)).marketing == ""


async def test_a_second_stop_takes_back_what_was_recorded_since_the_first(desk: Desk) -> None:
    await says(desk, "STOP")
    await record(desk)
    assert (await says(desk, "stop")).reply is Reply.NOTHING
    assert await written(desk) is None
    assert await desk.events(CAROL) == ["stop", "opt_in", "opt_in_revoked"]


async def test_words_that_may_mean_stop_hold_marketing_back_and_take_nothing_back(desk: Desk) -> None:
    await record(desk)
    async with desk.app.transaction(desk.ada) as tx:
        unsure = consent.Wording(
            consent.Verdict.UNSURE_STOP, consent.understand("stop").evidence, consent.understand("stop").scope
        )
        heard = await consent.hear(
            tx, unsure, phone_e164=CAROL, sender_e164=ADAS_NUMBER, source="text:SM2", carrier_answers=False,
            journal=desk.journal,
        )  # fmt: skip
    assert heard.unsure
    now = await standing(desk)
    assert (now.transactional, now.marketing) == ("", "consent.opted_out_of_marketing")
    assert await written(desk) is not None


async def test_a_person_can_take_one_consent_back_once(desk: Desk) -> None:
    kept = await record(desk)
    async with desk.app.transaction(desk.ada) as tx:
        gone = await consent.revoke_opt_in(tx, opt_in_id=kept.id, reason="asked on the phone", by=ADA_ACTS)
        assert gone.revoked_at == tx.now
        with pytest.raises(Refused, match="already"):
            await consent.revoke_opt_in(tx, opt_in_id=kept.id, reason="again", by=ADA_ACTS)
    assert await desk.events(CAROL) == ["opt_in", "opt_in_revoked"]
    assert await desk.value("select count(*) from audit_log where action = 'consent.opt_in_revoked'") == 1
    async with desk.app.transaction(desk.mallory) as tx:
        with pytest.raises(Refused, match="no such consent"):
            await consent.revoke_opt_in(tx, opt_in_id=kept.id, reason="not hers", by=ADA_ACTS)


async def test_a_consent_that_is_asked_about_counts_only_after_the_persons_yes(desk: Desk) -> None:
    asked = await ask(desk)
    assert asked.outcome is None
    assert await written(desk) is None
    assert (await says(desk, "Yes please!")).reply is Reply.OPT_IN_CONFIRMATION
    proof = await written(desk)
    assert proof is not None
    assert proof.text_sha256 == sha256_of(COMPLETE.text_shown)
    assert await desk.value("select confirmed_at is not null and request_id = $1 from opt_ins", asked.id) is True
    assert await desk.events(CAROL) == ["opt_in_requested", "opt_in_confirmed"]
    assert (await says(desk, "YES")).reply is Reply.NOTHING


async def test_start_answers_the_question_too(desk: Desk) -> None:
    await ask(desk)
    assert (await says(desk, "START")).reply is Reply.OPT_IN_CONFIRMATION
    assert await written(desk) is not None


async def test_a_yes_without_a_question_is_nothing(desk: Desk) -> None:
    assert (await says(desk, "YES")).reply is Reply.NOTHING
    assert await written(desk) is None
    assert await desk.events(CAROL) == []


async def test_a_yes_never_lifts_a_refusal(desk: Desk) -> None:
    await says(desk, "STOP")
    await ask(desk)
    assert (await says(desk, "YES")).reply is Reply.NOTHING
    assert await written(desk) is None
    assert (await standing(desk)).transactional == "consent.opted_out"
    # START lifts the refusal; it does not answer the question in the same breath.
    assert (await says(desk, "START")).reply is Reply.START_CONFIRMATION
    assert await written(desk) is None
    assert (await says(desk, "YES")).reply is Reply.OPT_IN_CONFIRMATION


async def test_a_stop_closes_the_question(desk: Desk) -> None:
    await ask(desk)
    await says(desk, "STOP")
    await says(desk, "START")
    assert (await says(desk, "YES")).reply is Reply.NOTHING
    assert await desk.value("select outcome from opt_in_requests") == "canceled"


async def test_a_yes_after_72_hours_is_too_late(desk: Desk) -> None:
    asked = await ask(desk)
    desk.clock.ahead = timedelta(hours=72)
    assert (await says(desk, "YES")).reply is Reply.NOTHING
    assert await written(desk) is None
    assert await desk.value("select outcome from opt_in_requests where id = $1", asked.id) == "expired"


async def test_a_yes_within_72_hours_is_in_time(desk: Desk) -> None:
    await ask(desk)
    desk.clock.ahead = timedelta(hours=71, minutes=59)
    assert (await says(desk, "YES")).reply is Reply.OPT_IN_CONFIRMATION


async def test_questions_that_nobody_answers_are_closed_by_the_clock(desk: Desk) -> None:
    asked = await ask(desk)
    async with desk.app.transaction(desk.ada) as tx:
        assert await expire_requests(tx) == 0
        assert await find_open_request(tx, request_id=asked.id) is not None
    desk.clock.ahead = timedelta(hours=73)
    async with desk.app.transaction(desk.ada) as tx:
        assert await find_open_request(tx, request_id=asked.id) is None
        assert await expire_requests(tx) == 1
    assert await desk.events(CAROL) == ["opt_in_requested", "opt_in_expired"]


async def test_a_new_question_replaces_the_open_one(desk: Desk) -> None:
    await ask(desk)
    await ask(desk)
    async with desk.app.transaction(desk.ada) as tx:
        assert [one.outcome for one in await list_requests(tx)] == [None, "canceled"]


def test_the_question_names_brand_frequency_rates_help_and_stop() -> None:
    text = consent.request_text(business="Harbor Plumbing", frequency="Up to 4 msgs/month")
    for word in ("Harbor Plumbing", "YES", "Up to 4 msgs/month", "Msg & data rates may apply", "HELP", "STOP"):
        assert word in text
    assert len(text) <= 160, "one segment, whatever the usual name is"
    assert consent.confirmation_text(Reply.OPT_IN_CONFIRMATION, business="Harbor Plumbing", phone="").count("STOP") == 1


@pytest.mark.parametrize("body", ["YES", "yes", " Yes! ", "y", "Yes, please", "Sí", "I agree.", "👍 yes"])
def test_a_plain_yes_is_one(body: str) -> None:
    assert says_yes(body)


@pytest.mark.parametrize(
    "body", ["", "yes but stop", "yesterday", "no", "yes I will be there at five", "STOP", "start", "y" * 65, "👍"]
)
def test_anything_more_is_no_plain_yes(body: str) -> None:
    assert not says_yes(body)


async def test_one_business_sees_nothing_of_anothers_consents(desk: Desk) -> None:
    await record(desk)
    async with desk.app.transaction(desk.mallory) as tx:
        assert await consent.find_written_consent(tx, phone_e164=CAROL) is None
        assert await consent.list_opt_ins(tx) == []


async def test_a_record_is_changed_by_nobody_but_for_its_end(desk: Desk) -> None:
    await record(desk)
    for change in ("text_shown = 'x'", "missing = '{}'", "given_at = now()", "phone_e164 = '+12065550199'"):
        with pytest.raises(Exception, match="permission denied"):
            async with desk.app.transaction(desk.ada) as tx:
                await tx.execute(f"update opt_ins set {change}")  # noqa: S608 - the list above
    with pytest.raises(Exception, match="permission denied"):
        async with desk.app.transaction(desk.ada) as tx:
            await tx.execute("delete from opt_ins")
