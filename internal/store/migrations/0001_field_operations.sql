-- The first schema. Written for PostgreSQL; on SQLite the types become TEXT and
-- INTEGER and every table STRICT (store/migrate.go). Money columns say their
-- unit: _cents are hundredths, _e4 ten-thousandths, _ppm parts per million.

create table users (
    id uuid primary key,
    email text not null,
    email_folded text not null unique,
    password_hash text not null,
    name text not null,
    role text not null check (role in ('admin','manager','user')),
    avatar text,
    is_active boolean not null default true,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table user_permissions (
    user_id uuid not null references users (id) on delete cascade,
    permission text not null,
    granted boolean not null default true,
    created_at timestamptz not null,
    primary key (user_id, permission)
);

-- A signed token names its session, so that a session can be revoked.
create table sessions (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    user_agent text,
    ip_address text
);
create index sessions_user on sessions (user_id);

create table login_failures (
    id uuid primary key,
    email_folded text not null,
    ip_address text not null,
    created_at timestamptz not null
);
create index login_failures_recent on login_failures (email_folded, ip_address, created_at);

create table settings (
    key text primary key,
    value text,
    updated_at timestamptz not null
);

-- One row for every change: who, when, what.
create table audit_entries (
    id uuid primary key,
    user_id uuid references users (id) on delete set null,
    actor text not null,
    action text not null,
    entity_type text not null,
    entity_id uuid,
    details json,
    ip_address text,
    request_id text,
    created_at timestamptz not null
);
create index audit_entries_newest on audit_entries (created_at);
create index audit_entries_entity on audit_entries (entity_type, entity_id, created_at);

-- Answers to creating requests that carried an Idempotency-Key, kept 24 hours.
create table idempotent_requests (
    user_id uuid not null references users (id) on delete cascade,
    route text not null,
    key text not null,
    request_hash text not null,
    status bigint,
    body text,
    created_at timestamptz not null,
    primary key (user_id, route, key)
);
create index idempotent_requests_old on idempotent_requests (created_at);

create table clients (
    id uuid primary key,
    name text not null,
    name_folded text not null,
    contact_name text,
    email text,
    phone text,
    address text,
    location text,
    billing_address text,
    billing_email text,
    client_type text not null default 'customer' check (client_type in ('customer','supplier','both')),
    status text not null default 'active' check (status in ('active','inactive')),
    payment_terms_type text not null,
    payment_terms_day bigint not null,
    notes text,
    search_folded text not null,
    xero_contact_id text,
    sync_status sync_status_enum,
    xero_sync_id uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    check (sync_status is null or sync_status <> 'synced' or xero_contact_id is not null)
);
create index clients_name on clients (name_folded, id) where deleted_at is null;
create unique index clients_xero_contact on clients (xero_contact_id) where xero_contact_id is not null and deleted_at is null;

create table projects (
    id uuid primary key,
    code text not null unique,
    name text not null,
    client_id uuid references clients (id),
    status text not null default 'quoted' check (status in ('quoted','in-progress','completed','invoiced','paid')),
    budget_cents bigint not null default 0,
    description text,
    start_date date,
    end_date date,
    search_folded text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);
create index projects_client on projects (client_id);
create index projects_newest on projects (created_at, id) where deleted_at is null;

create table cost_centers (
    id uuid primary key,
    code text not null,
    name text not null,
    description text,
    budget_cents bigint not null default 0,
    xero_tracking_category_id text,
    client_po_number text,
    is_active boolean not null default true,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);
create unique index cost_centers_code on cost_centers (code) where deleted_at is null;

create table project_cost_centers (
    project_id uuid not null references projects (id),
    cost_center_id uuid not null references cost_centers (id),
    primary key (project_id, cost_center_id)
);
create index project_cost_centers_center on project_cost_centers (cost_center_id);

create table activity_types (
    id uuid primary key,
    name text not null,
    icon text not null,
    color text not null,
    hourly_rate_e4 bigint not null,
    is_active boolean not null default true,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);

create table number_series (
    name text primary key, -- 'invoice', 'purchase_order', 'project-2026'
    next bigint not null
);

create table xero_invoices (
    id uuid primary key,
    xero_invoice_id text,
    invoice_number text not null,
    client_id uuid references clients (id),
    project_id uuid references projects (id),
    status text not null default 'DRAFT' check (status in ('DRAFT','SUBMITTED','AUTHORISED','PAID','VOIDED','DELETED')),
    currency text not null,
    issue_date date not null,
    due_date date,
    reference text,
    subtotal_cents bigint not null,
    total_tax_cents bigint not null,
    total_cents bigint not null,
    amount_paid_cents bigint not null default 0,
    amount_due_cents bigint not null,
    xero_total_cents bigint,
    sync_warning text,
    sync_status sync_status_enum,
    xero_sync_id uuid,
    synced_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    check (sync_status is null or sync_status <> 'synced' or xero_invoice_id is not null)
);
create unique index xero_invoices_number on xero_invoices (invoice_number);
create unique index xero_invoices_xero_id on xero_invoices (xero_invoice_id) where xero_invoice_id is not null;
create index xero_invoices_newest on xero_invoices (issue_date, id) where deleted_at is null;
create index xero_invoices_client on xero_invoices (client_id);
create index xero_invoices_project on xero_invoices (project_id);
create index xero_invoices_sync on xero_invoices (sync_status) where sync_status is not null and sync_status <> 'synced';

create table xero_invoice_lines (
    id uuid primary key,
    invoice_id uuid not null references xero_invoices (id),
    position bigint not null,
    group_key text not null,
    description text not null,
    quantity_e4 bigint not null,
    unit_price_e4 bigint not null,
    account_code text,
    tax_type text,
    tax_rate_ppm bigint not null,
    line_amount_cents bigint not null,
    tax_amount_cents bigint not null
);
create index xero_invoice_lines_invoice on xero_invoice_lines (invoice_id, position);

create table timesheets (
    id uuid primary key,
    user_id uuid references users (id),
    project_id uuid references projects (id),
    client_id uuid references clients (id),
    activity_type_id uuid references activity_types (id),
    cost_center_id uuid references cost_centers (id),
    date date not null,
    hours_e4 bigint not null check (hours_e4 > 0),
    hourly_rate_e4 bigint not null check (hourly_rate_e4 >= 0),
    notes text,
    location text,
    image_urls json not null default '[]',
    cloud_image_urls json not null default '[]',
    billing_status text not null default 'unbilled' check (billing_status in ('unbilled','billed','paid')),
    invoice_id uuid references xero_invoices (id),
    invoice_line_id uuid,
    sync_status sync_status_enum,
    xero_sync_id uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    check ((billing_status = 'unbilled') = (invoice_id is null))
);
create index timesheets_newest on timesheets (date, created_at, id) where deleted_at is null;
create index timesheets_user on timesheets (user_id, date);
create index timesheets_project on timesheets (project_id, date);
create index timesheets_unbilled on timesheets (client_id, date) where billing_status = 'unbilled' and deleted_at is null;
create index timesheets_client on timesheets (client_id);
create index timesheets_invoice on timesheets (invoice_id) where invoice_id is not null;
create index timesheets_activity on timesheets (activity_type_id);
create index timesheets_center on timesheets (cost_center_id);

create table xero_purchase_orders (
    id uuid primary key,
    xero_po_id text,
    po_number text not null,
    supplier_id uuid references clients (id),
    project_id uuid references projects (id),
    status text not null default 'DRAFT' check (status in ('DRAFT','SUBMITTED','AUTHORISED','BILLED','CANCELLED','DELETED')),
    date date not null,
    delivery_date date,
    subtotal_cents bigint not null,
    total_tax_cents bigint not null,
    total_amount_cents bigint not null,
    currency text not null,
    notes text,
    xero_total_cents bigint,
    sync_warning text,
    sync_status sync_status_enum,
    xero_sync_id uuid,
    synced_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    check (sync_status is null or sync_status <> 'synced' or xero_po_id is not null)
);
create unique index xero_purchase_orders_number on xero_purchase_orders (po_number);
create unique index xero_purchase_orders_xero_id on xero_purchase_orders (xero_po_id) where xero_po_id is not null;
create index xero_purchase_orders_newest on xero_purchase_orders (date, id) where deleted_at is null;
create index xero_purchase_orders_supplier on xero_purchase_orders (supplier_id);
create index xero_purchase_orders_project on xero_purchase_orders (project_id);
create index xero_purchase_orders_sync on xero_purchase_orders (sync_status) where sync_status is not null and sync_status <> 'synced';

create table xero_purchase_order_line_items (
    id uuid primary key,
    po_id uuid not null references xero_purchase_orders (id),
    position bigint not null,
    description text not null,
    quantity_e4 bigint not null,
    unit_amount_e4 bigint not null,
    account_code text,
    tax_type text,
    tax_rate_ppm bigint not null,
    cost_center_id uuid references cost_centers (id),
    item_id uuid,
    line_amount_cents bigint not null,
    tax_amount_cents bigint not null
);
create index xero_po_line_items_po on xero_purchase_order_line_items (po_id, position);
create index xero_po_line_items_center on xero_purchase_order_line_items (cost_center_id);

-- Deleted rows are left out of every read by reading these views.
create view live_clients as select * from clients where deleted_at is null;
create view live_projects as select * from projects where deleted_at is null;
create view live_cost_centers as select * from cost_centers where deleted_at is null;
create view live_activity_types as select * from activity_types where deleted_at is null;
create view live_timesheets as select * from timesheets where deleted_at is null;
create view live_invoices as select * from xero_invoices where deleted_at is null;
create view live_purchase_orders as select * from xero_purchase_orders where deleted_at is null;
