-- What the peer keeps for the same job: people with their opt-outs, and the texts that were sent.
create table people (
  id bigint primary key,
  phone_e164 text not null,
  opted_out boolean not null default false
);
create table messages (
  id bigint generated always as identity primary key,
  person_id bigint not null references people,
  phone_e164 text not null,
  body text not null,
  status text not null,
  provider_message_id text,
  created_at timestamptz not null default now(),
  accepted_at timestamptz
);
