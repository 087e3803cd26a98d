-- correlation_id is the id of the request that asked for the call, as in the log
-- and in the audit trail; Xero's own id of the exchange stands beside it.
alter table sync_logs add column xero_correlation_id text;
update sync_logs set xero_correlation_id = correlation_id,
    correlation_id = (select request_id from sync_intents where sync_intents.id = sync_logs.intent_id);
create index sync_logs_correlation on sync_logs (correlation_id) where correlation_id is not null;

-- The newest request that asked something of a document. An intent that the
-- worker opens because of it, after the one that was open, is that request's.
alter table sync_documents add column request_id text;

-- Where the trace of a request goes on, hours later perhaps (W3C traceparent).
alter table sync_documents add column trace_parent text;
alter table sync_intents add column trace_parent text;
