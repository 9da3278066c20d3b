"""One simulation, with its database, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.simulation.simulation import Simulation

OpenSimulation = Callable[[Mapping[str, str]], Simulation]


@pytest.fixture
def open_simulation(database_url: str) -> Iterator[OpenSimulation]:
    """Open a simulation on a database of its own, with statements altered on their way to the server, if any."""
    opened: list[Simulation] = []

    def open_one(alterations: Mapping[str, str]) -> Simulation:
        opened.append(Simulation(database_url, alterations=alterations))
        return opened[-1]

    yield open_one
    for simulation in opened:
        simulation.close()


@pytest.fixture
def simulation(open_simulation: OpenSimulation) -> Simulation:
    """Open the simulation of the product as it is."""
    return open_simulation({})
