-- Receipts and suppliers' documents: what was read in them, what a person made of
-- that, and the bill or the expense that it became.

-- reading is what was found in the text, with how sure and where; the columns behind
-- it are the same as they stand now, as read or as a person has put them. run is
-- raised by everything that has the text read again: what an older run found is
-- thrown away.
create table document_scans (
    id uuid primary key,
    file_id uuid not null references stored_files (id),
    project_file_id uuid references project_files (id), -- by which it is found among the files of its project
    project_id uuid references projects (id),
    cost_center_id uuid references cost_centers (id),
    user_id uuid references users (id),  -- who uploaded it
    status text not null check (status in ('pending','processing','completed','failed')),
    run bigint not null default 1,
    raw_text text,
    confidence bigint,               -- of the reading, in percent
    error_message text,
    reading json,
    document_type text not null default 'unknown' check (document_type in ('receipt','invoice','purchase_order','bill','expense','unknown')),
    supplier_id uuid references clients (id),
    vendor_name text,
    document_number text,
    document_date date,
    due_date date,
    total_cents bigint,
    tax_cents bigint,
    po_number text,
    line_items json not null default '[]',
    words text not null,             -- name of file and supplier, and numbers, folded, to be searched
    checked_by uuid references users (id),
    filed_kind text check (filed_kind in ('bill','expense')),
    filed_id uuid,                   -- the bill or expense that it became or was put to
    xero_attachment_id text,
    processed_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    deletion_id uuid references deletions (id)
);
create index document_scans_newest on document_scans (created_at, id) where deleted_at is null;
create index document_scans_user on document_scans (user_id, created_at, id) where deleted_at is null;
create index document_scans_project on document_scans (project_id, created_at, id) where deleted_at is null;
create index document_scans_center on document_scans (cost_center_id) where cost_center_id is not null;
create index document_scans_supplier on document_scans (supplier_id) where supplier_id is not null;
create index document_scans_total on document_scans (total_cents) where deleted_at is null;
create index document_scans_file on document_scans (file_id);
create index document_scans_project_file on document_scans (project_file_id) where project_file_id is not null;
create index document_scans_deletion on document_scans (deletion_id) where deletion_id is not null;

create view live_document_scans as select * from document_scans where deleted_at is null;

-- Records that a scan may belong to. One that was rejected is not proposed again.
create table document_matches (
    id uuid primary key,
    scan_id uuid not null references document_scans (id),
    entity_type text not null check (entity_type in ('purchase_order','invoice','bill','expense')),
    entity_id uuid not null,
    score bigint not null,           -- in percent
    match_reasons json not null default '[]',
    confirmed boolean not null default false,
    confirmed_by uuid references users (id),
    confirmed_at timestamptz,
    rejected_at timestamptz,
    created_at timestamptz not null
);
create unique index document_matches_pair on document_matches (scan_id, entity_type, entity_id);
create index document_matches_entity on document_matches (entity_type, entity_id);

-- Files that belong to a document. Their bytes go when nothing names them any more.
create table attachments (
    entity_type text not null check (entity_type in ('purchase_order','invoice','bill','expense')),
    entity_id uuid not null,
    file_id uuid not null references stored_files (id),
    attached_by uuid references users (id),
    attached_at timestamptz not null,
    primary key (entity_type, entity_id, file_id)
); -- nothing but its key
create index attachments_file on attachments (file_id);

alter table xero_bills add column scanned_document_id uuid references document_scans (id);
alter table xero_expenses add column scanned_document_id uuid references document_scans (id);
alter table xero_purchase_orders add column scanned_document_id uuid references document_scans (id);
alter table xero_invoices add column scanned_document_id uuid references document_scans (id);
drop view live_bills;
drop view live_expenses;
drop view live_purchase_orders;
drop view live_invoices;
create view live_bills as select * from xero_bills where deleted_at is null;
create view live_expenses as select * from xero_expenses where deleted_at is null;
create view live_purchase_orders as select * from xero_purchase_orders where deleted_at is null;
create view live_invoices as select * from xero_invoices where deleted_at is null;
create index xero_bills_scan on xero_bills (scanned_document_id) where scanned_document_id is not null;
create index xero_expenses_scan on xero_expenses (scanned_document_id) where scanned_document_id is not null;
create index xero_purchase_orders_scan on xero_purchase_orders (scanned_document_id) where scanned_document_id is not null;
create index xero_invoices_scan on xero_invoices (scanned_document_id) where scanned_document_id is not null;

-- The same bytes, uploaded twice.
create index stored_files_hash on stored_files (sha256) where sha256 is not null;
