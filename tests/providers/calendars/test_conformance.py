"""What every provider of calendars does alike: busy times, our events, changes, and how it says no."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from frontdesk.ports.calendars import AccessRevoked, Busy, BusyQuery, Login, OutgoingEvent
from frontdesk.ports.errors import ProviderError
from tests.providers.calendars.stages import CalDavStage, GoogleStage, Stage

NINE = datetime(2027, 3, 15, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = BusyQuery(starts_at=NINE - 9 * HOUR, ends_at=NINE + 15 * HOUR, zone="America/New_York")
UID = "frontdesk0192aabbccddeeff"


def appointment(**changes: object) -> OutgoingEvent:
    event = OutgoingEvent(uid=UID, title="Carol: drain", starts_at=NINE, ends_at=NINE + HOUR, description="Unit 4")
    return replace(event, **changes)  # type: ignore[arg-type]  # a test's table of members


async def busy(stage: Stage, query: BusyQuery = DAY) -> list[Busy]:
    return await stage.provider.list_busy(stage.login, stage.calendar_id, query)


async def test_an_empty_calendar_is_never_busy(stage: Stage) -> None:
    assert await busy(stage) == []


async def test_what_others_write_is_busy_merged_and_cut_to_the_window(stage: Stage) -> None:
    await stage.make_busy(NINE + 3 * HOUR, NINE + 4 * HOUR)
    await stage.make_busy(NINE + 1.5 * HOUR, NINE + 2 * HOUR)
    await stage.make_busy(NINE + HOUR, NINE + 1.75 * HOUR)
    window = replace(DAY, starts_at=NINE + 1.25 * HOUR, ends_at=NINE + 3.5 * HOUR)
    assert await busy(stage, window) == [
        Busy(NINE + 1.25 * HOUR, NINE + 2 * HOUR),
        Busy(NINE + 3 * HOUR, NINE + 3.5 * HOUR),
    ]


async def test_the_account_and_its_calendars_have_names(stage: Stage) -> None:
    account = await stage.provider.get_account(stage.login)
    found = {one.id: one for one in await stage.provider.list_calendars(stage.login)}
    assert account.id
    assert account.name
    assert found[stage.calendar_id].name
    assert found[stage.calendar_id].writable == stage.provider.writes


async def test_a_wrong_key_is_an_access_that_is_gone(stage: Stage) -> None:
    wrong = replace(stage.login, access_token="nobody's", password="nobody's")
    for ask in (
        lambda: stage.provider.get_account(wrong),
        lambda: stage.provider.list_calendars(wrong),
        lambda: stage.provider.list_busy(wrong, stage.calendar_id, DAY),
    ):
        with pytest.raises(AccessRevoked) as gone:
            await ask()
        assert gone.value.permanent
        assert gone.value.provider == stage.provider.name


async def test_a_change_is_noticed_once_where_there_are_sync_tokens(stage: Stage) -> None:
    first = await stage.provider.list_changes(stage.login, stage.calendar_id, "")
    assert first.changed
    if not first.token:
        assert not stage.provider.writes, "only Jobber has no tokens"
        return
    calm = await stage.provider.list_changes(stage.login, stage.calendar_id, first.token)
    assert not calm.changed
    await stage.make_busy(NINE, NINE + HOUR)
    news = await stage.provider.list_changes(stage.login, stage.calendar_id, calm.token)
    assert news.changed
    assert not news.restarted
    assert not (await stage.provider.list_changes(stage.login, stage.calendar_id, news.token)).changed


async def test_a_sync_token_that_is_forgotten_begins_anew(writing: Stage) -> None:
    token = (await writing.provider.list_changes(writing.login, writing.calendar_id, "")).token
    await writing.forget_tokens()
    if isinstance(writing, CalDavStage):
        token = "http://radicale.org/ns/sync/" + "0" * 64
    anew = await writing.provider.list_changes(writing.login, writing.calendar_id, token)
    assert anew.changed
    assert anew.restarted
    calm = await writing.provider.list_changes(writing.login, writing.calendar_id, anew.token)
    assert not calm.changed


async def test_an_event_is_written_moved_and_taken_away(writing: Stage) -> None:
    provider, login, calendar = writing.provider, writing.login, writing.calendar_id
    written = await provider.put_event(login, calendar, appointment())
    assert await writing.list_written() == {UID: (NINE, NINE + HOUR, "Carol: drain")}
    later = appointment(starts_at=NINE + 2 * HOUR, ends_at=NINE + 3 * HOUR, revision=1)
    moved = await provider.put_event(login, calendar, later, etag=written.etag)
    assert moved.etag != written.etag
    assert await writing.list_written() == {UID: (NINE + 2 * HOUR, NINE + 3 * HOUR, "Carol: drain")}
    await provider.delete_event(login, calendar, UID)
    assert await writing.list_written() == {}
    await provider.delete_event(login, calendar, UID)


async def test_written_twice_is_one_event(writing: Stage) -> None:
    await writing.provider.put_event(writing.login, writing.calendar_id, appointment())
    again = await writing.provider.put_event(writing.login, writing.calendar_id, appointment(title="Carol: pipe"))
    assert again.etag
    assert await writing.list_written() == {UID: (NINE, NINE + HOUR, "Carol: pipe")}


async def test_our_version_wins_over_a_change_made_there(writing: Stage) -> None:
    old = await writing.provider.put_event(writing.login, writing.calendar_id, appointment())
    await writing.provider.put_event(writing.login, writing.calendar_id, appointment(title="Meddled"), etag=old.etag)
    await writing.provider.put_event(writing.login, writing.calendar_id, appointment(revision=2), etag=old.etag)
    assert await writing.list_written() == {UID: (NINE, NINE + HOUR, "Carol: drain")}


async def test_an_event_deleted_there_comes_back_when_it_is_written_again(writing: Stage) -> None:
    written = await writing.provider.put_event(writing.login, writing.calendar_id, appointment())
    await writing.provider.delete_event(writing.login, writing.calendar_id, UID)
    await writing.provider.put_event(writing.login, writing.calendar_id, appointment(revision=1), etag=written.etag)
    assert await writing.list_written() == {UID: (NINE, NINE + HOUR, "Carol: drain")}


async def test_our_own_events_are_no_busy_time_of_others(writing: Stage) -> None:
    await writing.provider.put_event(writing.login, writing.calendar_id, appointment())
    assert await busy(writing) == []
    assert await busy(writing, replace(DAY, without_ours=False)) == [Busy(NINE, NINE + HOUR)]


async def test_a_calendar_that_is_not_there_is_refused_for_good(google: GoogleStage) -> None:
    for without_ours in (True, False):
        with pytest.raises(ProviderError) as refused:
            await google.provider.list_busy(google.login, "gone@example.com", replace(DAY, without_ours=without_ours))
        assert refused.value.permanent
        assert not isinstance(refused.value, AccessRevoked)


async def test_nobody_answers_is_no_reason_to_give_up(google: GoogleStage) -> None:
    await google.twin.close()
    with pytest.raises(ProviderError) as failed:
        await google.provider.list_calendars(google.login)
    assert not failed.value.permanent
    assert not failed.value.ambiguous


def test_a_login_shows_none_of_its_secrets() -> None:
    shown = repr(Login(username="ada", password="hush1", access_token="hush2", refresh_token="hush3"))
    assert "hush" not in shown
