-- The business around the invoice: people and what they may do, quotes, bills,
-- expenses, payments, credit notes, stock, the bank, mail, and the bin.

-- People ---------------------------------------------------------------------

alter table users add column deleted_at timestamptz;

-- Links that are good once: to set up the first admin, to accept an
-- invitation, to choose a new password. Only the hash of what they carry.
create table one_time_links (
    id uuid primary key,
    purpose text not null check (purpose in ('setup','invitation','password_reset')),
    token_hash text not null unique,
    user_id uuid references users (id) on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index one_time_links_user on one_time_links (user_id);

-- Tries at what can be guessed or misused, counted by what they were about and
-- where they came from.
create table throttles (
    bucket text primary key,
    tries bigint not null,
    ends_at timestamptz not null
);
create index throttles_ended on throttles (ends_at);

-- What can be granted. The program's own permissions (is_system) are put here
-- when it starts; a firm may add its own, for its own programs to ask for.
create table permissions (
    id uuid primary key,
    key text not null unique,
    label text not null,
    description text,
    is_system boolean not null,
    is_custom boolean not null,
    is_active boolean not null default true,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

-- Where a role differs from what the program gives it.
create table role_permissions (
    role text not null check (role in ('admin','manager','user')),
    permission text not null,
    granted boolean not null,
    updated_at timestamptz not null,
    primary key (role, permission)
);

create table api_tokens (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    name text not null,
    token_hash text not null unique,
    hint text not null,              -- its first characters, to recognise it by
    scopes json not null,            -- permissions, a subset of the person's
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
create index api_tokens_user on api_tokens (user_id);

create table user_settings (
    user_id uuid not null references users (id) on delete cascade,
    key text not null,
    value text,
    updated_at timestamptz not null,
    primary key (user_id, key)
);

create table notifications (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    kind text not null,
    title text not null,
    body text,
    link text,                       -- a path of the web app
    created_at timestamptz not null,
    read_at timestamptz
);
create index notifications_user on notifications (user_id, created_at);

-- One row for every mail that was asked for. Its text is made when it is sent,
-- so that no link that lets somebody in is ever stored.
create table mails (
    id uuid primary key,
    kind text not null check (kind in ('test','invitation','password_reset','invoice','quote','payment_reminder')),
    recipient text not null,
    subject text not null,
    entity_type text,
    entity_id uuid,
    details json,
    status text not null default 'queued' check (status in ('queued','sending','sent','failed')),
    error text,
    attempts bigint not null default 0,
    requested_by uuid references users (id) on delete set null,
    created_at timestamptz not null,
    claimed_at timestamptz,          -- when its sending began
    sent_at timestamptz
);
create index mails_entity on mails (entity_type, entity_id, created_at);
create index mails_newest on mails (created_at);

-- The bin ----------------------------------------------------------------------

-- One deletion takes a record and what belongs to it. Its rows point here, and
-- restoring it brings exactly them back.
create table deletions (
    id uuid primary key,
    entity_type text not null,
    entity_id uuid not null,
    label text not null,
    counts json not null,            -- how many records of each kind it took
    user_id uuid references users (id) on delete set null,
    actor text not null,
    created_at timestamptz not null,
    restored_at timestamptz,
    restored_by text,
    purged_at timestamptz,
    purged_by text
);
create index deletions_newest on deletions (created_at) where restored_at is null and purged_at is null;
create index deletions_entity on deletions (entity_type, entity_id);

alter table clients add column deletion_id uuid references deletions (id);
alter table projects add column deletion_id uuid references deletions (id);
alter table timesheets add column deletion_id uuid references deletions (id);
alter table xero_invoices add column deletion_id uuid references deletions (id);
alter table xero_purchase_orders add column deletion_id uuid references deletions (id);
create index clients_deletion on clients (deletion_id) where deletion_id is not null;
create index projects_deletion on projects (deletion_id) where deletion_id is not null;
create index timesheets_deletion on timesheets (deletion_id) where deletion_id is not null;
create index xero_invoices_deletion on xero_invoices (deletion_id) where deletion_id is not null;
create index xero_purchase_orders_deletion on xero_purchase_orders (deletion_id) where deletion_id is not null;

-- The timesheets that a deleted or voided invoice let go, to bill them again
-- when it is restored.
create table released_timesheets (
    invoice_id uuid not null references xero_invoices (id),
    timesheet_id uuid not null references timesheets (id),
    invoice_line_id uuid not null,
    hours_e4 bigint not null,        -- as they were billed: changed since, they are not billed again so
    hourly_rate_e4 bigint not null,
    primary key (invoice_id, timesheet_id)
);
create index released_timesheets_timesheet on released_timesheets (timesheet_id);

-- Work --------------------------------------------------------------------------

alter table activity_types add column cost_rate_e4 bigint; -- an hour's cost to the firm; NULL: what is charged
alter table timesheets add column cost_rate_e4 bigint not null default 0;
update timesheets set cost_rate_e4 = hourly_rate_e4;
alter table timesheets add column billable boolean not null default true;
alter table timesheets add column approved_at timestamptz;
alter table timesheets add column approved_by uuid references users (id) on delete set null;
alter table timesheets add column hold_reason text;   -- not NULL: not to be invoiced for now
alter table timesheets add column split_from_id uuid references timesheets (id);
alter table timesheets add column xero_timesheet_id text;
create index timesheets_split on timesheets (split_from_id) where split_from_id is not null;
-- Entries written down together share their photos, which bear this id.
alter table timesheets add column batch_id uuid;
create index timesheets_batch on timesheets (batch_id) where batch_id is not null;
-- Led by the status, so that open work is looked up and never found by a scan.
drop index timesheets_unbilled;
create index timesheets_unbilled on timesheets (billing_status, client_id, date) where billing_status = 'unbilled' and deleted_at is null;
create index timesheets_unbilled_newest on timesheets (billing_status, date, created_at, id, approved_at) where billing_status = 'unbilled' and deleted_at is null;
-- All that the dashboard counts of a day, and all that is added up of a cost
-- centre, without a look into the table.
create index timesheets_days on timesheets (date, user_id, hours_e4) where deleted_at is null;
drop index timesheets_center;
create index timesheets_center on timesheets (cost_center_id, date, project_id, hours_e4, hourly_rate_e4, cost_rate_e4) where deleted_at is null;
-- Likewise all that is added up of a project, and of a client. Without a
-- condition, because what was deleted is purged by them too.
drop index timesheets_project;
create index timesheets_project on timesheets (project_id, invoice_id, hours_e4, hourly_rate_e4, cost_rate_e4, billing_status, billable, deleted_at);
create index timesheets_project_newest on timesheets (project_id, date, created_at, id) where deleted_at is null;
drop index timesheets_client;
create index timesheets_client on timesheets (client_id, date, hours_e4, deleted_at);
drop index timesheets_activity;
create index timesheets_activity on timesheets (activity_type_id, deleted_at);
-- What clients owe.
create index xero_invoices_due on xero_invoices (client_id, due_date) where status in ('SUBMITTED','AUTHORISED') and amount_due_cents > 0 and deleted_at is null;
-- The invoices whose work is not billed for good.
create index xero_invoices_open on xero_invoices (status) where status in ('DRAFT','SUBMITTED');

-- The words by which records are found: the first seven bytes of each, folded,
-- as a number, so that words with one beginning lie side by side on both engines
-- whatever language they sort by.
create table search_words (
    entity_type text not null,
    word bigint not null,
    entity_id uuid not null,
    primary key (entity_type, word, entity_id)
); -- nothing but its key

alter table clients add column billing_hold text;     -- not NULL: nothing is invoiced to them for now
create table client_rates (
    client_id uuid not null references clients (id),
    activity_type_id uuid not null references activity_types (id),
    hourly_rate_e4 bigint not null check (hourly_rate_e4 >= 0),
    primary key (client_id, activity_type_id)
);
create index client_rates_activity on client_rates (activity_type_id);

alter table projects add column billing_method text not null default 'time_and_materials' check (billing_method in ('time_and_materials','fixed_price','non_billable'));
alter table projects add column bill_on_completion boolean not null default false;
alter table projects add column billing_hold text;
alter table projects add column xero_project_id text;
create index projects_board on projects (status, updated_at, id) where deleted_at is null;

-- Money -------------------------------------------------------------------------

alter table xero_invoice_lines add column item_id uuid;
alter table xero_invoices add column xero_settled_cents bigint not null default 0; -- paid or credited, as Xero last said
alter table xero_invoices add column last_payment_date date;
alter table xero_invoices add column sent_at timestamptz;
alter table xero_invoices add column sent_to text;
alter table xero_invoices add column copy_of uuid references xero_invoices (id);
-- Came with an upgrade and only claims to be on its way: a person compares it
-- with Xero and says what it is, before anything is sent.
alter table xero_invoices add column taken_over boolean not null default false;
alter table xero_purchase_orders add column taken_over boolean not null default false;
update xero_invoices set xero_settled_cents = amount_paid_cents;

create table xero_items (
    id uuid primary key,
    xero_item_id text,
    code text not null,
    name text not null,
    description text,
    purchase_price_e4 bigint not null default 0,
    sale_price_e4 bigint not null default 0,
    stock_level_e4 bigint not null default 0,
    is_tracked boolean not null default false,
    inventory_asset_account_code text,
    sales_account_code text,
    purchase_account_code text,
    is_active boolean not null default true,
    search_folded text not null,
    synced_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);
create unique index xero_items_code on xero_items (code) where deleted_at is null;
create unique index xero_items_xero_id on xero_items (xero_item_id) where xero_item_id is not null;

-- Every change of a stock level: the level is the sum of its movements.
create table stock_movements (
    id uuid primary key,
    item_id uuid not null references xero_items (id),
    quantity_e4 bigint not null,
    reason text not null,
    actor text not null,
    created_at timestamptz not null
);
create index stock_movements_item on stock_movements (item_id, created_at);

create table xero_quotes (
    id uuid primary key,
    xero_quote_id text,
    quote_number text not null,
    client_id uuid references clients (id),
    project_id uuid references projects (id),
    status text not null default 'DRAFT' check (status in ('DRAFT','SENT','ACCEPTED','DECLINED','INVOICED','DELETED')),
    currency text not null,
    issue_date date not null,
    expiry_date date,
    title text,
    summary text,
    terms text,
    reference text,
    subtotal_cents bigint not null,
    total_tax_cents bigint not null,
    total_cents bigint not null,
    invoice_id uuid references xero_invoices (id), -- what it became, once
    sent_at timestamptz,
    sent_to text,
    synced_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    deletion_id uuid references deletions (id)
);
create unique index xero_quotes_number on xero_quotes (quote_number);
create unique index xero_quotes_xero_id on xero_quotes (xero_quote_id) where xero_quote_id is not null;
create unique index xero_quotes_invoice on xero_quotes (invoice_id) where invoice_id is not null;
create index xero_quotes_newest on xero_quotes (issue_date, id) where deleted_at is null;
create index xero_quotes_client on xero_quotes (client_id);
create index xero_quotes_project on xero_quotes (project_id);
create index xero_quotes_deletion on xero_quotes (deletion_id) where deletion_id is not null;

create table xero_quote_lines (
    id uuid primary key,
    quote_id uuid not null references xero_quotes (id),
    position bigint not null,
    description text not null,
    quantity_e4 bigint not null,
    unit_price_e4 bigint not null,
    account_code text,
    tax_type text,
    tax_rate_ppm bigint not null,
    item_id uuid,
    line_amount_cents bigint not null,
    tax_amount_cents bigint not null
);
create index xero_quote_lines_quote on xero_quote_lines (quote_id, position);

create table xero_bills (
    id uuid primary key,
    xero_bill_id text,
    bill_number text not null,       -- the supplier's own, so not unique
    supplier_id uuid references clients (id),
    purchase_order_id uuid references xero_purchase_orders (id),
    project_id uuid references projects (id),
    status text not null default 'AUTHORISED' check (status in ('DRAFT','SUBMITTED','AUTHORISED','PAID','VOIDED','DELETED')),
    currency text not null,
    date date not null,
    due_date date,
    reference text,
    subtotal_cents bigint not null,
    total_tax_cents bigint not null,
    amount_cents bigint not null,    -- with tax
    amount_paid_cents bigint not null default 0,
    amount_due_cents bigint not null,
    paid_date date,
    synced_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    deletion_id uuid references deletions (id)
);
create unique index xero_bills_xero_id on xero_bills (xero_bill_id) where xero_bill_id is not null;
create index xero_bills_newest on xero_bills (date, id) where deleted_at is null;
create index xero_bills_number on xero_bills (bill_number);
create index xero_bills_supplier on xero_bills (supplier_id);
create index xero_bills_order on xero_bills (purchase_order_id);
create index xero_bills_project on xero_bills (project_id);
create index xero_bills_deletion on xero_bills (deletion_id) where deletion_id is not null;

create table xero_bill_lines (
    id uuid primary key,
    bill_id uuid not null references xero_bills (id),
    position bigint not null,
    description text not null,
    quantity_e4 bigint not null,
    unit_amount_e4 bigint not null,
    account_code text,
    tax_type text,
    tax_rate_ppm bigint not null,
    cost_center_id uuid references cost_centers (id),
    item_id uuid,
    po_line_id uuid references xero_purchase_order_line_items (id),
    line_amount_cents bigint not null,
    tax_amount_cents bigint not null
);
create index xero_bill_lines_bill on xero_bill_lines (bill_id, position);
create index xero_bill_lines_order_line on xero_bill_lines (po_line_id) where po_line_id is not null;
create index xero_bill_lines_center on xero_bill_lines (cost_center_id);

-- Who may see money was told that a project passed this part of its budget:
-- once, until the budget becomes another.
create table budget_alerts (
    project_id uuid not null references projects (id) on delete cascade,
    threshold bigint not null,       -- in percent
    budget_cents bigint not null,
    created_at timestamptz not null,
    primary key (project_id, threshold, budget_cents)
);

create table xero_expenses (
    id uuid primary key,
    xero_expense_id text,
    user_id uuid references users (id) on delete set null, -- who paid
    project_id uuid references projects (id),
    cost_center_id uuid references cost_centers (id),
    status text not null default 'DRAFT' check (status in ('DRAFT','SUBMITTED','APPROVED','PAID','VOIDED','DELETED')),
    currency text not null,
    date date not null,
    description text,
    amount_cents bigint not null,    -- with tax
    tax_cents bigint not null,
    account_code text,
    receipt_url text,
    synced_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    deletion_id uuid references deletions (id)
);
create unique index xero_expenses_xero_id on xero_expenses (xero_expense_id) where xero_expense_id is not null;
create index xero_expenses_newest on xero_expenses (date, id) where deleted_at is null;
create index xero_expenses_project on xero_expenses (project_id);
create index xero_expenses_center on xero_expenses (cost_center_id);
create index xero_expenses_deletion on xero_expenses (deletion_id) where deletion_id is not null;

-- Money received for an invoice, or paid for a bill. Both are NULL only for a
-- payment that was taken over from the former product without its document.
create table xero_payments (
    id uuid primary key,
    xero_payment_id text,
    invoice_id uuid references xero_invoices (id),
    bill_id uuid references xero_bills (id),
    amount_cents bigint not null check (amount_cents > 0),
    payment_date date not null,
    payment_method text not null check (payment_method in ('CASH','CHECK','BANK_TRANSFER','CREDIT_CARD','ONLINE')),
    reference text,
    account_code text,
    currency text not null,
    exchange_rate_e4 bigint not null default 10000,
    synced_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    deletion_id uuid references deletions (id),
    check (invoice_id is null or bill_id is null)
);
create unique index xero_payments_xero_id on xero_payments (xero_payment_id) where xero_payment_id is not null;
create index xero_payments_newest on xero_payments (payment_date, id) where deleted_at is null;
create index xero_payments_invoice on xero_payments (invoice_id);
create index xero_payments_bill on xero_payments (bill_id);
create index xero_payments_deletion on xero_payments (deletion_id) where deletion_id is not null;

create table xero_credit_notes (
    id uuid primary key,
    xero_credit_note_id text,
    credit_note_number text not null,
    client_id uuid references clients (id),
    invoice_id uuid references xero_invoices (id), -- what it was made for
    status text not null default 'AUTHORISED' check (status in ('DRAFT','SUBMITTED','AUTHORISED','PAID','VOIDED','DELETED')),
    currency text not null,
    date date not null,
    reason text,
    subtotal_cents bigint not null,
    total_tax_cents bigint not null,
    amount_cents bigint not null,    -- with tax
    synced_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    deletion_id uuid references deletions (id)
);
create unique index xero_credit_notes_number on xero_credit_notes (credit_note_number);
create unique index xero_credit_notes_xero_id on xero_credit_notes (xero_credit_note_id) where xero_credit_note_id is not null;
create index xero_credit_notes_newest on xero_credit_notes (date, id) where deleted_at is null;
create index xero_credit_notes_client on xero_credit_notes (client_id);
create index xero_credit_notes_invoice on xero_credit_notes (invoice_id);
create index xero_credit_notes_deletion on xero_credit_notes (deletion_id) where deletion_id is not null;

create table xero_credit_note_lines (
    id uuid primary key,
    credit_note_id uuid not null references xero_credit_notes (id),
    position bigint not null,
    description text not null,
    quantity_e4 bigint not null,
    unit_price_e4 bigint not null,
    account_code text,
    tax_type text,
    tax_rate_ppm bigint not null,
    line_amount_cents bigint not null,
    tax_amount_cents bigint not null
);
create index xero_credit_note_lines_note on xero_credit_note_lines (credit_note_id, position);

-- What of a credit note was set against which invoice.
create table credit_note_allocations (
    id uuid primary key,
    credit_note_id uuid not null references xero_credit_notes (id),
    invoice_id uuid not null references xero_invoices (id),
    amount_cents bigint not null check (amount_cents > 0),
    date date not null,
    created_at timestamptz not null
);
create index credit_note_allocations_note on credit_note_allocations (credit_note_id);
create index credit_note_allocations_invoice on credit_note_allocations (invoice_id);

create table bank_transactions (
    id uuid primary key,
    xero_bank_transaction_id text,
    import_key text,                 -- tells a line of a statement that was imported before
    bank_account_code text,
    bank_account_name text,
    date date not null,
    amount_cents bigint not null check (amount_cents >= 0),
    type text not null check (type in ('RECEIVE','SPEND')),
    description text,
    reference text,
    contact_id uuid references clients (id),
    payment_id uuid references xero_payments (id),
    reconciled boolean not null default false,
    reconciled_date date,
    synced_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    check (payment_id is null or reconciled)
);
create unique index bank_transactions_import on bank_transactions (import_key) where import_key is not null;
create unique index bank_transactions_xero_id on bank_transactions (xero_bank_transaction_id) where xero_bank_transaction_id is not null;
create unique index bank_transactions_payment on bank_transactions (payment_id) where payment_id is not null;
create index bank_transactions_newest on bank_transactions (date, id);
create index bank_transactions_open on bank_transactions (date, id) where not reconciled;

-- Each threshold reminds of an invoice once (the unique index), whoever asks.
create table payment_reminders (
    id uuid primary key,
    invoice_id uuid not null references xero_invoices (id),
    sent_date date not null,
    reminder_type text not null,     -- manual, or days_7 and its like
    sent_to text not null,
    mail_id uuid references mails (id),
    skipped boolean not null default false, -- passed over, because a later threshold had passed, too
    created_at timestamptz not null
);
create unique index payment_reminders_once on payment_reminders (invoice_id, reminder_type) where reminder_type <> 'manual';
create index payment_reminders_invoice on payment_reminders (invoice_id, created_at);
create index payment_reminders_newest on payment_reminders (sent_date, id);

-- Deleted rows are left out of every read by reading these views. Made anew,
-- because a view keeps the columns that its table had.
drop view live_clients;
drop view live_projects;
drop view live_timesheets;
drop view live_invoices;
drop view live_purchase_orders;
drop view live_activity_types;
create view live_clients as select * from clients where deleted_at is null;
create view live_projects as select * from projects where deleted_at is null;
create view live_timesheets as select * from timesheets where deleted_at is null;
create view live_invoices as select * from xero_invoices where deleted_at is null;
create view live_purchase_orders as select * from xero_purchase_orders where deleted_at is null;
create view live_activity_types as select * from activity_types where deleted_at is null;
create view live_quotes as select * from xero_quotes where deleted_at is null;
create view live_bills as select * from xero_bills where deleted_at is null;
create view live_expenses as select * from xero_expenses where deleted_at is null;
create view live_payments as select * from xero_payments where deleted_at is null;
create view live_credit_notes as select * from xero_credit_notes where deleted_at is null;
create view live_items as select * from xero_items where deleted_at is null;
