"""Pages of runbooks are read whole, or refused with what is wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from frontdesk.operations.runbooks.model import StepKind
from frontdesk.operations.runbooks.reading import PageFaulty, read_page

PAGE = """---
title: Nothing leaves
severity: P1
owner: operations
alerts: QueueStalled, SendingPaused
sources: S3 1; S2 7.1
drill: delivery.forgotten_switch
within: 90 s
escalate: 2 h
automatic: yes
---
# Nothing leaves

## Symptoms

It is quiet.

## Diagnosis

- [No kill switch is pulled](check:delivery.sending_is_on)

## Resolution

1. [No kill switch is pulled](check:delivery.sending_is_on) does not hold:
   [release it](do:delivery.resume_sending).
2. [Every number may text](check:delivery.numbers_may_text) does not hold: [let it](do:delivery.allow_number?number=7).
3. Call somebody.

## Verification

- [It leaves](expect:delivery.queue_moves)

## Prevention

Sleep.
"""


def test_a_page_is_read_whole() -> None:
    page = read_page("nothing-leaves", PAGE)
    assert (page.title, page.severity, page.owner) == ("Nothing leaves", "P1", "operations")
    assert page.alerts == ("QueueStalled", "SendingPaused")
    assert page.sources == ("S3 1", "S2 7.1")
    assert page.drill == ("delivery.forgotten_switch",)
    assert (page.within, page.escalate_after, page.automatic) == (timedelta(seconds=90), timedelta(hours=2), True)
    assert page.checks == ("delivery.sending_is_on", "delivery.numbers_may_text")
    first, second, third = page.resolutions
    assert first.when == ("delivery.sending_is_on",)
    assert [link.name for link in first.remedies] == ["delivery.resume_sending"]
    assert second.remedies[0].arguments == {"number": "7"}
    assert (third.when, third.remedies, third.words) == ((), (), "Call somebody.")
    assert [(link.kind, link.name) for link in page.verification] == [(StepKind.EXPECT, "delivery.queue_moves")]
    assert page.text.startswith("# Nothing leaves")


def test_a_changed_word_changes_the_digest() -> None:
    assert read_page("a", PAGE).digest != read_page("a", PAGE.replace("Sleep.", "Sleep well.")).digest


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (("---\ntitle", "title"), "front matter"),
        (("severity: P1", "severity: high"), "severity"),
        (("owner: operations\n", ""), "owner"),
        (("owner:", "colour: red\nowner:"), "colour"),
        (("automatic: yes", "automatic: perhaps"), "automatic"),
        (("within: 90 s", "within: soon"), "within"),
        (("## Verification", "## Checking"), "parts"),
        (("(expect:delivery.queue_moves)", "(do:delivery.resume_sending)"), "only expect"),
        (("Call somebody.", "[Wait](expect:delivery.queue_moves)."), "Verification"),
    ],
)
def test_a_faulty_page_is_refused_with_what_is_wrong(change: tuple[str, str], wrong: str) -> None:
    with pytest.raises(PageFaulty, match=wrong):
        read_page("nothing-leaves", PAGE.replace(*change, 1))
