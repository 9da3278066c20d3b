from __future__ import annotations

from uuid import RFC_4122, UUID

import pytest

from frontdesk.kernel.ids import new_id, new_ids


@pytest.mark.parametrize("made", [[new_id()], new_ids(3)])
def test_an_id_is_a_uuid_of_version_seven(made: list[UUID]) -> None:
    for one in made:
        assert isinstance(one, UUID)
        assert (one.version, one.variant) == (7, RFC_4122)
        assert UUID(str(one)) == one
        assert hash(UUID(bytes=one.bytes)) == hash(one)


def test_many_ids_of_one_moment_are_all_different_and_share_their_time() -> None:
    made = new_ids(1000)
    assert len(set(made)) == 1000
    assert len({one.int >> 80 for one in made}) == 1


def test_ids_of_a_later_moment_sort_behind() -> None:
    earlier = new_id()
    while (later := new_id()).int >> 80 == earlier.int >> 80:
        pass
    assert earlier < later


def test_no_ids_are_made_for_nothing() -> None:
    assert new_ids(0) == []
