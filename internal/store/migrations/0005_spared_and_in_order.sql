-- A send among the failures that opened the breaker: it is not counted, whatever
-- look-ups show of it afterwards.
alter table sync_logs add column spared boolean not null default false;

-- Of what is due, what was asked for first goes first: ids are made in order.
create index sync_intents_in_order on sync_intents (entity_type, id) where closed_at is null;
