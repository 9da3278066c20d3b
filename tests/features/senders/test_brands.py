"""What carriers let a registered brand send: their day, its share, and the pace of a campaign by its class."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from frontdesk.features import senders
from frontdesk.features.senders import NumberType
from frontdesk.features.senders.service.numbers import refuse_impossible
from frontdesk.kernel.errors import Refused
from tests.features.senders.test_numbers import ADAS
from tests.support.actors import TEST_ACTS
from tests.support.office import open_office


@pytest.mark.parametrize(
    ("at", "day", "resets_at"),
    [
        ("2026-12-01T07:59:59", date(2026, 11, 30), "2026-12-01T08:00:00"),
        ("2026-12-01T08:00:00", date(2026, 12, 1), "2026-12-02T08:00:00"),
        ("2026-07-01T06:59:59", date(2026, 6, 30), "2026-07-01T07:00:00"),
        # The night in which summer time ends has 25 hours, the one in which it begins 23.
        ("2026-11-01T07:00:00", date(2026, 11, 1), "2026-11-02T08:00:00"),
        ("2026-11-01T09:30:00", date(2026, 11, 1), "2026-11-02T08:00:00"),
        ("2027-03-14T08:00:00", date(2027, 3, 14), "2027-03-15T07:00:00"),
        ("2027-03-14T10:30:00", date(2027, 3, 14), "2027-03-15T07:00:00"),
    ],
)
def test_a_day_of_the_carriers_begins_at_midnight_pacific_in_summer_and_in_winter(
    at: str, day: date, resets_at: str
) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert senders.carrier_day(moment) == day
    assert senders.next_carrier_day(moment) == datetime.fromisoformat(resets_at).replace(tzinfo=UTC)


def test_the_carriers_midnight_is_where_their_day_changes_on_every_hour_of_two_years() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    while at.year < 2028:
        resets_at = senders.next_carrier_day(at)
        assert timedelta(0) < resets_at - at <= timedelta(hours=25)
        assert senders.carrier_day(resets_at - timedelta(microseconds=1)) == senders.carrier_day(at)
        assert senders.carrier_day(resets_at) > senders.carrier_day(at)
        at += timedelta(hours=1)


def test_without_a_share_all_texts_count_and_advertising_leaves_some_of_the_day_to_answers() -> None:
    assert senders.segments_a_day(2_000, 100) == 2_000
    assert senders.segments_a_day(2_000, 40) == 5_000
    assert senders.segments_a_day(2_000, 100, advertising=True) == 1_900
    assert senders.segments_a_day(None, 100, advertising=True) is None


@pytest.mark.parametrize(
    ("letter", "per_minute"), [("A", 4500), ("B", 4500), ("C", 2400), ("D", 2400), ("E", 240), ("F", 240), ("T", 75)]
)
def test_the_class_of_a_campaign_sets_its_pace(letter: str, per_minute: int) -> None:
    assert senders.campaign_segments_per_second(letter) == pytest.approx(per_minute / 60)
    assert senders.campaign_segments_per_second(letter, 50) == pytest.approx(per_minute / 30)


@pytest.mark.parametrize("letter", ["", "G", "Z"])
def test_a_class_that_limits_each_number_or_none_sets_no_pace_in_common(letter: str) -> None:
    assert senders.campaign_segments_per_second(letter) is None


def test_only_a_long_code_has_a_brand() -> None:
    refuse_impossible(replace(ADAS, brand_id="BHARBOR"))
    toll_free = replace(ADAS, phone_e164="+18005550123", number_type=NumberType.TOLL_FREE, brand_id="BHARBOR")
    for wrong in (toll_free, replace(ADAS, brand_id="B HARBOR"), replace(ADAS, brand_id="B" * 65)):
        with pytest.raises(Refused) as refused:
            refuse_impossible(wrong)
        assert refused.value.code == "senders.brand_invalid"


async def test_a_brand_is_told_once_changed_later_and_written_into_the_audit_log(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        async with office.parts.app.transaction(office.ada.id) as tx:
            told = await senders.put_brand(tx, brand_id="BHARBOR", daily_segments=2_000, by=TEST_ACTS)
            assert (told.daily_allowance, told.used_today, told.daily_share) == (2_000, 0, 100)
            raised = await senders.put_brand(
                tx, brand_id="BHARBOR", daily_segments=10_000, daily_share=50, minute_share=40, by=TEST_ACTS
            )
            assert (raised.daily_allowance, raised.minute_share) == (20_000, 40)
            assert await senders.list_brands(tx) == [raised]
            for wrong in (
                {"brand_id": "", "daily_segments": 1},
                {"brand_id": "B1", "daily_segments": -1},
                {"brand_id": "B1", "daily_segments": 1, "daily_share": 0},
                {"brand_id": "B1", "daily_segments": 1, "minute_share": 101},
            ):
                with pytest.raises(Refused) as refused:
                    await senders.put_brand(tx, by=TEST_ACTS, **wrong)  # type: ignore[arg-type]  # wrong on purpose
                assert refused.value.code == "senders.brand_invalid"
        async with office.parts.app.transaction(office.mallory.id) as tx:
            assert await senders.list_brands(tx) == [], "nobody sees another's brands"
        written = "select count(*) from audit_log where action = 'senders.brand_set' and subject = 'brand:BHARBOR'"
        assert await office.fetchval(written) == 2
