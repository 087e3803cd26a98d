-- The last state of the second version.
alter table clients add column client_type varchar(20) default 'customer' constraint clients_client_type_check check (client_type in ('customer','supplier','both'));
alter table cost_centers add column client_po_number varchar(255);
alter table xero_invoices add column reference varchar(500);
alter table projects drop constraint projects_status_check;
alter table projects add constraint projects_status_check check (status in ('quoted','in-progress','completed','invoiced','paid'));
create table document_scans (id uuid primary key default gen_random_uuid(), file_id uuid references project_files (id) on delete cascade, user_id uuid references users (id) on delete set null, status varchar(20) default 'pending', extracted_data jsonb, created_at timestamp default current_timestamp);
create table document_matches (id uuid primary key default gen_random_uuid(), scan_id uuid references document_scans (id) on delete cascade, confidence_score numeric(3,2), created_at timestamp default current_timestamp);
create table file_migrations (id uuid primary key default gen_random_uuid(), entity_type varchar(50) not null, source_path varchar(500) not null, destination_path varchar(500) not null, created_at timestamp default current_timestamp);
alter table xero_invoices add column scanned_document_id uuid references document_scans (id) on delete set null;
alter table xero_bills add column scanned_document_id uuid references document_scans (id) on delete set null;
update clients set client_type = 'supplier' where id = '00000000-0000-4000-8000-000000000c04';
update cost_centers set client_po_number = 'PO 4711';
update xero_invoices set reference = 'PO 4711' where id = '00000000-0000-4000-8000-00000000e001';
update projects set status = 'paid' where code = 'PRJ-2025-003';
insert into document_scans (status) values ('completed');
insert into settings (key, value) values ('storage_driver', 's3'), ('storage_base_path', 'firm');
