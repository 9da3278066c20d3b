"""The installation's key is exchanged under whoever uses it: nothing good is refused, and nothing bad taken."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

import pytest

from frontdesk.kernel.hooks import Sealer, Unreadable
from frontdesk.kernel.keys import BOTH_FOR, exchange_key, exchanged_at, forget_previous
from frontdesk.kernel.secrets import ensure_secret
from frontdesk.kernel.settings import load_settings

ENDPOINT = UUID(int=7)
DAY_AND_MORE = BOTH_FOR.total_seconds() + 60


def test_processes_that_run_change_over_by_themselves(home: Path) -> None:
    keys = load_settings({}, home).signing_keys()
    old = keys.current()
    exchange_key(home)
    assert keys.current() != old
    assert keys.accepted() == (keys.current(), old)
    assert exchanged_at(home) is not None
    assert forget_previous(home)
    assert keys.accepted() == (keys.current(),)
    assert not forget_previous(home)


def test_a_signature_of_the_old_key_is_worth_nothing_after_a_day_but_what_it_sealed_opens(home: Path) -> None:
    keys = load_settings({}, home).signing_keys()
    sealed = Sealer(keys).seal("whsec_x", endpoint_id=ENDPOINT)
    old = keys.current()
    exchange_key(home)
    kept = home / "secrets" / "secret_key_previous"
    long_ago = kept.stat().st_mtime - DAY_AND_MORE
    os.utime(kept, (long_ago, long_ago))
    assert old not in keys.accepted()
    assert Sealer(keys).open(sealed, endpoint_id=ENDPOINT) == "whsec_x"
    forget_previous(home)
    with pytest.raises(Unreadable):
        Sealer(keys).open(sealed, endpoint_id=ENDPOINT)


def test_a_second_exchange_waits_for_the_end_of_the_first(home: Path) -> None:
    ensure_secret(home, "secret_key")
    exchange_key(home)
    with pytest.raises(ValueError, match="under way"):
        exchange_key(home)


def test_a_key_of_the_operators_own_is_never_taken_from_a_file(home: Path) -> None:
    first, second = ensure_secret(home, "a"), ensure_secret(home, "b")
    exchange_of_others = ensure_secret(home, "secret_key")
    settings = load_settings({"SECRET_KEY": first, "SECRET_KEY_PREVIOUS": second}, home)
    assert settings.signing_keys().accepted() == (first, second)
    assert exchange_of_others not in settings.signing_keys().accepted()
    assert settings.second_secrets() == ("SECRET_KEY_PREVIOUS",)
