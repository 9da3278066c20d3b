"""The verbs of consent, by what they are about."""

from frontdesk.features.consent.service.hearing import (
    hear,
    list_ledger,
    note_carrier_opt_out,
    note_reply,
    note_stop_to_unknown_number,
)
from frontdesk.features.consent.service.importing import ListOrder, import_list
from frontdesk.features.consent.service.opt_in_lists import OptInReport, import_opt_ins, record_many
from frontdesk.features.consent.service.opt_ins import (
    ask_to_confirm,
    expire_requests,
    find_open_request,
    find_written_consent,
    get_opt_in,
    get_request,
    list_opt_ins,
    list_requests,
    list_written_consents,
    read_proof,
    record_opt_in,
    revoke_opt_in,
)
from frontdesk.features.consent.service.recovering import bring_back_refusals, read_tenants
from frontdesk.features.consent.service.refusals import (
    check_person,
    find_refusal,
    list_global,
    list_imports,
    list_refusals,
    put_on_global_list,
    put_on_list,
    take_off_global_list,
    take_off_list,
)

__all__ = [
    "ListOrder",
    "OptInReport",
    "ask_to_confirm",
    "bring_back_refusals",
    "check_person",
    "expire_requests",
    "find_open_request",
    "find_refusal",
    "find_written_consent",
    "get_opt_in",
    "get_request",
    "hear",
    "import_list",
    "import_opt_ins",
    "list_global",
    "list_imports",
    "list_ledger",
    "list_opt_ins",
    "list_refusals",
    "list_requests",
    "list_written_consents",
    "note_carrier_opt_out",
    "note_reply",
    "note_stop_to_unknown_number",
    "put_on_global_list",
    "put_on_list",
    "read_proof",
    "read_tenants",
    "record_many",
    "record_opt_in",
    "revoke_opt_in",
    "take_off_global_list",
    "take_off_list",
]
