"""Telnyx's official models, held against every answer and every webhook of the twin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # its stubs are a package of their own
from pydantic import BaseModel, ValidationError
from telnyx.lib import WebhookVerificationError, verify_webhook_signature
from telnyx.types.delivery_update_webhook_event import DeliveryUpdateWebhookEvent
from telnyx.types.detail_record_list_response import MessageDetailRecord
from telnyx.types.inbound_message_webhook_event import InboundMessageWebhookEvent
from telnyx.types.message_send_response import MessageSendResponse

from frontdesk.providers.twin.telnyx.api import AnsweredCall
from frontdesk.providers.twin.telnyx.events import PostedEvent
from frontdesk.providers.twin.telnyx.exchange import Operation
from tests.providers.telnyx.signing import FIXTURES

MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "InboundMessageWebhookEvent": InboundMessageWebhookEvent,
    "DeliveryUpdateWebhookEvent": DeliveryUpdateWebhookEvent,
    "MessageSendResponse": MessageSendResponse,
}
# Told beside an inbound message by Telnyx's documentation and captures, not by the model of the library.
BESIDE_THE_MODEL: Final = frozenset({"meta"})
ERROR_MEMBERS: Final = frozenset({"code", "title", "detail", "meta", "source"})


@cache
def schema_of(model: str) -> Mapping[str, object]:
    """Read the JSON Schema of one of the official models."""
    loaded = json.loads((FIXTURES / "sdk_schemas.json").read_text())[model]
    assert isinstance(loaded, dict)
    return loaded


@cache
def _validator(model: str) -> Draft202012Validator:
    return Draft202012Validator(schema_of(model))


def _alternatives(schema: Mapping[str, object], root: Mapping[str, object]) -> list[Mapping[str, object]]:
    """List the object schemas that a schema may mean, references and unions resolved."""
    if isinstance(reference := schema.get("$ref"), str):
        definitions = root["$defs"]
        assert isinstance(definitions, dict)
        return _alternatives(definitions[reference.rsplit("/", 1)[1]], root)
    if isinstance(several := schema.get("anyOf"), list):
        return [found for each in several for found in _alternatives(each, root)]
    return [schema]


def _invented(schema: Mapping[str, object], root: Mapping[str, object], value: object, path: str) -> list[str]:
    """Name members that no alternative of the schema knows, at any depth."""
    alternatives = _alternatives(schema, root)
    if isinstance(value, list):
        items = [found for each in alternatives if isinstance(found := each.get("items"), dict)]
        return [fault for each in value for item in items for fault in _invented(item, root, each, path)]
    known: dict[str, Mapping[str, object]] = {}
    for each in alternatives:
        if isinstance(properties := each.get("properties"), dict):
            known |= properties
    if not isinstance(value, dict) or not known:
        return []
    faults = [f"invents {path}.{name}" for name in value.keys() - known.keys()]
    for name in value.keys() & known.keys():
        faults += _invented(known[name], root, value[name], f"{path}.{name}")
    return faults


def breaches(model: str, document: object) -> list[str]:
    """List how a document breaks an official model: by its schema, by the library itself, by invented members."""
    root = schema_of(model)
    faults = [error.message for error in _validator(model).iter_errors(document)]
    faults += _invented(root, root, document, model)
    try:
        MODELS[model].model_validate_json(json.dumps(document))
    except ValidationError as error:
        faults.append(str(error))
    return faults


@dataclass(slots=True)
class Referee:
    """Collects every breach of contract; a test ends by asserting that there is none."""

    public_key: str
    complaints: list[str] = field(default_factory=list)
    answers: int = 0
    webhooks: int = 0

    def see_answer(self, answered: AnsweredCall) -> None:
        """Check one API answer."""
        self.answers += 1
        faults = _check_answer(answered)
        self.complaints += [f"{answered.method} {answered.path} {answered.status}: {fault}" for fault in faults]

    def see_webhook(self, posted: PostedEvent) -> None:
        """Check one webhook: its signature by the official library, its body against the official models."""
        self.webhooks += 1
        if "bad_signature" not in posted.report.faults:
            try:
                verify_webhook_signature(posted.body, posted.headers, self.public_key)
            except WebhookVerificationError as error:
                self.complaints.append(f"{posted.report.kind}: {error}")
        document = json.loads(posted.body)
        inbound = document["data"]["event_type"] == "message.received"
        if inbound:
            document = {name: value for name, value in document.items() if name not in BESIDE_THE_MODEL}
        model = "InboundMessageWebhookEvent" if inbound else "DeliveryUpdateWebhookEvent"
        self.complaints += [f"{posted.report.kind}: {fault}" for fault in breaches(model, document)]


def _check_answer(answered: AnsweredCall) -> list[str]:
    document = json.loads(answered.content)
    if answered.status >= 400:
        errors = document.get("errors")
        shaped = document.keys() == {"errors"} and errors
        shaped = shaped and all(each.keys() <= ERROR_MEMBERS and each["code"].isdigit() for each in errors)
        return [] if shaped else [f"not an error document: {document}"]
    match answered.operation:
        case Operation.RECORDS_LIST:
            return [fault for record in document["data"] for fault in _check_record(record)]
        case _ if document["data"]["direction"] == "outbound":
            return breaches("MessageSendResponse", document)
        case _:
            event = {"data": {"record_type": "event", "payload": document["data"]}}
            return breaches("InboundMessageWebhookEvent", event)


def _check_record(record: dict[str, object]) -> list[str]:
    try:
        MessageDetailRecord.model_validate_json(json.dumps(record))
    except ValidationError as error:
        return [str(error)]
    return [f"invents {name}" for name in record.keys() - MessageDetailRecord.model_fields.keys()]
