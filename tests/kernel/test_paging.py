from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.kernel.paging import next_link, read_cursor, write_cursor


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)), st.uuids())  # noqa: DTZ001 - it wants bare ones
def test_a_place_in_a_list_is_read_back_to_the_microsecond(at: datetime, key: UUID) -> None:
    assert read_cursor(write_cursor(at, str(key)), UUID) == (at, key)


@pytest.mark.parametrize(
    "text",
    ["", ".", "x.y", "1", "1.", "1.not-a-uuid", "-1." + str(UUID(int=1)), "9" * 40 + ".x", "²." + str(UUID(int=1))],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"place|UUID"):
        read_cursor(text, UUID)


def test_the_next_page_is_the_same_request_from_another_place_on() -> None:
    link = next_link("/api/dnc", "limit=2&before=old&phone_e164=%2B12065550123", before="1.+1206")
    assert link == '</api/dnc?limit=2&phone_e164=%2B12065550123&before=1.%2B1206>; rel="next"'
