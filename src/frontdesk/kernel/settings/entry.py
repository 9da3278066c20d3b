"""Settings of who may come in."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from frontdesk.kernel.settings.parts import Part


class SignUp(StrEnum):
    """Who may add a business."""

    CLOSED = "closed"
    INVITED = "invited"
    OPEN = "open"


class EntrySettings(Part):
    """Who may add a business to this installation."""

    sign_up: SignUp = Field(
        SignUp.CLOSED,
        validation_alias="SIGN_UP",
        description="who may add a business: closed (who runs this installation), invited (whoever can log in), open "
        "(anybody, once a mail is confirmed); where nobody is known yet, whoever has the start's link may, whatever "
        "it says",
    )
    demo_businesses: bool = Field(
        default=True,
        validation_alias="DEMO_BUSINESSES",
        description="whether a first start makes two made-up businesses and a login; off: whoever has the start's "
        "link signs up",
    )
