"""Twilio's official contract, held against every answer and every webhook of the twin."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from jsonschema import FormatChecker  # type: ignore[import-untyped]  # its stubs are a package of their own
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from frontdesk.providers.twin.twilio.api import Answered
from frontdesk.providers.twin.twilio.callbacks import WebhookKind
from frontdesk.providers.twin.twilio.exchange import Operation
from frontdesk.providers.twin.wire import WebhookReport
from tests.providers.twin.sdk import RequestValidator, get_signature_algorithm

FIXTURES: Final = Path(__file__).parents[2] / "fixtures" / "twilio"
DESCRIBED_AT: Final = {
    Operation.ACCOUNT_FETCH: "/{Sid}",
    Operation.BALANCE_FETCH: "/{AccountSid}/Balance",
    Operation.MESSAGES_CREATE: "/{AccountSid}/Messages",
    Operation.MESSAGES_LIST: "/{AccountSid}/Messages",
    Operation.MESSAGES_FETCH: "/{AccountSid}/Messages/{Sid}",
    Operation.MESSAGES_UPDATE: "/{AccountSid}/Messages/{Sid}",
    Operation.MESSAGES_DELETE: "/{AccountSid}/Messages/{Sid}",
    Operation.MEDIA_LIST: "/{AccountSid}/Messages/{MessageSid}/Media",
    Operation.CALLS_CREATE: "/{AccountSid}/Calls",
    Operation.CALLS_LIST: "/{AccountSid}/Calls",
    Operation.CALLS_FETCH: "/{AccountSid}/Calls/{Sid}",
    Operation.CALLS_UPDATE: "/{AccountSid}/Calls/{Sid}",
    Operation.CALLS_DELETE: "/{AccountSid}/Calls/{Sid}",
    Operation.CALL_RECORDINGS_LIST: "/{AccountSid}/Calls/{CallSid}/Recordings",
    Operation.NUMBERS_LIST: "/{AccountSid}/IncomingPhoneNumbers",
    Operation.NUMBERS_FETCH: "/{AccountSid}/IncomingPhoneNumbers/{Sid}",
    Operation.NUMBERS_CREATE: "/{AccountSid}/IncomingPhoneNumbers",
    Operation.NUMBERS_UPDATE: "/{AccountSid}/IncomingPhoneNumbers/{Sid}",
    Operation.NUMBERS_DELETE: "/{AccountSid}/IncomingPhoneNumbers/{Sid}",
    Operation.AVAILABLE_COUNTRIES: "/{AccountSid}/AvailablePhoneNumbers",
    Operation.AVAILABLE_NUMBERS: "/{AccountSid}/AvailablePhoneNumbers/{CountryCode}/Local",
    Operation.RECORDINGS_LIST: "/{AccountSid}/Recordings",
    Operation.RECORDINGS_FETCH: "/{AccountSid}/Recordings/{Sid}",
    Operation.RECORDINGS_DELETE: "/{AccountSid}/Recordings/{Sid}",
}
# What the trimmed description has no path for: files themselves, and one file's JSON.
UNDESCRIBED: Final = frozenset({Operation.MEDIA_FETCH, Operation.RECORDINGS_SOUND})
OPTIONAL_FIELDS: Final = frozenset(
    {"MessagingServiceSid", "OptOutType", "ForwardedFrom", "CallerName", "ErrorCode", "ErrorUrl"}
)

_formats = FormatChecker(formats=())
_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000\Z")


def _is_date(value: object) -> bool:
    return not isinstance(value, str) or _DATE.match(value) is not None


def _is_phone(value: object) -> bool:
    return not isinstance(value, str) or re.match(r"(\+[1-9]\d{6,14}|\(\d{3}\) \d{3}-\d{4})\Z", value) is not None


_formats.checks("date-time-rfc-2822")(_is_date)
_formats.checks("phone-number")(_is_phone)


@cache
def _description() -> Mapping[str, object]:
    loaded = json.loads((FIXTURES / "twilio_api_v2010.trimmed.json").read_text())
    assert isinstance(loaded, dict)
    return loaded


@cache
def _registry() -> Registry[object]:
    registry: Registry[object] = Registry().with_resource("urn:twilio", DRAFT4.create_resource(_description()))
    return registry


def dig(document: object, *path: str) -> dict[str, object]:
    """Follow keys into a JSON document; a missing one is an empty object."""
    for key in path:
        assert isinstance(document, dict)
        document = document.get(key, {})
    assert isinstance(document, dict)
    return document


@cache
def _response(operation: Operation, method: str, status: int) -> dict[str, object] | None:
    path = f"/2010-04-01/Accounts{DESCRIBED_AT[operation]}.json"
    responses = dig(_description(), "paths", path, method.lower(), "responses")
    if str(status) not in responses:
        return None
    return dig(responses, str(status), "content", "application/json", "schema")


def _resolved(schema: Mapping[str, object]) -> Mapping[str, object]:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    return dig(_description(), "components", "schemas", reference.rsplit("/", 1)[1])


def _absolute(value: object) -> object:
    """Point every local reference at the registered description."""
    if isinstance(value, dict):
        return {k: f"urn:twilio{v}" if k == "$ref" else _absolute(v) for k, v in value.items()}
    return [_absolute(each) for each in value] if isinstance(value, list) else value


@cache
def _validator(operation: Operation, method: str, status: int) -> OAS30Validator:
    schema = _absolute(_response(operation, method, status))
    assert isinstance(schema, dict)
    return OAS30Validator(schema, registry=_registry(), format_checker=_formats)


def _names_differ(schema: Mapping[str, object], document: object) -> list[str]:
    """Name members that the schema does not know or the document lacks, one level into lists of resources too."""
    schema = _resolved(schema)
    properties = dig(schema, "properties")
    if not isinstance(document, dict) or not properties:
        return []
    faults = [f"lacks {name}" for name in properties.keys() - document.keys()]
    faults += [f"invents {name}" for name in document.keys() - properties.keys()]
    for name, value in document.items():
        inner = properties.get(name)
        if isinstance(value, list) and isinstance(inner, dict):
            faults += [fault for each in value for fault in _names_differ(dig(inner, "items"), each)]
    return faults


@cache
def fixture_form(name: str) -> Mapping[str, str]:
    """Read the form of a webhook fixture."""
    return json.loads((FIXTURES / "webhooks" / f"{name}.json").read_text())["form"]  # type: ignore[no-any-return]  # as the fixtures hold


def _fixture_of(report: WebhookReport) -> str:
    fields = report.fields
    match report.kind:
        case WebhookKind.SMS_INBOUND:
            return "mms_incoming" if fields["NumMedia"] != "0" else "sms_incoming"
        case WebhookKind.SMS_STATUS:
            code = fields.get("ErrorCode")
            known = {"30001": "failed_30001", "30034": "failed_30034", "30036": "failed_30036", "21610": "failed_21610"}
            return f"sms_status_{known.get(code, f'undelivered_{code}') if code else fields['MessageStatus']}"
        case WebhookKind.VOICE_DIAL:
            return f"voice_dial_action_{fields['DialCallStatus']}"
        case WebhookKind.VOICE_STATUS:
            return f"call_status_{fields['CallStatus']}"
        case WebhookKind.RECORDING_STATUS:
            return "recording_status"
        case _:
            return "voice_incoming"


_RECORDED: Final = frozenset({"RecordingUrl", "RecordingSid", "RecordingDuration", "Digits"})


@dataclass(slots=True)
class Referee:
    """Collects every breach of contract; a test ends by asserting that there is none."""

    tokens: list[str]
    complaints: list[str] = field(default_factory=list)
    answers: int = 0
    webhooks: int = 0

    def see_answer(self, answered: Answered) -> None:
        """Check one API answer."""
        self.answers += 1
        self.complaints += [f"{answered.method} {answered.path} {answered.status}: {e}" for e in _check(answered)]

    def see_webhook(self, report: WebhookReport, headers: Mapping[str, str]) -> None:
        """Check one webhook: signature by the official SDK, field names against the fixtures."""
        self.webhooks += 1
        if "bad_signature" not in report.faults and not self._is_signed(report, headers):
            self.complaints.append(f"{report.kind}: the official SDK rejects the signature")
        outbound = report.fields.get("Direction") == "outbound-api"
        if outbound or not (FIXTURES / "webhooks" / f"{_fixture_of(report)}.json").exists():
            return
        expected = set(fixture_form(_fixture_of(report)))
        given = set(report.fields)
        if report.kind == WebhookKind.VOICE_RECORD:
            expected |= _RECORDED
        wrong = {name for name in expected ^ given if name not in OPTIONAL_FIELDS and not name.startswith("Media")}
        if wrong:
            self.complaints.append(f"{report.kind} like {_fixture_of(report)}: fields differ in {sorted(wrong)}")

    def _is_signed(self, report: WebhookReport, headers: Mapping[str, str]) -> bool:
        form = {} if report.method == "GET" else report.fields
        algorithm = get_signature_algorithm(headers.get("X-Twilio-Webhooks-Signature-Settings", ""))
        signature = headers["X-Twilio-Signature"]
        return any(RequestValidator(token).validate(report.url, form, signature, algorithm) for token in self.tokens)


def _check(answered: Answered) -> list[str]:
    if answered.status >= 400:
        document = json.loads(answered.content)
        expected = {"code": int, "message": str, "more_info": str, "status": int}
        shaped = {name: type(value) for name, value in document.items()} == expected
        return [] if shaped and document["status"] == answered.status else [f"not an error document: {document}"]
    if answered.operation in UNDESCRIBED:
        return []
    schema = _response(answered.operation, answered.method, answered.status)
    if schema is None:
        return ["the description has no such answer"]
    if not schema:
        return ["no content was described"] if answered.content else []
    document = json.loads(answered.content)
    errors = [
        error.message
        for error in _validator(answered.operation, answered.method, answered.status).iter_errors(document)
    ]
    return errors + _names_differ(schema, document)
