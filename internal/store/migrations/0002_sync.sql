-- The road to Xero. Times that decide here come from the store's one clock.

-- Moves that clock in tests.
create table clock (
    id bigint primary key check (id = 1),
    offset_us bigint not null
);
insert into clock (id, offset_us) values (1, 0);

-- One row a document that was ever asked to go to Xero.
create table sync_documents (
    entity_type text not null,
    entity_id uuid not null,
    tenant_id text not null,
    sync_epoch bigint not null,      -- raised by every claim and every intent; older decisions are thrown away
    revision bigint not null,        -- raised by every edit
    synced_revision bigint not null default 0, -- the newest revision known to stand in Xero
    updated_revision bigint not null default 0, -- the newest revision an update was sent for after a comparison
    open_intent_id uuid,
    wish text check (wish in ('update','void')),
    wished_by uuid,
    lease_until timestamptz,
    ever_unknown boolean not null default false,
    audit_step bigint not null default 0,
    audit_at timestamptz,
    primary key (entity_type, entity_id)
);
create unique index sync_documents_intent on sync_documents (open_intent_id) where open_intent_id is not null;
create index sync_documents_audit on sync_documents (audit_at) where audit_at is not null;

create table sync_intents (
    id uuid primary key,             -- the document's xero_sync_id
    entity_type text not null,
    entity_id uuid not null,
    tenant_id text not null,
    operation text not null check (operation in ('create','update','void')),
    opened_at timestamptz not null,
    opened_by uuid references users (id) on delete set null,
    request_id text,
    closed_at timestamptz,
    result text check (result in ('synced','failed','cancelled','absent')),
    phase text not null check (phase in ('queued','sending','checking','waiting','synced','failed')),
    reason text,                     -- why it waits: a short code
    message text,                    -- the same for a person
    who_must_act text not null default 'nobody',
    next_attempt_at timestamptz not null,
    certain_at timestamptz,
    handover bigint not null default 0,
    sends bigint not null default 0,   -- sends that ended in an answered look-up showing absence
    unknowns bigint not null default 0, -- sends whose outcome nobody told us
    looks bigint not null default 0,
    batch_limit bigint not null default 50, -- halved each time a batch with it went wrong as a whole
    refused text,                    -- Xero's own words, while other attempts are still unresolved
    handed_over_at timestamptz,
    candidate_id text                -- what stands in Xero under our name or number and is not ours: a person may link it
);
create unique index sync_intents_open on sync_intents (entity_type, entity_id) where closed_at is null;
create index sync_intents_due on sync_intents (tenant_id, next_attempt_at) where closed_at is null;
create index sync_intents_closed on sync_intents (closed_at) where closed_at is not null;
create index sync_intents_document on sync_intents (entity_type, entity_id, opened_at);

-- One row for every call to Xero and every document in it, committed before the
-- connection is opened, kept for good.
create table sync_logs (
    id uuid primary key,
    entity_type text not null,
    entity_id uuid not null,
    request_payload json,
    response_payload json,
    status_code bigint,              -- the element's own status
    error_message text,
    created_at timestamptz not null,
    intent_id uuid,
    call_id uuid not null,
    tenant_id text not null,
    sync_epoch bigint,
    revision bigint,
    number text,
    posting json,                    -- the document as we meant it, to recognise it by its content
    attempt bigint,
    operation text not null,
    writes boolean not null,         -- a call that may change the document in Xero
    method text not null,
    path text not null,
    http_status bigint,
    outcome text,
    finished_at timestamptz,
    duration_ms bigint,
    idempotency_key text,
    correlation_id text,
    token_generation bigint,
    token_expires_at timestamptz,
    deadline timestamptz not null,
    hot_until timestamptz,           -- until then an unknown outcome may still become true
    resolved_at timestamptz,         -- when an unknown outcome was cleared up
    resolution text check (resolution in ('found','absent'))
);
create unique index sync_logs_one_open on sync_logs (entity_type, entity_id) where writes and outcome is null;
create index sync_logs_entity_lookup on sync_logs (entity_type, entity_id, created_at);
create index sync_logs_created_at on sync_logs (created_at);
create index sync_logs_status_code on sync_logs (status_code);
create index sync_logs_unresolved on sync_logs (entity_type, entity_id) where writes and resolved_at is null and outcome in ('unknown','evidence');
create index sync_logs_vanished on sync_logs (deadline) where outcome is null;
create index sync_logs_call on sync_logs (call_id);
create index sync_logs_intent on sync_logs (intent_id);
create index sync_logs_number on sync_logs (number) where writes;

create table xero_tokens (
    id uuid primary key,
    access_token text not null,      -- encrypted
    refresh_token text not null,     -- encrypted
    token_type text not null default 'Bearer',
    scope text,
    tenant_id text,
    tenant_name text,
    connection_id text,
    expires_at timestamptz not null,
    generation bigint not null,
    refresh_lease_until timestamptz,
    auth_failures bigint not null default 0, -- calls in a row refused for want of a valid token
    needs_reconnect text,            -- why, for a person; NULL while the connection works
    created_at timestamptz not null,
    updated_at timestamptz not null
);

-- Consents under way: the state that must come back, once.
create table xero_consents (
    state_hash text primary key,
    user_id uuid not null references users (id) on delete cascade,
    verifier text not null,          -- encrypted
    expires_at timestamptz not null
);

-- What is known of a connected organisation.
create table xero_organisations (
    tenant_id text primary key,
    organisation json not null,
    accounts json not null,
    tax_rates json not null,
    read_at timestamptz not null
);

-- One lane a tenant, shared by all processes.
create table xero_lanes (
    tenant_id text primary key,
    paused boolean not null default false,
    paused_reason text,
    paused_by text,
    paused_at timestamptz,
    breaker_failures bigint not null default 0,
    breaker_since timestamptz,       -- the first failure of the row
    breaker_open_until timestamptz,
    breaker_probes bigint not null default 0,
    breaker_half_open_until timestamptz,
    parked_until timestamptz,
    parked_reason text,
    minute_left bigint,
    day_left bigint,
    day_limit bigint,
    headers_at timestamptz
);

create table xero_calls (
    id uuid primary key,
    tenant_id text not null,
    started_at timestamptz not null,
    leased_until timestamptz not null,
    finished_at timestamptz,
    looks boolean not null
);
create index xero_calls_tenant on xero_calls (tenant_id, started_at);
