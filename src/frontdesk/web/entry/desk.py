"""The desk where people prove who they are: one per process, with its cookies, its keys and its words of refusal."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from frontdesk.kernel import auth
from frontdesk.kernel.auth import (
    CodeNeeded,
    LoggedIn,
    LoginOver,
    LoginRefused,
    LoginThrottled,
    Passwords,
    Session,
    Visitor,
    factor_vault,
)
from frontdesk.kernel.auth import passkeys as keyrings
from frontdesk.kernel.db import Tx
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.telemetry.metrics import LOGIN_REFUSALS
from frontdesk.web.access import CHOSEN_COOKIE, Caller, Entrance, FrontDoor
from frontdesk.web.devices import device_words
from frontdesk.web.entry.letters import Letterbox
from frontdesk.web.peers import client_address
from frontdesk.wiring import Frontdesk
from frontdesk.wiring.letters import OutTray
from frontdesk.wiring.mail import find_postman
from frontdesk.wiring.notices import Change, write_notice


class EntryDesk:
    """Lets people in, throttled, and gives and takes their cookies."""

    def __init__(self, parts: Frontdesk, door: FrontDoor) -> None:
        self.parts = parts
        self.entrance: Entrance = door.entrance
        self.passwords = Passwords()
        self.keys = parts.settings.signing_keys()
        self.vault = factor_vault(self.keys)
        self.party = keyrings.party_of(parts.public_base_url)
        tray = OutTray(self.keys)
        self.letterbox = None if find_postman(parts.settings) is None else Letterbox(parts.system, tray)
        host = "__Host-" if self.entrance.https else ""
        self._half_cookie = f"{host}half_login"

    async def tell_of(self, tx: Tx, request: Request, change: Change, *, email: str) -> None:
        """Have a person told by letter of a change about how they get in, if and when `tx` is committed."""
        if self.letterbox is None:
            return
        where = f"{device_words(request.headers.get('user-agent', ''))} at {self.address(request)}"
        base = self.parts.public_base_url
        await self.letterbox.lay_down(tx, write_notice(change, email=email, at=tx.now, where=where, base_url=base))

    def visitor(self, request: Request) -> Visitor:
        """Tell from where, and with what, somebody wants in."""
        agent = request.headers.get("user-agent", "")
        return Visitor(self.address(request), agent, self.entrance.lifetime)

    def address(self, request: Request) -> str:
        """Tell against which address tries are counted."""
        return client_address(request, trusted=self.parts.settings.web.trusted_proxies)

    async def log_in(self, request: Request, *, email: str, password: str) -> LoggedIn | CodeNeeded:
        """Take a password; refuses `auth.csrf`, `auth.login_refused` (401) and `auth.throttled` (429)."""
        self.entrance.refuse_foreign(request)
        visitor = self.visitor(request)
        result = await auth.log_in(
            self.parts.system,
            self.passwords,
            email=email,
            password=password,
            ip=visitor.ip,
            user_agent=visitor.user_agent,
            lifetime=visitor.lifetime,
        )
        if isinstance(result, LoggedIn | CodeNeeded):
            return result
        raise self._refusal(
            result,
            Refused(
                "auth.login_refused",
                "The e-mail address or the password is wrong. Type both again, or ask for a new password.",
                status=401,
            ),
        )

    async def finish(self, request: Request, *, half_token: str, code: str) -> LoggedIn:
        """Take the code of a half-login; refuses `auth.code_refused` and `auth.login_over` (401), `auth.throttled`."""
        self.entrance.refuse_foreign(request)
        result = await auth.finish_login(
            self.parts.system, self.vault, half_token=half_token, code=code[:200], visitor=self.visitor(request)
        )
        if isinstance(result, LoggedIn):
            return result
        if isinstance(result, LoginOver):
            raise Refused("auth.login_over", "Too much time has passed since your password. Log in again.", status=401)
        raise self._refusal(
            result,
            Refused(
                "auth.code_refused",
                "This code is wrong or was used. Wait for the next one, or use a recovery code.",
                status=401,
            ),
        )

    async def enter_by_passkey(self, request: Request, *, answer: str) -> LoggedIn:
        """Take a passkey's answer; refuses `auth.passkey_wrong` (401), `auth.no_passkeys` (409), `auth.throttled`."""
        self.entrance.refuse_foreign(request)
        result = await keyrings.log_in_by_passkey(
            self.parts.system, self.own_party(), self.keys, answer=answer, visitor=self.visitor(request)
        )
        if isinstance(result, LoggedIn):
            return result
        raise self._refusal(
            result,
            Refused(
                "auth.passkey_wrong",
                "This passkey did not let you in. Try again, or log in with your password.",
                status=401,
            ),
        )

    async def prove(self, request: Request, session: Session, *, secret: str) -> LoggedIn:
        """Take a password or a code as proof of who is there; refuses `auth.proof_refused` (403), `auth.throttled`."""
        result = await auth.prove_anew(
            self.parts.system, self.passwords, self.vault, session=session, secret=secret, ip=self.address(request)
        )
        if isinstance(result, LoggedIn):
            return result
        raise self._refusal(
            result,
            Refused("auth.proof_refused", "This is neither your password nor a code that counts now.", status=403),
        )

    def own_party(self) -> keyrings.Party:
        """Give the address that passkeys are bound to; refuses `auth.no_passkeys` (409)."""
        if self.party is None:
            raise Refused("auth.no_passkeys", "Passkeys need an https address with a name in it.", status=409)
        return self.party

    async def log_out(self, caller: Caller) -> None:
        """End the caller's session; a token has none to end."""
        if caller.session is not None:
            async with self.parts.system.transaction() as tx:
                await auth.log_out(tx, session=caller.session)

    def give_cookie(self, response: Response, login: LoggedIn) -> None:
        """Hand the session's token to the browser: for this host alone, unreadable for scripts."""
        lasts = int(self.entrance.lifetime.absolute.total_seconds())
        self._set(response, self.entrance.cookie, login.token, seconds=lasts)

    def take_cookie(self, response: Response) -> None:
        """Make the browser forget its session."""
        self._forget(response, self.entrance.cookie)
        self._forget(response, CHOSEN_COOKIE)

    def give_half(self, response: Response, half: CodeNeeded) -> None:
        """Hand a half-login's token to the browser; it opens the second step and nothing else."""
        self._set(response, self._half_cookie, half.token, seconds=300)

    def half_of(self, request: Request) -> str:
        """Read a half-login's token; empty if there is none."""
        return request.cookies.get(self._half_cookie, "")

    def take_half(self, response: Response) -> None:
        """Make the browser forget its half-login, which has become a whole one."""
        self._forget(response, self._half_cookie)

    def _set(self, response: Response, name: str, value: str, *, seconds: int) -> None:
        secure = self.entrance.https
        response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")

    def _forget(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path="/", secure=self.entrance.https, httponly=True, samesite="lax")

    def _refusal(self, result: LoginRefused | LoginThrottled, wrong: Refused) -> Refused:
        """Count a refusal and tell it; who tries too often hears how long to wait."""
        if isinstance(result, LoginRefused):
            self.parts.metrics.increment(LOGIN_REFUSALS, reason="wrong")
            return wrong
        self.parts.metrics.increment(LOGIN_REFUSALS, reason=result.reason)
        return too_often(result)


def too_often(result: LoginThrottled) -> Refused:
    """Tell somebody who tries too often how long to wait."""
    seconds = int(result.retry_after.total_seconds()) + 1
    return Refused(
        "auth.throttled",
        f"Too many tries. Try again in {seconds // 60 + 1} min.",
        status=429,
        details={"retry_after_seconds": seconds},
    )


def session_of(caller: Caller) -> Session:
    """Give the session of a person at a browser; refuses `auth.people_only` (403) for programs."""
    if caller.session is None:
        raise Refused("auth.people_only", "This is for people who are logged in, not for programs.", status=403)
    return caller.session


def own_path(wanted: str) -> str:
    """Keep a path of ours to go to after the login; anything that could lead elsewhere becomes the first page."""
    plain = wanted.isprintable() and wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if plain and "\\" not in wanted else "/"
