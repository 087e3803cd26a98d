-- What the copying needs. Everything but the two tables in the schema v1 goes
-- again before the commit.
create table v1.upgrade_reports (at timestamptz not null, report text not null);
create table v1.upgrade_oddities (
    seq bigint generated always as identity primary key,
    table_name text not null,
    entity_id uuid,
    kind text not null,
    note text not null,
    left_out boolean not null default false -- the row is in the schema v1 only
);
create temp table upgrade_facts (now timestamptz, tenant text, currency text, invoices_travel boolean) on commit drop;
create or replace function pg_temp.real_id(id text) returns text language sql immutable as $$ select case when id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' and id <> '00000000-0000-0000-0000-000000000000' then lower(id) end $$;
create or replace function pg_temp.cents(amount numeric) returns bigint language sql immutable as $$ select cast(round(coalesce(amount, 0) * 100) as bigint) $$;
create or replace function pg_temp.e4(amount numeric) returns bigint language sql immutable as $$ select cast(round(coalesce(amount, 0) * 10000) as bigint) $$;
create or replace function pg_temp.filled(words text) returns text language sql immutable as $$ select nullif(btrim(words), '') $$;
