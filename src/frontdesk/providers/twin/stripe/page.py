"""The pretended pay page: a person reads what is to be paid and clicks pay or decline; no script is needed."""

from __future__ import annotations

from html import escape
from typing import Final

from aiohttp import web

from frontdesk.providers.twin.doorway import Declined
from frontdesk.providers.twin.stripe.ledger import Ledger
from frontdesk.providers.twin.stripe.state import Json, StripeState

_STYLE: Final = (
    "body{font:1.1rem system-ui;max-width:26rem;margin:3rem auto;padding:0 1rem}"
    "button{font:inherit;padding:.7rem 1.2rem;margin:.4rem .4rem 0 0}"
)
_OVER: Final = {"complete": "This is paid.", "expired": "This page has expired."}


class PayPages:
    """The pages that a session and the portal lead to."""

    def __init__(self, state: StripeState, ledger: Ledger) -> None:
        self._state = state
        self._ledger = ledger

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        return [
            web.get("/stripe/pay/{id}", self._show),
            web.post("/stripe/pay/{id}", self._click),
            web.get("/stripe/portal/{customer}", self._portal),
            web.post("/stripe/portal/{customer}", self._end_plan),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        self._ledger.close_late_sessions()
        session = self._state.sessions.get(request.match_info["id"])
        if session is None:
            return _page("There is no such page.", "", status=404)
        if session["status"] != "open":
            return _page(_OVER[str(session["status"])], _back(session, "success_url"))
        return _page("Pretended payment", _form(session))

    async def _click(self, request: web.Request) -> web.Response:
        session = self._state.sessions.get(request.match_info["id"])
        if session is None:
            return _page("There is no such page.", "", status=404)
        choice = (await request.post()).get("choice")
        if choice == "cancel":
            raise web.HTTPSeeOther(str(session["cancel_url"] or session["success_url"]))
        try:
            self._ledger.pay(session, card="" if choice == "pay" else "generic_decline")
        except Declined:
            return _page(_OVER.get(str(session["status"]), "This cannot be paid."), "", status=400)
        if choice != "pay":
            return _page("The card was declined. Try another one.", _form(session))
        raise web.HTTPSeeOther(str(session["success_url"]))

    async def _portal(self, request: web.Request) -> web.Response:
        plans = self._plans_of(request)
        rows = "".join(
            f"<li>{escape(str(one['id']))}: {escape(str(one['status']))} "
            f"<button name=plan value='{escape(str(one['id']))}'>End at the end of the period</button></li>"
            for one in plans
        )
        return _page("Your plans", f"<form method=post><ul>{rows}</ul></form>")

    async def _end_plan(self, request: web.Request) -> web.Response:
        named = (await request.post()).get("plan")
        for one in self._plans_of(request):
            if one["id"] == named:
                self._ledger.end_plan(str(named), at_period_end=True)
        return _page("It ends at the end of its period.", "")

    def _plans_of(self, request: web.Request) -> list[Json]:
        customer = request.match_info["customer"]
        return [one for one in self._state.subscriptions.values() if one["customer"] == customer]


def _form(session: Json) -> str:
    cents = session["amount_total"]
    amount = f"{cents / 100:.2f}" if isinstance(cents, int) else "?"
    return (
        f"<p>Nobody's money moves here. To pay: <strong>{escape(amount)} {escape(str(session['currency']).upper())}"
        "</strong></p><form method=post><button name=choice value=pay>Pay</button>"
        "<button name=choice value=decline>Have the card declined</button>"
        "<button name=choice value=cancel>Go back</button></form>"
    )


def _back(session: Json, name: str) -> str:
    return f"<p><a href='{escape(str(session[name]))}'>Back</a></p>"


def _page(title: str, content: str, *, status: int = 200) -> web.Response:
    text = (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>{content}"
    )
    return web.Response(text=text, content_type="text/html", status=status)
