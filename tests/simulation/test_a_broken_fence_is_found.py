"""Take one protection away, and the worlds find out: the judges are not blind, and no protection is for show.

What the product says to the database is altered on its way to the server; the product itself stays as it is.
"""

from __future__ import annotations

from itertools import count

import pytest

from tests.simulation.conftest import OpenSimulation
from tests.simulation.simulation import Simulation

# What a lease worker does whose carrier timed out: it tries again.
RETRY_ON_TIMEOUT = """
    create function sim_retry_on_timeout() returns trigger language plpgsql as $$
    begin
      if new.status = 'unknown' then
        new.status := 'queued';
      end if;
      return new;
    end $$;
    create trigger sim_retry_on_timeout before update on send_jobs
      for each row execute function sim_retry_on_timeout();
"""
NO_FENCE = {
    "where job.id = result.id and job.fence = result.fence": "where job.id = result.id",
    "where id = $1 and fence = $2 and status = 'unknown'": "where id = $1 and $2::bigint > 0 and status = 'unknown'",
}
NO_LOCK_OF_THE_PERSON = {
    "select pg_advisory_xact_lock_shared(1, hashtext($1))": "select hashtext($1)",
    "pg_try_advisory_xact_lock_shared(1, hashtext(job.recipient_e164))": "true",
}
NO_DEDUPE = {
    "on conflict (provider, dedupe_key) do nothing": "",
    "values ($1, $2, $3, $4, $5,": "values ($1, $2, $3, $4, $5 || $1::text,",
}


def find(simulation: Simulation, mark: str, *, within: int) -> tuple[int, list[str]]:
    """Run worlds until a judge reports `mark`; fails after so many."""
    for seed in count():
        assert seed < within, f"no world of {within} found it"
        found = [violation for violation in simulation.live(seed).violations if violation.startswith(mark)]
        if found:
            return seed, found
    raise AssertionError("unreachable")


@pytest.mark.timeout(120)
def test_a_lease_worker_that_retries_on_timeout_sends_twice(open_simulation: OpenSimulation) -> None:
    simulation = open_simulation({})
    simulation.sql(RETRY_ON_TIMEOUT)
    seed, found = find(simulation, "I1", within=100)
    assert any("was taken 2 times" in violation or "was posted again" in violation for violation in found), seed
