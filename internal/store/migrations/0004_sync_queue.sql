-- What an operator is told of the documents on their way.

-- Whether people were told that documents wait too long.
create table sync_alerts (
    id bigint primary key check (id = 1),
    told_at timestamptz,   -- null: what waits has not waited too long since people were last told
    oldest_at timestamptz  -- since when what had waited longest had been waiting then
);
insert into sync_alerts (id, told_at, oldest_at) values (1, null, null);

create index clients_sync on clients (sync_status) where sync_status is not null and sync_status <> 'synced';
