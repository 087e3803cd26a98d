-- What the second version added.
create type sync_status_enum as enum ('pending','synced','failed');
alter table clients add column deleted_at timestamp;
alter table projects add column deleted_at timestamp;
alter table timesheets add column deleted_at timestamp;
alter table xero_invoices add column deleted_at timestamp;
alter table xero_purchase_orders add column deleted_at timestamp;
alter table xero_bills add column deleted_at timestamp;
alter table xero_expenses add column deleted_at timestamp;
alter table xero_quotes add column deleted_at timestamp;
alter table xero_payments add column deleted_at timestamp;
alter table xero_credit_notes add column deleted_at timestamp;
alter table timesheets add column sync_status sync_status_enum default 'pending', add column xero_sync_id uuid, add column cloud_image_urls text[] default '{}';
alter table xero_invoices add column sync_status sync_status_enum default 'pending', add column xero_sync_id uuid;
alter table xero_purchase_orders add column sync_status sync_status_enum default 'pending', add column xero_sync_id uuid;
create index idx_xero_invoices_sync_status on xero_invoices (sync_status);
create table sync_logs (id uuid primary key default gen_random_uuid(), entity_type varchar(50) not null, entity_id uuid not null, request_payload jsonb, response_payload jsonb, status_code integer, error_message text, created_at timestamp default current_timestamp);
create index idx_sync_logs_entity_lookup on sync_logs (entity_type, entity_id, created_at desc);
update timesheets set cloud_image_urls = '{"https://firm.s3.amazonaws.com/timesheets/a.jpg?AWSAccessKeyId=x&Signature=y"}' where id = '00000000-0000-4000-8000-00000000d001';
insert into sync_logs (entity_type, entity_id, request_payload, response_payload, status_code, error_message) values
 ('invoice', '00000000-0000-4000-8000-00000000e001', '{"Invoices": []}', '{"Type": "ValidationException"}', 400, 'A validation exception occurred'),
 ('invoice', '00000000-0000-4000-8000-00000000e001', '{"Invoices": []}', '{}', 200, null);
insert into clients (id, name, deleted_at) values ('00000000-0000-4000-8000-000000000c05', 'Gone', '2026-01-09 00:00:00');
update xero_invoices set sync_status = 'synced', xero_sync_id = 'd0000000-0000-4000-8000-0000000000a4' where id = '00000000-0000-4000-8000-00000000e004';
insert into projects (id, code, name, status, deleted_at) values ('00000000-0000-4000-8000-00000000b003', 'PRJ-2025-009', 'Given up', 'quoted', '2026-01-09 00:00:00');
insert into project_files (id, project_id, file_name, file_path, file_type, file_size) values ('00000000-0000-4000-8000-000000002f08', '00000000-0000-4000-8000-00000000b003', 'sketch.png', '/uploads/projects/00000000-0000-4000-8000-00000000b003/sketch.png', 'image', 99);
