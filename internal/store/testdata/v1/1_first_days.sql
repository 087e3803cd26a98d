-- The former product's tables in its first days.
create table users (id uuid primary key default gen_random_uuid(), email varchar(255) not null unique, password_hash varchar(255) not null, name varchar(255) not null, role varchar(50) not null default 'user' constraint users_role_check check (role in ('admin','manager','user')), avatar varchar(500), is_active boolean default true, created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp);
create table user_permissions (id uuid primary key default gen_random_uuid(), user_id uuid references users (id) on delete cascade, permission varchar(100) not null, granted boolean default true, created_at timestamp default current_timestamp, unique (user_id, permission));
create table activity_types (id uuid primary key default gen_random_uuid(), name varchar(100) not null, icon varchar(50) not null default 'Wrench', color varchar(100) not null default 'bg-electric/20 border-electric text-electric', hourly_rate numeric(10,2) default 0, is_active boolean default true, created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp);
create table cost_centers (id uuid primary key default gen_random_uuid(), code varchar(20) not null unique, name varchar(255) not null, description text, budget numeric(15,2) default 0, xero_tracking_category_id varchar(100), is_active boolean default true, created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp);
create table clients (id uuid primary key default gen_random_uuid(), name varchar(255) not null, contact_name varchar(255), email varchar(255), phone varchar(50), address text, location varchar(255), billing_address text, billing_email varchar(255), xero_contact_id varchar(100), status varchar(20) default 'active' constraint clients_status_check check (status in ('active','inactive')), notes text, created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp);
create index idx_clients_name on clients (name);
create index idx_clients_search on clients using gin (to_tsvector('english', name));
create table projects (id uuid primary key default gen_random_uuid(), code varchar(50) not null unique, name varchar(255) not null, client_id uuid references clients (id) on delete set null, status varchar(20) default 'quoted' constraint projects_status_check check (status in ('quoted','in-progress','completed','invoiced')), budget numeric(15,2) default 0, actual_cost numeric(15,2) default 0, description text, start_date date, end_date date, xero_project_id varchar(100), files text[], created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp);
create table project_cost_centers (project_id uuid not null references projects (id) on delete cascade, cost_center_id uuid not null references cost_centers (id) on delete cascade, primary key (project_id, cost_center_id));
create table xero_invoices (id uuid primary key default gen_random_uuid(), xero_invoice_id varchar(100) not null unique, invoice_number varchar(50), client_id uuid references clients (id) on delete set null, project_id uuid references projects (id) on delete set null, status varchar(50), amount_due numeric(15,2), amount_paid numeric(15,2), total numeric(15,2), currency varchar(10) default 'USD', issue_date date, due_date date, line_items jsonb, synced_at timestamp, created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp);
create table xero_quotes (id uuid primary key default gen_random_uuid(), xero_quote_id varchar(100) not null unique, quote_number varchar(50), client_id uuid references clients (id) on delete set null, project_id uuid references projects (id) on delete set null, status varchar(50), total numeric(15,2), currency varchar(10) default 'USD', issue_date date, expiry_date date, line_items jsonb, synced_at timestamp, created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp);
create table timesheets (id uuid primary key default gen_random_uuid(), user_id uuid references users (id) on delete set null, project_id uuid references projects (id) on delete set null, client_id uuid references clients (id) on delete set null, activity_type_id uuid references activity_types (id) on delete set null, cost_center_id uuid references cost_centers (id) on delete set null, date date not null, hours numeric(5,2) not null, notes text, image_urls text[], location varchar(255), synced boolean default false, xero_timesheet_id varchar(100), created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp);
create table xero_tokens (id uuid primary key default gen_random_uuid(), access_token text not null, refresh_token text not null, id_token text, token_type varchar(50) default 'Bearer', tenant_id varchar(100), tenant_name varchar(255), expires_at timestamp not null, created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp);
create table settings (id uuid primary key default gen_random_uuid(), key varchar(100) not null, value text, user_id uuid references users (id) on delete cascade, created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp, unique (key, user_id));
create table activity_logs (id uuid primary key default gen_random_uuid(), user_id uuid references users (id) on delete set null, action varchar(100) not null, entity_type varchar(50), entity_id uuid, details jsonb, ip_address varchar(45), created_at timestamp default current_timestamp);
create index idx_activity_logs_created_at on activity_logs (created_at);

insert into users (id, email, password_hash, name, role, is_active, created_at, updated_at) values
 ('00000000-0000-4000-8000-000000000001', 'admin@ampedfieldops.com', '$2a$10$abcdefghijklmnopqrstuuN3JmcjJzv9Yk4WzKkq7Z4y6q8f1x2yS', 'Aroha Admin', 'admin', true, '2025-12-27 09:00:00', '2025-12-27 09:00:00'),
 ('00000000-0000-4000-8000-000000000002', 'Mere@sparky.co.nz', '$2b$12$abcdefghijklmnopqrstuuN3JmcjJzv9Yk4WzKkq7Z4y6q8f1x2yT', 'Mere Manager', 'manager', true, '2025-12-27 09:00:00', '2025-12-27 09:00:00'),
 ('00000000-0000-4000-8000-000000000003', 'mere@sparky.co.nz', '$2a$10$abcdefghijklmnopqrstuuN3JmcjJzv9Yk4WzKkq7Z4y6q8f1x2yU', 'Mere Again', 'user', false, '2025-12-28 09:00:00', '2025-12-28 09:00:00'),
 ('00000000-0000-4000-8000-000000000004', 'tama@sparky.co.nz', '$2a$10$abcdefghijklmnopqrstuuN3JmcjJzv9Yk4WzKkq7Z4y6q8f1x2yV', 'Tama Tech', 'user', true, '2025-12-28 09:00:00', '2025-12-28 09:00:00');
insert into user_permissions (user_id, permission, granted) values
 ('00000000-0000-4000-8000-000000000002', 'can_view_financials', true),
 ('00000000-0000-4000-8000-000000000002', 'can_edit_projects', true),
 ('00000000-0000-4000-8000-000000000002', 'can_view_all_timesheets', true),
 ('00000000-0000-4000-8000-000000000004', 'can_view_projects', true),
 ('00000000-0000-4000-8000-000000000004', 'can_sync_xero', true),
 ('00000000-0000-4000-8000-000000000004', 'can_create_timesheets', false),
 ('00000000-0000-4000-8000-000000000004', 'can_view_own_projects', true);
insert into activity_types (id, name, icon, color, hourly_rate, updated_at) values
 ('00000000-0000-4000-8000-0000000000a1', 'Labour', 'Briefcase', 'electric', 110.00, '2026-01-02 00:00:00'),
 ('00000000-0000-4000-8000-0000000000a2', 'Labour', 'Briefcase', 'electric', 100.00, '2025-12-27 00:00:00'),
 ('00000000-0000-4000-8000-0000000000a3', 'Travel', 'Car', 'blue', 85.55, '2025-12-27 00:00:00'),
 ('00000000-0000-4000-8000-0000000000a4', 'travel', 'Car', 'blue', 80.00, '2025-12-28 00:00:00');
insert into cost_centers (id, code, name, budget) values ('00000000-0000-4000-8000-0000000000c1', 'CC-001', 'Default Cost Center', 1234.56);
insert into clients (id, name, contact_name, address, xero_contact_id, created_at) values
 ('00000000-0000-4000-8000-000000000c01', 'Māori Land Trust', 'Hēmi', '1 Queen Street', 'c0000000-0000-4000-8000-000000000001', '2025-12-27 09:00:00'),
 ('00000000-0000-4000-8000-000000000c02', 'Second of the same contact', null, null, 'C0000000-0000-4000-8000-000000000001', '2025-12-28 09:00:00'),
 ('00000000-0000-4000-8000-000000000c03', 'No Contact Ltd', null, null, null, '2025-12-27 09:00:00'),
 ('00000000-0000-4000-8000-000000000c04', 'Wire Wholesale', null, null, 'pending', '2025-12-27 09:00:00');
insert into projects (id, code, name, client_id, status, budget, actual_cost, files) values
 ('00000000-0000-4000-8000-00000000b001', 'PRJ-2026-007', 'Marae rewiring', '00000000-0000-4000-8000-000000000c01', 'in-progress', 10000.10, 55.50, '{plan.pdf}'),
 ('00000000-0000-4000-8000-00000000b002', 'PRJ-2025-003', 'Orphan', null, 'quoted', 0, 0, null);
insert into project_cost_centers values ('00000000-0000-4000-8000-00000000b001', '00000000-0000-4000-8000-0000000000c1');
insert into xero_invoices (id, xero_invoice_id, invoice_number, client_id, project_id, status, amount_due, amount_paid, total, issue_date, line_items, created_at, updated_at) values
 ('00000000-0000-4000-8000-00000000e001', 'INV-00001', 'INV-00001', '00000000-0000-4000-8000-000000000c01', '00000000-0000-4000-8000-00000000b001', 'DRAFT', 767.77, 0, 767.77, '2026-01-05',
  '[{"description": "Labour - 7.33 hours", "quantity": 7.33, "unit_price": 95.005, "amount": 696.38665}, {"description": "Travel - 0.83 hours", "quantity": 0.8300000000000001, "unit_price": 86, "amount": 71.38000000000001}]', '2026-01-05 10:00:00', '2026-01-05 10:00:00'),
 ('00000000-0000-4000-8000-00000000e002', 'd0000000-0000-4000-8000-000000000002', 'INV-00001', '00000000-0000-4000-8000-000000000c01', null, 'AUTHORISED', 57.50, null, 115.00, '2026-01-06',
  '[{"Description": "Switchboard", "Quantity": 1, "UnitAmount": 100, "LineAmount": 100, "TaxAmount": 15, "TaxType": "OUTPUT2", "AccountCode": "200"}]', '2026-01-06 10:00:00', '2026-01-06 10:00:00'),
 ('00000000-0000-4000-8000-00000000e003', 'D0000000-0000-4000-8000-000000000003', 'INV-00009', '00000000-0000-4000-8000-000000000c01', null, 'PAID', 0, 0, 230.00, '2026-01-07',
  '[{"Description": "With tax inside", "Quantity": 2, "UnitAmount": 115, "LineAmount": 230, "TaxAmount": 30}]', '2026-01-07 10:00:00', '2026-01-07 10:00:00'),
 ('00000000-0000-4000-8000-00000000e004', 'INV-1767600000000', null, '00000000-0000-4000-8000-000000000c03', null, 'PARTIALLY_PAID', 60.00, 40.00, 100.00, null, null, '2026-01-08 10:00:00', '2026-01-08 10:00:00'),
 ('00000000-0000-4000-8000-00000000e005', 'd0000000-0000-4000-8000-000000000005', 'INV-00012', '00000000-0000-4000-8000-000000000c01', null, 'VOIDED', 0, 0, 50.00, '2026-01-08',
  '[{"description": "Labour - 0.50 hours", "quantity": 0.5, "unit_price": 100, "amount": 50}]', '2026-01-08 10:00:00', '2026-01-08 10:00:00'),
 ('00000000-0000-4000-8000-00000000e006', 'd0000000-0000-4000-8000-000000000006', 'INV-00013', '00000000-0000-4000-8000-000000000c01', null, 'DRAFT', 333.33, 0, 333.33, '2026-01-08', '[]', '2026-01-08 10:00:00', '2026-01-08 10:00:00');
insert into xero_quotes (id, xero_quote_id, quote_number, client_id, status, total, line_items) values
 ('00000000-0000-4000-8000-00000000f001', 'QTE-1767600000000', null, '00000000-0000-4000-8000-000000000c01', 'PENDING', 0, '[{"description": "Heat pump", "quantity": 2, "unit_price": 1450.5, "amount": 2901}]'),
 ('00000000-0000-4000-8000-00000000f002', 'f0000000-0000-4000-8000-000000000002', 'QU-1', '00000000-0000-4000-8000-000000000c01', 'PENDING', 12.50, null),
 ('00000000-0000-4000-8000-00000000f003', 'QTE-1767600000001', 'QU-1', null, 'CONVERTED', 99.99, null);
insert into timesheets (id, user_id, project_id, client_id, activity_type_id, cost_center_id, date, hours, notes, image_urls, created_at, updated_at) values
 ('00000000-0000-4000-8000-00000000d001', '00000000-0000-4000-8000-000000000004', '00000000-0000-4000-8000-00000000b001', '00000000-0000-4000-8000-000000000c01', '00000000-0000-4000-8000-0000000000a1', '00000000-0000-4000-8000-0000000000c1', '2026-01-05', 7.33, 'first', '{/uploads/projects/00000000-0000-4000-8000-00000000b001/board.jpg}', '2026-01-05 20:30:00', '2026-01-05 20:30:00'),
 ('00000000-0000-4000-8000-00000000d002', '00000000-0000-4000-8000-000000000004', '00000000-0000-4000-8000-00000000b001', '00000000-0000-4000-8000-000000000c01', '00000000-0000-4000-8000-0000000000a3', null, '2026-01-05', 0.83, null, null, '2026-01-05 20:30:00', '2026-01-05 20:30:00'),
 ('00000000-0000-4000-8000-00000000d003', null, null, null, null, null, '2026-01-06', 1.25, null, '{"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="}', '2026-01-06 20:30:00', '2026-01-06 20:30:00'),
 ('00000000-0000-4000-8000-00000000d004', '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-00000000b002', null, '00000000-0000-4000-8000-0000000000a2', null, '2026-01-07', 2.00, null, '{"https://firm.s3.ap-southeast-2.amazonaws.com/timesheets/ab12/cd34/photo.jpg?X-Amz-Expires=3600&X-Amz-Signature=abc","https://drive.google.com/file/d/abc/view"}', '2026-01-07 20:30:00', '2026-01-07 20:30:00'),
 ('00000000-0000-4000-8000-00000000d005', '00000000-0000-4000-8000-000000000002', null, null, '00000000-0000-4000-8000-0000000000a1', null, '2026-01-07', 0.00, 'nothing', null, '2026-01-07 20:30:00', '2026-01-07 20:30:00'),
 ('00000000-0000-4000-8000-00000000d006', '00000000-0000-4000-8000-000000000002', null, '00000000-0000-4000-8000-000000000c01', '00000000-0000-4000-8000-0000000000a1', null, '2026-01-08', 0.50, null, null, '2026-01-08 20:30:00', '2026-01-08 20:30:00'),
 ('00000000-0000-4000-8000-00000000d007', '00000000-0000-4000-8000-000000000002', null, '00000000-0000-4000-8000-000000000c01', '00000000-0000-4000-8000-0000000000a1', null, '2026-01-09', 3.00, null, null, '2026-01-09 20:30:00', '2026-01-09 20:30:00');
insert into xero_tokens (access_token, refresh_token, tenant_id, tenant_name, expires_at) values ('clear-access', 'clear-refresh', '7e000000-0000-4000-8000-000000000001', 'Sparky Ltd', '2026-01-10 00:00:00');
insert into settings (key, value, user_id, updated_at) values
 ('company_name', 'AmpedFieldOps', null, '2025-12-27 00:00:00'), ('company_name', 'Sparky Ltd', null, '2026-01-03 00:00:00'), ('company_name', 'Sparky', null, '2025-12-30 00:00:00'),
 ('timezone', 'Pacific/Chatham', null, '2026-01-01 00:00:00'), ('smtp_password', 'hunter2hunter2', null, '2026-01-01 00:00:00'), ('xero_client_secret', 'very-secret', null, '2026-01-01 00:00:00'),
 ('smtp_host', 'mail.sparky.co.nz', null, '2026-01-01 00:00:00'), ('made_up_by_somebody', 'yes', null, '2026-01-01 00:00:00'),
 ('recent_searches', '[{"query":"marae"}]', '00000000-0000-4000-8000-000000000004', '2026-01-01 00:00:00'),
 ('google_drive_tokens', '{"refresh_token":"drive-clear"}', '00000000-0000-4000-8000-000000000001', '2026-01-01 00:00:00');
insert into activity_logs (user_id, action, entity_type, details) values ('00000000-0000-4000-8000-000000000002', 'create', 'invoice', '{"total": 1}'), (null, 'login', null, null);
