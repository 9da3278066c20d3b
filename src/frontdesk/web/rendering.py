"""Our own pages, rendered from our own templates; everything that comes from outside is escaped."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from frontdesk.features.scheduling import say_amount
from frontdesk.web.announcing import announced
from frontdesk.web.navigation import address_in, places_for, settings_for
from frontdesk.web.static_files import address_of
from frontdesk.web.words import (
    clock_time,
    count_words,
    day_words,
    milliseconds,
    moment_words,
    money_words,
    phone_words,
    size_words,
    status_words,
)

_environment = Environment(
    loader=PackageLoader("frontdesk.web", "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals["asset"] = address_of
_environment.globals["announced"] = announced
_environment.globals.update(places_for=places_for, settings_for=settings_for, address_in=address_in)
_environment.filters.update(
    {
        "clock": clock_time,
        "figure": count_words,
        "day": day_words,
        "moment": moment_words,
        "money": money_words,
        "ms": milliseconds,
        "phone": phone_words,
        "price": say_amount,
        "size": size_words,
        "status_words": status_words,
    }
)


def render(template: str, **values: object) -> str:
    """Render `template` with `values`; a value that it needs and was not given is a bug."""
    return _environment.get_template(template).render(**values)
