-- Files of projects and cost centres: plans, certificates, letters. The bytes are
-- a stored file's; this is what people call it and where they find it.
create table project_files (
    id uuid primary key,
    project_id uuid references projects (id),          -- NULL only for a file of a cost centre alone
    cost_center_id uuid references cost_centers (id),
    file_id uuid not null references stored_files (id),
    file_name text not null,         -- as people call it; it can be renamed
    file_type text not null check (file_type in ('image','pdf','document')),
    tags json not null default '[]',
    words text not null,             -- name and tags, folded, to be searched
    uploaded_by uuid references users (id),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    deletion_id uuid references deletions (id),
    check (project_id is not null or cost_center_id is not null)
);
-- Of what the former product kept, two can have the same bytes.
create index project_files_file on project_files (file_id);
create index project_files_project on project_files (project_id, created_at, id) where deleted_at is null;
create index project_files_center on project_files (cost_center_id, created_at, id) where deleted_at is null;
create index project_files_newest on project_files (created_at, id) where deleted_at is null;
create index project_files_deletion on project_files (deletion_id) where deletion_id is not null;

create view live_project_files as select * from project_files where deleted_at is null;
