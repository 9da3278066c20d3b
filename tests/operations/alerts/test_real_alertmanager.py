"""A real Alertmanager that is handed our alerts tells once per incident, and once that it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from frontdesk.providers.alert_webhook import AlertWebhook
from frontdesk.providers.alertmanager import Alertmanager
from frontdesk.providers.http import HttpClient
from frontdesk.providers.http.message import Origin
from tests.operations.alerts.stage import Ear, listening, open_stage, rule
from tests.operations.alerts.tools import free_port, tool

TEMPLATES = Path("/usr/share/prometheus/alertmanager/default.tmpl")
CONFIG = """
global: {{resolve_timeout: 5m}}
route: {{receiver: hook, group_by: [tenant, alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 4h}}
receivers:
  - name: hook
    webhook_configs: [{{url: '{url}', send_resolved: true}}]
"""


@asynccontextmanager
async def alertmanager(home: Path, *, tells: str) -> AsyncIterator[str]:
    """Run an Alertmanager that tells one address."""
    program = tool("prometheus-alertmanager")
    if not TEMPLATES.exists():  # noqa: ASYNC240 - one look
        pytest.skip(f"{TEMPLATES} is not here, which prometheus-alertmanager needs")
    (home / "alertmanager.yml").write_text(CONFIG.format(url=tells), encoding="utf-8")
    url = f"http://127.0.0.1:{free_port()}"
    running = await asyncio.create_subprocess_exec(
        program,
        f"--config.file={home / 'alertmanager.yml'}",
        f"--storage.path={home / 'data'}",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    client = HttpClient()
    try:
        while not await answers(client, url):
            assert running.returncode is None, "Alertmanager has ended"
            await asyncio.sleep(0.05)
        yield url
    finally:
        await client.close()
        if running.returncode is None:
            running.kill()
        await running.wait()


async def answers(client: HttpClient, url: str) -> bool:
    """Tell whether it is ready."""
    try:
        answer = await client.request(method="GET", origin=Origin.parse(url), target="/-/ready")
    except Exception:  # noqa: BLE001 - whatever it is, it is not ready
        return False
    return answer.status == 200


async def heard(ear: Ear, times: int) -> None:
    """Wait until the ear has heard so often."""
    async with asyncio.timeout(30):
        while len(ear.heard) < times:
            ear.news.clear()
            await ear.news.wait()


async def test_an_incident_is_told_once_by_it_and_once_by_us(
    database_url: str, ear: Ear, http: HttpClient, home: Path
) -> None:
    async with listening() as theirs, alertmanager(home, tells=f"{theirs.url}/told") as url:
        sinks = (Alertmanager(url, http), AlertWebhook(f"{ear.url}/alerts", http))
        async with open_stage(database_url, *sinks) as stage:
            stage.clock.ahead = -timedelta(minutes=10)  # what it is told has happened, by its own clock
            stage.use(rule(lasting=timedelta(0)))
            stage.heat.show(20, "harbor")
            await stage.run(60, step=11)
            await heard(theirs, 1)
            stage.heat.samples = []
            stage.clock.ahead += timedelta(minutes=5)
            await stage.run(44, step=11)
            await heard(theirs, 2)
    assert [one["status"] for one in ear.heard] == ["firing", "resolved"]
    assert [one["status"] for one in theirs.heard] == ["firing", "resolved"]
    ours, by_it = ear.heard[0], theirs.heard[0]
    # What we post ourselves has the form of what it posts.
    assert set(ours) == set(by_it)
    assert ours["groupKey"] == by_it["groupKey"]
    assert ours["commonLabels"] == by_it["commonLabels"]
