"""Tables of billing: payments, what was told of them and what is to be done; and who people are elsewhere."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

PAYMENTS: tuple[str, ...] = (
    """
    create table payments (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      purpose text not null check (length(purpose) between 1 and 60),
      reference_id uuid not null,
      contact_id uuid references contacts,
      amount_cents numeric(12, 0) not null check (amount_cents > 0),
      currency text not null check (length(currency) = 3 and currency = lower(currency)),
      description text not null check (length(description) between 1 and 200),
      status text not null check (status in ('requested', 'open', 'failed', 'expired', 'paid')),
      pay_token text not null unique,
      checkout_url text not null default '',
      provider_session_id text not null default '',
      provider_intent_id text not null default '',
      paid_cents numeric(12, 0) not null default 0,
      refunded_cents numeric(12, 0) not null default 0,
      failure text not null default '',
      created_at timestamptz not null,
      expires_at timestamptz not null,
      changed_at timestamptz not null,
      paid_at timestamptz
    )
    """,
    "comment on table payments is 'What somebody was asked to pay, for what, and what became of it'",
    """
    create unique index payments_one_per_reference on payments (tenant_id, purpose, reference_id)
      where status in ('requested', 'open', 'paid')
    """,
    "create index payments_of_tenant on payments (tenant_id, id desc)",
    "create index payments_of_contact on payments (contact_id) where contact_id is not null",
    "create index payments_waiting on payments (expires_at) where status in ('requested', 'open')",
    "create unique index payments_by_session on payments (provider_session_id) where provider_session_id <> ''",
    "create unique index payments_by_intent on payments (provider_intent_id) where provider_intent_id <> ''",
    *tenant_table("payments", app_rights="select, insert, update"),
    """
    create table payment_events (
      id uuid primary key,
      tenant_id uuid,
      payment_id uuid,
      provider_event_id text not null,
      position smallint not null,
      kind text not null check (kind in (
        'opened', 'completed', 'paid', 'declined', 'failed', 'expired', 'refunded', 'refund')),
      provider_session_id text not null default '',
      provider_intent_id text not null default '',
      provider_refund_id text not null default '',
      refund_status text check (refund_status in ('requested', 'pending', 'succeeded', 'canceled', 'failed')),
      amount_cents numeric(12, 0) not null default 0,
      currency text not null default '',
      words text not null default '',
      happened_at timestamptz not null,
      received_at timestamptz not null,
      unique (provider_event_id, position)
    )
    """,
    """
    comment on table payment_events
      is 'What the payment company told of payments, only ever added to; without a tenant: not known yet whose it is'
    """,
    "create index payment_events_of_payment on payment_events (payment_id) where payment_id is not null",
    "create index payment_events_of_session on payment_events (provider_session_id) where provider_session_id <> ''",
    "create index payment_events_of_intent on payment_events (provider_intent_id) where provider_intent_id <> ''",
    "create index payment_events_of_nobody on payment_events (received_at) where tenant_id is null",
    *tenant_table("payment_events", app_rights="select, insert"),
    "grant delete on payment_events to frontdesk_system",
    """
    create table refunds (
      id uuid primary key,
      tenant_id uuid not null,
      payment_id uuid not null references payments,
      amount_cents numeric(12, 0) not null check (amount_cents > 0),
      currency text not null,
      status text not null check (status in ('requested', 'pending', 'succeeded', 'canceled', 'failed')),
      provider_refund_id text not null default '',
      reason text not null default '',
      requested_by text not null,
      requested_at timestamptz not null,
      changed_at timestamptz not null
    )
    """,
    "comment on table refunds is 'Money given back of a payment, by us or at the payment company'",
    "create index refunds_of_payment on refunds (payment_id)",
    "create unique index refunds_by_provider on refunds (provider_refund_id) where provider_refund_id <> ''",
    *tenant_table("refunds", app_rights="select, insert, update"),
)

PLANS: tuple[str, ...] = (
    """
    create table plans (
      id uuid primary key,
      key text not null unique check (length(key) between 1 and 60),
      name text not null check (length(name) between 1 and 120),
      amount_cents numeric(12, 0) not null check (amount_cents > 0),
      currency text not null check (length(currency) = 3 and currency = lower(currency)),
      paid_every text not null check (paid_every in ('month', 'year')),
      provider_price_id text not null default '',
      active boolean not null default true,
      created_at timestamptz not null,
      changed_at timestamptz not null
    )
    """,
    "comment on table plans is 'What businesses may subscribe to'",
    "grant select on plans to frontdesk_app",
    "grant select, insert, update on plans to frontdesk_system",
    """
    create table subscriptions (
      tenant_id uuid primary key references tenants,
      id uuid not null unique,
      plan_id uuid not null references plans,
      status text not null check (status in (
        'requested', 'incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled',
        'incomplete_expired')),
      link_token text not null unique,
      checkout_url text not null default '',
      provider_session_id text not null default '',
      provider_customer_id text not null default '',
      provider_subscription_id text not null default '',
      current_period_ends_at timestamptz,
      cancel_at_period_end boolean not null default false,
      grace_until timestamptz,
      seen_at timestamptz,
      created_at timestamptz not null,
      changed_at timestamptz not null
    )
    """,
    "comment on table subscriptions is 'The plan of each business, as the payment company told it last'",
    """
    create unique index subscriptions_by_provider on subscriptions (provider_subscription_id)
      where provider_subscription_id <> ''
    """,
    *tenant_table("subscriptions", app_rights="select, insert, update"),
)

ORDERS: tuple[str, ...] = (
    """
    create table payment_orders (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      kind text not null check (kind in (
        'open_payment', 'expire_payment', 'look_up_payment', 'refund', 'open_subscription', 'look_up_subscription')),
      payment_id uuid references payments,
      refund_id uuid references refunds,
      status text not null check (status in ('queued', 'posting', 'unknown', 'done', 'failed')),
      fence integer not null default 0,
      attempts integer not null default 0,
      due_at timestamptz not null,
      leased_until timestamptz,
      first_posted_at timestamptz,
      failure text not null default '',
      created_at timestamptz not null,
      done_at timestamptz
    )
    """,
    """
    comment on table payment_orders
      is 'What the payment company is to do, once each: the id is the idempotency key, whoever asks and how often'
    """,
    "create index payment_orders_due on payment_orders (due_at) where status in ('queued', 'posting', 'unknown')",
    """
    create unique index payment_orders_once on payment_orders (payment_id, kind)
      where kind in ('open_payment', 'expire_payment')
    """,
    """
    create unique index payment_orders_one_look on payment_orders (tenant_id, kind, payment_id) nulls not distinct
      where kind in ('look_up_payment', 'look_up_subscription') and status = 'queued' and fence = 0
    """,
    "create unique index payment_orders_of_refund on payment_orders (refund_id) where refund_id is not null",
    *tenant_table("payment_orders", app_rights="select, insert, update"),
)

IDENTITIES: tuple[str, ...] = (
    """
    create table user_identities (
      issuer text not null,
      subject text not null,
      user_id uuid not null references users on delete cascade,
      linked_by text not null,
      created_at timestamptz not null,
      primary key (issuer, subject)
    )
    """,
    """
    comment on table user_identities
      is 'Who somebody is at an outside service; looked up before the tenant is known, by the system role only'
    """,
    "create index user_identities_of_user on user_identities (user_id)",
    "grant select, insert, update, delete on user_identities to frontdesk_system",
)

BILLING = (*PAYMENTS, *PLANS, *ORDERS, *IDENTITIES)
