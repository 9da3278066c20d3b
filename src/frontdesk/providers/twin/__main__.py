"""Run a twin in a process of its own: `python -m frontdesk.providers.twin --port 0 --ready-file FILE`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
from pathlib import Path

import msgspec
import uvloop

from frontdesk.providers.twin.config import TwinConfig
from frontdesk.providers.twin.server import TwinServer


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What the ready file holds; it is readable by its owner only."""

    url: str
    pid: int
    account_sid: str
    auth_token: str
    test_account_sid: str
    test_auth_token: str
    telnyx_api_key: str
    telnyx_public_key: str
    control_token: str


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m frontdesk.providers.twin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--ready-file", type=Path, help="written once the twin listens: address and credentials")
    parser.add_argument("--journal-size", type=int, default=200_000)
    parser.add_argument("--message-limit", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.epilog = (
        "TWIN_ACCOUNT_SID, TWIN_AUTH_TOKEN, TWIN_TELNYX_API_KEY, TWIN_TELNYX_PRIVATE_KEY and TWIN_CONTROL_TOKEN in the"
        " environment replace random ones."
    )
    return parser.parse_args()


def _config(arguments: argparse.Namespace) -> TwinConfig:
    drawn = TwinConfig()
    return TwinConfig(
        host=arguments.host,
        port=arguments.port,
        account_sid=os.environ.get("TWIN_ACCOUNT_SID") or drawn.account_sid,
        auth_token=os.environ.get("TWIN_AUTH_TOKEN") or drawn.auth_token,
        telnyx_api_key=os.environ.get("TWIN_TELNYX_API_KEY") or drawn.telnyx_api_key,
        telnyx_private_key=os.environ.get("TWIN_TELNYX_PRIVATE_KEY") or drawn.telnyx_private_key,
        google_client_id=os.environ.get("TWIN_GOOGLE_CLIENT_ID") or drawn.google_client_id,
        google_client_secret=os.environ.get("TWIN_GOOGLE_CLIENT_SECRET") or drawn.google_client_secret,
        jobber_client_id=os.environ.get("TWIN_JOBBER_CLIENT_ID") or drawn.jobber_client_id,
        jobber_client_secret=os.environ.get("TWIN_JOBBER_CLIENT_SECRET") or drawn.jobber_client_secret,
        jobber_api_token=os.environ.get("TWIN_JOBBER_API_TOKEN") or drawn.jobber_api_token,
        stripe_secret_key=os.environ.get("TWIN_STRIPE_SECRET_KEY") or drawn.stripe_secret_key,
        stripe_webhook_secret=os.environ.get("TWIN_STRIPE_WEBHOOK_SECRET") or drawn.stripe_webhook_secret,
        stripe_webhook_url=os.environ.get("TWIN_STRIPE_WEBHOOK_URL", ""),
        openai_api_key=os.environ.get("TWIN_OPENAI_API_KEY") or drawn.openai_api_key,
        control_token=os.environ.get("TWIN_CONTROL_TOKEN", ""),
        journal_size=arguments.journal_size,
        message_limit=arguments.message_limit,
        seed=arguments.seed,
    )


def _announce(path: Path, server: TwinServer) -> None:
    """Write the ready file whole or not at all."""
    config = server.config
    ready = Ready(
        url=server.url,
        pid=os.getpid(),
        account_sid=config.account_sid,
        auth_token=config.auth_token,
        test_account_sid=config.test_account_sid,
        test_auth_token=config.test_auth_token,
        telnyx_api_key=config.telnyx_api_key,
        telnyx_public_key=config.telnyx_public_key,
        control_token=config.control_token,
    )
    draft = path.with_name(path.name + ".part")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(ready))
    draft.replace(path)


def _calm_collector() -> None:
    """Look for garbage rarely: what piles up here is meant to stay, and scanning it costs half of the throughput."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)


async def _serve(arguments: argparse.Namespace) -> None:
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for asked in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(asked, asked_to_stop.set)
    async with TwinServer(_config(arguments)) as server:
        if arguments.ready_file is not None:
            _announce(arguments.ready_file, server)
        sys.stdout.write(f"twin listening on {server.url}\n")
        sys.stdout.flush()
        await asked_to_stop.wait()


if __name__ == "__main__":
    _calm_collector()
    uvloop.run(_serve(_arguments()))
