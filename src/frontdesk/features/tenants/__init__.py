"""Businesses: who they are, when they are open, how they want to be answered for."""

from frontdesk.features.tenants.directory import TenantDirectory
from frontdesk.features.tenants.model import DEFAULT_RECORDING_ANNOUNCEMENT, Tenant, open_business
from frontdesk.features.tenants.service import (
    Opening,
    create_tenant,
    describe_opening,
    get_tenant,
    list_tenants,
    update_tenant,
)

__all__ = [
    "DEFAULT_RECORDING_ANNOUNCEMENT",
    "Opening",
    "Tenant",
    "TenantDirectory",
    "create_tenant",
    "describe_opening",
    "get_tenant",
    "list_tenants",
    "open_business",
    "update_tenant",
]
