-- The last state of the second version.
alter table clients add column client_type varchar(20) default 'customer' constraint clients_client_type_check check (client_type in ('customer','supplier','both'));
alter table cost_centers add column client_po_number varchar(255);
alter table xero_invoices add column reference varchar(500);
alter table projects drop constraint projects_status_check;
alter table projects add constraint projects_status_check check (status in ('quoted','in-progress','completed','invoiced','paid'));
create table document_scans (id uuid primary key default gen_random_uuid(), file_id uuid references project_files (id) on delete cascade, user_id uuid references users (id) on delete set null, status varchar(20) default 'pending', document_type varchar(50), extracted_data jsonb, confidence numeric(3,2), error_message text, xero_attachment_id varchar(100), processed_at timestamp, created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp);
create table document_matches (id uuid primary key default gen_random_uuid(), scan_id uuid references document_scans (id) on delete cascade, entity_type varchar(50), entity_id uuid, confidence_score numeric(3,2), match_reasons jsonb, confirmed boolean default false, confirmed_by uuid references users (id) on delete set null, confirmed_at timestamp, created_at timestamp default current_timestamp);
create table file_migrations (id uuid primary key default gen_random_uuid(), entity_type varchar(50) not null, source_path varchar(500) not null, destination_path varchar(500) not null, created_at timestamp default current_timestamp);
alter table xero_invoices add column scanned_document_id uuid references document_scans (id) on delete set null;
alter table xero_bills add column scanned_document_id uuid references document_scans (id) on delete set null;
update clients set client_type = 'supplier' where id = '00000000-0000-4000-8000-000000000c04';
update cost_centers set client_po_number = 'PO 4711';
update xero_invoices set reference = 'PO 4711' where id = '00000000-0000-4000-8000-00000000e001';
update projects set status = 'paid' where code = 'PRJ-2025-003';
insert into document_scans (status) values ('completed');
insert into settings (key, value) values ('storage_driver', 's3'), ('storage_base_path', 'firm');
alter table xero_expenses add column scanned_document_id uuid references document_scans (id) on delete set null;
insert into document_scans (id, file_id, user_id, status, document_type, extracted_data, confidence, processed_at, created_at, updated_at) values
 ('00000000-0000-4000-8000-0000000005c1', '00000000-0000-4000-8000-000000002f06', '00000000-0000-4000-8000-000000000004', 'completed', 'invoice', '{"vendor_name":"Copperline","document_number":"CL-881","date":"03/11/2025","total_amount":"$1,150.00","tax_amount":150,"line_items":[]}', 0.87, '2026-01-08 09:00:00', '2026-01-08 08:00:00', '2026-01-08 09:00:00'),
 ('00000000-0000-4000-8000-0000000005c2', '00000000-0000-4000-8000-000000002f01', null, 'processing', null, null, null, null, '2026-01-08 08:00:00', '2026-01-08 08:00:00');
update xero_bills set scanned_document_id = '00000000-0000-4000-8000-0000000005c1' where id = '00000000-0000-4000-8000-0000000b1001';
update xero_expenses set receipt_url = '/uploads/receipts/parking.jpg' where id = '00000000-0000-4000-8000-0000000e1001';
insert into document_matches (scan_id, entity_type, entity_id, confidence_score, match_reasons, confirmed, confirmed_by, confirmed_at) values
 ('00000000-0000-4000-8000-0000000005c1', 'bill', '00000000-0000-4000-8000-0000000b1001', 0.90, '["The same total"]', true, '00000000-0000-4000-8000-000000000004', '2026-01-08 09:30:00'),
 ('00000000-0000-4000-8000-0000000005c1', 'bill', '00000000-0000-4000-8000-0000000b1001', 0.40, '{"old":1}', false, null, null),
 ('00000000-0000-4000-8000-0000000005c1', 'expense', '00000000-0000-4000-8000-00000000dead', 0.40, null, false, null, null);
