"""Words of tenants and of people are data: no template language but ours is spoken, wherever they are shown."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features.campaigns.words import check_words, fill, is_tag
from frontdesk.features.contacts import Person
from frontdesk.features.delivery import Severity, fill_words
from frontdesk.features.textback.template import render
from frontdesk.kernel.errors import Refused
from frontdesk.web.rendering import render as render_page
from tests.support.house import ADA, House

# What betrays that something computed: 7 * 7, or names that only an interpreter can have read.
COMPUTED = re.compile(r"\b49\b|7777777|uid=|root:|<class|<function|SECRET_KEY|Undefined|Traceback|os\.environ\(")
PAYLOADS = (
    "{{7*7}}",
    "{{7*'7'}}",
    "{{ 7 * 7 }}",
    "{%raw%}{{7*7}}{%endraw%}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}",
    "{% if 7*7 == 49 %}49{% endif %}",
    "{% set x = 7*7 %}{{x}}",
    "{% include '/etc/passwd' %}",
    "{% import os %}",
    "{# 49 #}",
    "{{''.__class__.__mro__[1].__subclasses__()}}",
    "{{config}}",
    "{{config.items()}}",
    "{{self}}",
    "{{self.__init__.__globals__.__builtins__}}",
    "{{request.application.__globals__.__builtins__.__import__('os').popen('id').read()}}",
    "{{cycler.__init__.__globals__.os.popen('id').read()}}",
    "{{lipsum.__globals__['os'].environ}}",
    "{{joiner.__init__.__globals__.os.popen('id').read()}}",
    "{{namespace.__init__.__globals__.os}}",
    "{{business.__class__}}",
    "{{business|attr('__class__')}}",
    "{{business|upper}}",
    "{{business.name}}",
    "{{business['name']}}",
    "{{ business }}{{7*7}}",
    "${7*7}",
    "#{7*7}",
    "*{7*7}",
    "@(7*7)",
    "<%= 7*7 %>",
    "<% 49 %>",
    "${{7*7}}",
    "{{{7*7}}}",
    "{{#with business}}49{{/with}}",
    "{{> partial}}",
    "{{&business}}",
    "{{=<% %>=}}<%7*7%>",
    "[[${7*7}]]",
    "${T(java.lang.Runtime).getRuntime().exec('id')}",
    "{php}echo 7*7;{/php}",
    "{business.__class__}",
    "{0.__class__.__init__.__globals__}",
    "%(business)s",
    "%s%s%s%n",
    "$business ${business}",
    "`id`",
    "$(id)",
    "\\u007b\\u007b7*7\\u007d\\u007d",
    "&#123;&#123;7*7&#125;&#125;",
    "{\u200b{7*7}}",
    "｛｛7*7｝｝",
)
TAG = re.compile(r"\{\{[^{}|]{0,64}(?:\|[^{}]{0,80})?\}\}")


def carol(**told: object) -> Person:
    person = Person(
        id=UUID(int=1),
        phone_e164="+12065550123",
        name="Carol",
        given_name="Carol",
        family_name="",
        timezone=None,
        country="US",
        region="",
        fields={},
        tags=(),
    )
    return replace(person, **told)  # type: ignore[arg-type]  # names of fields


def shown(value: str) -> str:
    """Show a value as texts do: on one line, 80 visible characters at most."""
    return " ".join("".join(one if one.isprintable() else " " for one in value[:320]).split())[:80].strip()


def campaign_text(wording: str) -> str | None:
    with suppress(Refused):
        return fill(wording, carol(), business="Harbor")
    return None


def textback_text(wording: str) -> str | None:
    with suppress(Refused):
        return render(wording, {"business": "Harbor"})
    return None


def bare(text: str) -> str:
    return text.replace(" ", "")


def harmless(text: str, payload: str) -> bool:
    """Tell whether a text shows nothing that the payload did not say itself."""
    return all(found in payload for found in COMPUTED.findall(text))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_in_a_wording_a_payload_is_refused_or_stands_as_it_is(payload: str) -> None:
    assert any(finding.severity is Severity.ERROR for finding in check_words(payload)), "nobody can approve it"
    for text in (campaign_text(payload), textback_text(payload)):
        if text is None:
            continue  # refused, as it has a tag that does not exist
        assert harmless(text, payload), text
        for piece in TAG.split(payload):
            assert bare(piece) in bare(text), "what is no tag of ours stands as it is"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_in_a_name_or_a_field_a_payload_is_never_read_again(payload: str) -> None:
    person = carol(name=payload, given_name=payload, fields={"note": payload})
    text = fill("{{business}}: {{given_name}}, {{note}}.", person, business=payload)
    assert harmless(text, payload)
    assert bare(text) == bare(f"{shown(payload)}: {shown(payload)}, {shown(payload)}.")


@given(st.text(max_size=400))
def test_any_value_stands_in_the_text_as_one_piece(value: str) -> None:
    assert bare(fill_words("<<{{x}}>>", {"x": value}, is_tag=is_tag)) == bare(f"<<{shown(value)}>>")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_page_shows_a_payload_as_it_is(payload: str) -> None:
    page = render_page("problem.html", status=400, title=payload, detail=payload)
    assert harmless(page.replace("&#39;", "'"), payload)


async def test_people_and_businesses_named_like_payloads_break_no_page(house: House) -> None:
    ada = await house.as_person(ADA)
    named = [payload for payload in PAYLOADS if len(payload) <= 80]
    for number, payload in enumerate(named):
        phone = f"+1206555{number + 100:04d}"
        answer = await ada.post("/api/contacts", json={"phone": phone, "name": payload})
        assert answer.status_code == 201, (payload, answer.text)
    changed = await ada.patch(
        f"/api/tenants/{house.ada.id}", json={"name": "{{7*7}}{% 49 %}<script>alert(49)</script>"}
    )
    assert changed.status_code == 200
    whole = "".join(named) + "{{7*7}}{% 49 %}<script>alert(49)</script>"
    for path in ("", "/people", "/campaigns", "/campaigns/new"):
        page = await ada.get(f"/businesses/{house.ada.id}{path}" if path else "/", follow_redirects=True)
        assert page.status_code == 200, (path, page.text[:300])
        assert "<script>alert" not in page.text
        assert harmless(page.text, whole), path
    people = (await ada.get(f"/businesses/{house.ada.id}/people")).text
    assert "{{7*7}}" in people, "shown as it is told"


async def test_no_campaign_with_a_payload_in_its_wording_is_approved(house: House) -> None:
    ada = await house.as_person(ADA)
    for payload in ("{{7*7}}", "{{business.__class__}}", "{{self}}{{config.items()}}", "{{business|attr('x')}}{{"):
        wording = f"{{{{business}}}}: {payload} Reply STOP to opt out."
        campaign = {
            "name": "x",
            "audience": {"filter": {"where": "all", "of": []}},
            "variants": [{"name": "A", "body": wording}],
            "senders": ["+12125550100"],
            "ends_at": "2099-01-01T00:00:00Z",
        }
        made = await ada.post("/api/campaigns", json=campaign)
        if made.status_code == 422:
            continue
        findings = (await ada.get(f"/api/campaigns/{made.json()['id']}/findings")).json()
        assert "error" in str(findings), (payload, findings)
