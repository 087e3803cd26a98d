-- Files: what people attach to their work, wherever its bytes lie.

-- path is the address of a file here and never changes, whichever place the
-- bytes are in. Size, hash and form are unknown of what a former version kept,
-- until it has been read.
create table stored_files (
    id uuid primary key,
    path text not null,
    place text not null check (place in ('local','s3','google-drive')),
    ref text not null,               -- by which that place finds the bytes
    moves_to text check (moves_to in ('local','s3','google-drive')), -- the place it was meant for, which did not take it
    move_tries bigint not null default 0,
    move_error text,
    file_name text not null,         -- as the person called it
    extension text not null,         -- what it is by its bytes
    content_type text not null,
    size bigint,                     -- bytes
    sha256 text,                     -- of the bytes as they came, in hexadecimal digits
    width bigint,
    height bigint,
    shown json,                      -- the parts that are shown; null: all of it
    caption text,
    record_kind text not null check (record_kind in ('timesheet','project','cost_center','safety_document','document_scan','expense','bill','preview')),
    record_id uuid,                  -- that it was uploaded for
    preview_of uuid references stored_files (id),
    preview_state text not null default 'none' check (preview_state in ('none','waiting','made')),
    uploaded_by uuid references users (id),
    created_at timestamptz not null,
    remove_at timestamptz,           -- nothing names it any more: its bytes go then
    seen_at timestamptz,             -- when the bytes were last found in their place
    missing_since timestamptz,       -- when they were not
    unread_at timestamptz,           -- when a file of a former version was last tried and could not be read
    unread_reason text
);
create unique index stored_files_path on stored_files (path);
create unique index stored_files_ref on stored_files (place, ref);
create index stored_files_record on stored_files (record_kind, record_id);
create index stored_files_moving on stored_files (moves_to, id) where moves_to is not null;
create index stored_files_removed on stored_files (remove_at) where remove_at is not null;
create index stored_files_missing on stored_files (missing_since) where missing_since is not null;
create unique index stored_files_preview on stored_files (preview_of) where preview_of is not null;
create index stored_files_unread on stored_files (id) where sha256 is null;
create index stored_files_uploaded_by on stored_files (uploaded_by) where uploaded_by is not null;

-- Bytes that no file names, where a sweep found them: what a crash left between
-- writing bytes and writing down that they are there, or after that they are not.
create table orphan_files (
    place text not null,
    ref text not null,
    name text not null,
    size bigint not null,
    found_at timestamptz not null,
    primary key (place, ref)
); -- nothing but its key

-- When each place was last compared with what is written down.
create table file_sweeps (
    place text primary key,
    began_at timestamptz not null
);

-- Uploads that may be gone on with after the connection broke. The bytes lie in
-- a draft of the same id; how many there are, its length tells.
create table uploads (
    id uuid primary key,
    user_id uuid not null references users (id),
    purpose text not null,           -- what the file is for
    file_name text not null,
    size bigint not null,
    sha256 text,                     -- as the sender computed it
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index uploads_expiry on uploads (expires_at);
create index uploads_user on uploads (user_id);
