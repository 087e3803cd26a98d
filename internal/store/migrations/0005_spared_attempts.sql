-- A send among the failures that opened the breaker: it is not counted, whatever
-- look-ups show of it afterwards.
alter table sync_logs add column spared boolean not null default false;
