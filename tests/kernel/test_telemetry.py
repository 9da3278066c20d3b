"""What may appear in logs and metrics, and what never does."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.kernel.telemetry import (
    CATALOGUE,
    LineWriter,
    Metric,
    MetricKind,
    Metrics,
    Redactor,
    configure_logging,
    correlated,
    current_correlation,
    get_logger,
    render_metrics_reference,
)
from frontdesk.kernel.telemetry.metrics import FIRST_SMS_P95, OUTBOX_DISPATCH_LAG, WEBHOOK_DEDUPE_HITS

SECRET = "canary-secret-9f31"
PHONE = "+14155550134"
BODY = "Hi, my sink is leaking at 12 Elm Street"


@contextmanager
def captured(*, pretty: bool = False, level: str = "DEBUG") -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before, root_level = root.handlers[:], root.level
    configure_logging(level=level, secrets=[SECRET], stream=stream, pretty=pretty)
    try:
        yield stream
    finally:
        structlog.reset_defaults()
        root.handlers[:] = before
        root.setLevel(root_level)


def fail_with(error: Exception) -> None:
    raise error


def test_every_line_is_one_json_object_with_the_standard_fields() -> None:
    tenant = uuid4()
    with captured() as stream, correlated(tenant_id=tenant) as correlation:
        get_logger("calls").info("calls.missed", http_status=200, ring_seconds=3)
    line = json.loads(stream.getvalue())
    assert list(line)[:7] == [
        "at", "level", "module", "event_name", "tenant_id", "correlation_id", "http_status"
    ]  # fmt: skip
    assert (line["level"], line["module"], line["event_name"], line["http_status"]) == (
        "info",
        "calls",
        "calls.missed",
        200,
    )
    assert line["tenant_id"] == str(tenant)
    assert line["correlation_id"] == str(correlation.correlation_id)
    assert line["ring_seconds"] == 3


@pytest.mark.parametrize("pretty", [False, True])
def test_no_secret_token_body_or_personal_data_reaches_a_line(pretty: bool) -> None:  # noqa: FBT001 - a parameter
    class Opaque:
        def __repr__(self) -> str:
            return SECRET

    with captured(pretty=pretty) as stream:
        log = get_logger("web")
        log.warning(
            "webhook.refused",
            headers={
                "Authorization": "Basic dXNlcjpwYXNz",
                "X-Twilio-Signature": "abc123abc=",
                "Cookie": "a=secretive",
            },
            note=f"token {SECRET} and Bearer abcdef.ghijkl and fd_abcdefghijklmnop in text",
            url="postgresql://frontdesk:hunter22@db/frontdesk",
            auth_token="plain-token-value",
            body=BODY,
            nested={"deep": [{"text": BODY, "password": "pa55word!"}, f"call from {PHONE}"]},
            raw=BODY.encode(),
            sender=PHONE,
            encoded="From=%2B14155550134",
            email="carol@example.com",
            thing=Opaque(),
        )
        sentence = "reply to " + PHONE
        log.info(sentence, phone_e164="14155550134")
        logging.getLogger("library").warning("connecting with %s to %s", SECRET, PHONE)
        try:
            fail_with(RuntimeError(f"{SECRET} for {PHONE}\nDETAIL:  Failing row contains ({BODY}).\n{SECRET}"))
        except RuntimeError:
            log.exception("webhook.failed", error="see below")
        log.error("x", error=ValueError(f"invalid input for query argument $1: {BODY!r} (expected int)"))
    text = stream.getvalue()
    for canary in (
        SECRET, "dXNlcjpwYXNz", "abc123abc", "secretive", "abcdef.ghijkl", "fd_abcdefghijklmnop", "hunter22",
        "plain-token-value", "Elm Street", "sink", "pa55word", "14155550134", "4155550134", "carol@",
    ):  # fmt: skip
        assert canary not in text, canary
    for kept in ("webhook.refused", "webhook.failed", "RuntimeError", "***@example.com", "+***34", "Opaque"):
        assert kept in text, kept


@pytest.mark.parametrize("pretty", [False, True])
def test_nobody_can_forge_a_line_or_colour_a_terminal(pretty: bool) -> None:  # noqa: FBT001 - a parameter
    evil = 'x\r\n{"level":"info","event_name":"paid"}\x1b[2J\u2028\u202efdp\x00\x9b'
    with captured(pretty=pretty) as stream:
        get_logger("web").info(evil, name=evil, **{"key\n\x1b": evil})
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert not set(text[:-1]) & set("\r\n\x1b\u2028\u202e\x00\x9b")


def test_a_traceback_cannot_pass_for_a_line_of_its_own() -> None:
    with captured(pretty=True) as stream:
        try:
            fail_with(ValueError("x\n12:00:00.000 info auth: logged in\x1b[1m"))
        except ValueError:
            get_logger("web").exception("failed")
    first, *rest = stream.getvalue().rstrip("\n").split("\n")
    assert "failed" in first
    assert len(rest) > 2
    assert all(line.startswith("  | ") for line in rest)
    assert "\x1b" not in stream.getvalue()


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_registered_secret_never_survives_whatever_surrounds_it(before: str, after: str) -> None:
    assert SECRET not in Redactor([SECRET, "short"]).clean_text(before + SECRET + after)


@given(st.text(max_size=300))
def test_cleaned_text_is_always_one_printable_line(text: str) -> None:
    cleaned = Redactor().clean_text(text)
    cleaned.encode("utf-8")
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) <= 0x9F for character in cleaned)


def test_a_secret_at_the_cut_of_a_long_text_does_not_survive_in_halves() -> None:
    cleaned = Redactor([SECRET]).clean_text("a" * 7_995 + SECRET + "b" * 100)
    assert SECRET[:5] not in cleaned


def test_levels_below_the_chosen_one_are_silent() -> None:
    with captured(level="WARNING") as stream:
        get_logger("web").info("quiet")
        logging.getLogger("library").info("quiet too")
        get_logger("web").warning("loud")
    assert [json.loads(line)["event_name"] for line in stream.getvalue().splitlines()] == ["loud"]


def test_a_stream_that_fails_loses_lines_but_not_the_work() -> None:
    stream = io.StringIO()
    writer = LineWriter(stream)
    writer.msg("kept")
    stream.close()
    writer.msg("lost")
    assert writer.dropped == 1


def test_a_chain_is_inherited_and_a_new_one_starts_clean() -> None:
    tenant, cause = uuid4(), uuid4()
    with correlated(tenant_id=tenant) as outer:
        with correlated(causation_id=cause) as inner:
            assert (inner.correlation_id, inner.tenant_id, inner.causation_id) == (outer.correlation_id, tenant, cause)
        assert current_correlation() == outer
        with correlated(correlation_id=uuid4()) as other:
            assert other.tenant_id is None
    assert current_correlation() is None


async def test_metrics_are_exported_under_the_names_of_the_source() -> None:
    metrics = Metrics()

    async def lag() -> float:
        return 1.5

    metrics.register_async_gauge(OUTBOX_DISPATCH_LAG, lag)
    metrics.increment(WEBHOOK_DEDUPE_HITS, provider="twilio")
    text = (await metrics.render()).decode()
    assert 'webhook_dedupe_hits_total{provider="twilio"} 1.0' in text
    assert "outbox_dispatch_lag_seconds 1.5" in text
    assert "# TYPE webhook_signature_failures_total counter" in text
    assert "# HELP slo_first_sms_p95_seconds" in text


async def test_a_reading_that_fails_is_counted_and_leaves_no_stale_value() -> None:
    metrics = Metrics()
    answers: list[float | Exception] = [2.0, RuntimeError("database away")]

    async def p95() -> float:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def runs() -> dict[tuple[str, ...], float]:
        return {("queued",): 3.0} if len(answers) else {}

    waiting = Metric("waiting_runs", MetricKind.COMPUTED, "Runs that wait, by state.", ("state",))
    metrics.declare(waiting)
    metrics.register_async_gauge(FIRST_SMS_P95, p95)
    metrics.register_async_gauge(waiting, runs)
    first = (await metrics.render()).decode()
    assert "slo_first_sms_p95_seconds 2.0" in first
    assert 'waiting_runs{state="queued"} 3.0' in first
    with captured():
        second = (await metrics.render()).decode()
    assert "slo_first_sms_p95_seconds NaN" in second
    assert 'waiting_runs{state="queued"}' not in second
    assert 'metrics_collection_failures_total{metric="slo_first_sms_p95_seconds"} 1.0' in second


def test_a_metric_is_declared_once_and_only_computed_ones_take_readings() -> None:
    metrics = Metrics()
    with pytest.raises(ValueError, match="declared twice"):
        metrics.declare(WEBHOOK_DEDUPE_HITS)

    async def reading() -> float:
        return 1.0

    with pytest.raises(ValueError, match="no declared computed metric"):
        metrics.register_async_gauge(WEBHOOK_DEDUPE_HITS, reading)
    with pytest.raises(ValueError, match="no declared computed metric"):
        metrics.register_async_gauge(Metric("elsewhere", MetricKind.COMPUTED, "Not declared here."), reading)


def test_the_reference_lists_every_metric_once() -> None:
    page = render_metrics_reference(CATALOGUE)
    assert all(page.count(f"| `{metric.name}` |") == 1 for metric in CATALOGUE)
