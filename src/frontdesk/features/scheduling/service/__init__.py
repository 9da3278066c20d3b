"""The verbs of scheduling."""

from frontdesk.features.scheduling.service.booking import (
    book_slot,
    cancel_appointment,
    find_upcoming,
    get_appointment,
    list_appointments,
    mark_no_show,
    reschedule_appointment,
)
from frontdesk.features.scheduling.service.deposits import DepositDue, ask_deposit
from frontdesk.features.scheduling.service.holding import (
    confirm_hold,
    expire_holds,
    find_hold,
    hold_slot,
    release_hold,
    take_offer,
)
from frontdesk.features.scheduling.service.offers import (
    add_resource,
    add_service,
    change_page,
    change_resource,
    change_service,
    get_page,
    get_resource,
    get_service,
    list_givers,
    list_resources,
    list_services,
    new_resource,
    new_service,
    set_givers,
)
from frontdesk.features.scheduling.service.outside import forget_external_source, record_external_busy
from frontdesk.features.scheduling.service.searching import find_slot, list_free_slots
from frontdesk.features.scheduling.service.telling import Links, Message, Speaker, Told
from frontdesk.features.scheduling.service.waiting import join_waiting_list, leave_waiting_list, list_waiters

__all__ = [
    "DepositDue",
    "Links",
    "Message",
    "Speaker",
    "Told",
    "add_resource",
    "add_service",
    "ask_deposit",
    "book_slot",
    "cancel_appointment",
    "change_page",
    "change_resource",
    "change_service",
    "confirm_hold",
    "expire_holds",
    "find_hold",
    "find_slot",
    "find_upcoming",
    "forget_external_source",
    "get_appointment",
    "get_page",
    "get_resource",
    "get_service",
    "hold_slot",
    "join_waiting_list",
    "leave_waiting_list",
    "list_appointments",
    "list_free_slots",
    "list_givers",
    "list_resources",
    "list_services",
    "list_waiters",
    "mark_no_show",
    "new_resource",
    "new_service",
    "record_external_busy",
    "release_hold",
    "reschedule_appointment",
    "set_givers",
    "take_offer",
]
