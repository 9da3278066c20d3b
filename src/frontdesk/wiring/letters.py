"""Letters that are written down before they are carried: whoever dies between the two loses none."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from frontdesk.kernel.db import Tx
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.jobs import RetryPolicy, RunContext, Workflows, start_run
from frontdesk.kernel.keys import SigningKeys
from frontdesk.kernel.sealing import Vault
from frontdesk.kernel.telemetry import get_logger
from frontdesk.ports import ProviderError
from frontdesk.ports.mail import Letter, Postman

CARRY = "letters.carry.v1"
PURPOSE = "letters that wait"
CARRIED, REFUSED, NOBODY = "carried", "refused", "no mail server"
# Half an hour in all: a link to a new password is over by then.
PATIENCE = RetryPolicy(max_attempts=8, first_delay=timedelta(seconds=10), max_delay=timedelta(minutes=10))

log = get_logger("letters")


@dataclass(frozen=True, slots=True)
class _Written:
    to: str
    subject: str
    words: str
    at: datetime


class OutTray:
    """Where letters are laid down, sealed with this installation's key, because their words may hold a link."""

    def __init__(self, keys: SigningKeys) -> None:
        self._vault = Vault(keys, purpose=PURPOSE)

    async def lay_down(self, tx: Tx, letter: Letter) -> None:
        """Write a letter down in the transaction of what it tells of; a worker carries it after the commit."""
        key = str(new_id())
        written = msgspec.json.encode(_Written(letter.to, letter.subject, letter.words, letter.at)).decode()
        sealed = b64encode(self._vault.seal(written, place=key)).decode()
        await start_run(tx, CARRY, {"key": key, "sealed": sealed}, key=key)

    def take_up(self, args: Mapping[str, object]) -> Letter:
        """Read a letter that was laid down; refuses with `SealBroken` what no key of ours opens."""
        words, _ = self._vault.open(b64decode(str(args["sealed"])), place=str(args["key"]))
        written = msgspec.json.decode(words, type=_Written)
        return Letter(to=written.to, subject=written.subject, words=written.words, at=written.at)


def add_letter_workflow(workflows: Workflows, *, tray: OutTray, postman: Postman | None) -> None:
    """Register the carrying of letters: tried anew while the mail server is away, given up when it refuses one.

    A letter that the server has perhaps taken is handed in once more: twice told is better than not.
    """

    @workflows.workflow(CARRY, retry=PATIENCE, concurrency=2)
    async def carry(run: RunContext) -> None:
        async def hand_over() -> str:
            if postman is None:
                return NOBODY
            try:
                await postman.carry(tray.take_up(run.args))
            except ProviderError as error:
                if not error.permanent:
                    raise
                log.warning("letters.refused", error=str(error))
                return REFUSED
            return CARRIED

        await run.call("carry", hand_over)
