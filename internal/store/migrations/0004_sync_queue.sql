-- What an operator is told of the documents on their way.

-- Whether people were told that documents wait too long.
create table sync_alerts (
    id bigint primary key check (id = 1),
    told_at timestamptz,   -- null: what waits has not waited too long since people were last told
    oldest_at timestamptz  -- since when what had waited longest had been waiting then
);
insert into sync_alerts (id, told_at, oldest_at) values (1, null, null);

create index clients_sync on clients (sync_status) where sync_status is not null and sync_status <> 'synced';

-- Mails of a further kind. No column's check can be changed in place on both
-- databases, so another column takes its name.
alter table mails rename column kind to former_kind;
alter table mails add column kind text not null default 'test' check (kind in ('test','invitation','password_reset','invoice','quote','payment_reminder','sync_waits'));
update mails set kind = former_kind;
alter table mails drop column former_kind;
