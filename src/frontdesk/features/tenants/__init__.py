"""Businesses: who they are, when they are open, how they want to be answered for."""

from frontdesk.features.tenants.directory import TenantDirectory
from frontdesk.features.tenants.hours import BusinessHours, from_document, say_when
from frontdesk.features.tenants.model import (
    DEFAULT_RECORDING_ANNOUNCEMENT,
    Registration,
    Setup,
    SetupStep,
    Tenant,
    open_business,
    read_registrations,
)
from frontdesk.features.tenants.service import (
    Opening,
    begin_setup,
    create_tenant,
    describe_opening,
    find_open_setup,
    find_setup,
    find_tenant_by_slug,
    finish_setup,
    get_tenant,
    list_tenants,
    reach_step,
    update_tenant,
)

__all__ = [
    "DEFAULT_RECORDING_ANNOUNCEMENT",
    "BusinessHours",
    "Opening",
    "Registration",
    "Setup",
    "SetupStep",
    "Tenant",
    "TenantDirectory",
    "begin_setup",
    "create_tenant",
    "describe_opening",
    "find_open_setup",
    "find_setup",
    "find_tenant_by_slug",
    "finish_setup",
    "from_document",
    "get_tenant",
    "list_tenants",
    "open_business",
    "reach_step",
    "read_registrations",
    "say_when",
    "update_tenant",
]
