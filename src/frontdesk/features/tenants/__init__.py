"""Businesses: who they are, when they are open, how they want to be answered for."""

from frontdesk.features.tenants.directory import TenantDirectory
from frontdesk.features.tenants.hours import BusinessHours, from_document, say_when
from frontdesk.features.tenants.model import (
    DEFAULT_RECORDING_ANNOUNCEMENT,
    Registration,
    Tenant,
    open_business,
    read_registrations,
)
from frontdesk.features.tenants.service import (
    Opening,
    create_tenant,
    describe_opening,
    find_tenant_by_slug,
    get_tenant,
    list_tenants,
    update_tenant,
)

__all__ = [
    "DEFAULT_RECORDING_ANNOUNCEMENT",
    "BusinessHours",
    "Opening",
    "Registration",
    "Tenant",
    "TenantDirectory",
    "create_tenant",
    "describe_opening",
    "find_tenant_by_slug",
    "from_document",
    "get_tenant",
    "list_tenants",
    "open_business",
    "read_registrations",
    "say_when",
    "update_tenant",
]
