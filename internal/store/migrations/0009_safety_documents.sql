-- Safety documents: job safety analyses, certificates of compliance and electrical
-- safety certificates.

create table safety_documents (
    id uuid primary key,
    project_id uuid not null references projects (id),
    cost_center_id uuid references cost_centers (id),
    document_type text not null check (document_type in ('jsa','electrical_compliance','electrical_safety_certificate')),
    title text not null,
    data json not null,              -- the form, as it stands now
    number text,                     -- reserved when it is first completed, and kept
    status text not null check (status in ('draft','completed','approved')),
    revision bigint not null default 1,
    created_by uuid references users (id),
    completed_by uuid references users (id),
    completed_at timestamptz,
    approved_by uuid references users (id),
    approved_at timestamptz,
    issued_at timestamptz,           -- when a revision of it was last completed
    draft_file_id uuid references stored_files (id), -- its page while it is a draft
    words text not null,             -- number, title, place and description, folded, to be searched
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    deletion_id uuid references deletions (id)
);
create unique index safety_documents_number on safety_documents (document_type, number) where number is not null;
create index safety_documents_newest on safety_documents (created_at, id) where deleted_at is null;
create index safety_documents_project on safety_documents (project_id, document_type, status, deleted_at);
create index safety_documents_center on safety_documents (cost_center_id) where cost_center_id is not null;
create index safety_documents_creator on safety_documents (created_by, created_at);
create index safety_documents_deletion on safety_documents (deletion_id) where deletion_id is not null;

create view live_safety_documents as select * from safety_documents where deleted_at is null;

-- What became of a document, step by step: what was issued, as it was issued, with
-- the page that was made of it.
create table safety_document_revisions (
    id uuid primary key,
    document_id uuid not null references safety_documents (id),
    revision bigint not null,
    event text not null check (event in ('completed','approved','reopened','taken_over')),
    reason text,                     -- why it was reopened
    paper json,                      -- everything that its page says; null of a step without a page
    user_id uuid references users (id),
    actor text not null,
    file_id uuid references stored_files (id), -- NULL until the page is made
    created_at timestamptz not null
);
create index safety_document_revisions_document on safety_document_revisions (document_id, created_at, id);
create index safety_document_revisions_file on safety_document_revisions (file_id) where file_id is not null;

-- What people drew on the screen, under what they read there. A change of the form
-- takes the signatures of its revision away.
create table safety_document_signatures (
    id uuid primary key,
    document_id uuid not null references safety_documents (id),
    revision bigint not null,
    role text not null check (role in ('signer','crew')),
    name text not null,
    strokes json not null,
    signed_by uuid references users (id),
    signed_at timestamptz not null
);
create index safety_document_signatures_document on safety_document_signatures (document_id, revision, signed_at, id);

-- The certificate without which nothing of a project is invoiced.
alter table projects add column certificate_required text check (certificate_required in ('electrical_compliance','electrical_safety_certificate'));

drop view live_projects;
create view live_projects as select * from projects where deleted_at is null;
