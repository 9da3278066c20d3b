"""How texts are answered is read and set over the API, by who may set up the business."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from frontdesk.kernel.audit import list_entries
from frontdesk.kernel.auth import Scope
from tests.support.house import BEN, MALLORY, House, open_house


@pytest.fixture
async def house(database_url: str, home: Path) -> AsyncIterator[House]:
    """Open the house."""
    async with open_house(database_url, home) as opened:
        yield opened


async def test_the_settings_are_read_and_set_and_the_change_is_on_record(house: House) -> None:
    api = await house.as_program(Scope.TENANTS_READ, Scope.TENANTS_WRITE, tenant_id=house.ada.id)
    assert (await api.get("/api/dialogue")).json() == {
        "active": True,
        "model_allowed": True,
        "person_within_minutes": 60,
    }
    wanted = {"active": False, "model_allowed": False, "person_within_minutes": 15}
    changed = await api.put("/api/dialogue", json=wanted)
    assert (changed.status_code, changed.json()) == (200, wanted)
    assert (await api.get("/api/dialogue")).json() == wanted
    async with house.parts.system.transaction() as tx:
        entries = await list_entries(tx, tenant_id=house.ada.id)
    assert [one.details for one in entries if one.action == "textback.dialogue_changed"] == [wanted]


@pytest.mark.parametrize("wrong", [{}, {"active": True, "person_within_minutes": 0}, {"active": True, "more": 1}])
async def test_what_cannot_be_is_refused(house: House, wrong: dict[str, object]) -> None:
    api = await house.as_program(Scope.TENANTS_READ, Scope.TENANTS_WRITE, tenant_id=house.ada.id)
    assert (await api.put("/api/dialogue", json=wrong)).status_code == 422


async def test_who_only_answers_reads_it_and_strangers_do_not(house: House) -> None:
    here = {"X-Tenant-Id": str(house.ada.id)}
    ben, mallory = await house.as_person(BEN), await house.as_person(MALLORY)
    assert (await ben.put("/api/dialogue", json={"active": False}, headers=here)).status_code == 403
    assert (await mallory.get("/api/dialogue", headers=here)).status_code == 404
