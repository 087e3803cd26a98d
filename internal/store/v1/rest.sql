insert into xero_items (id, xero_item_id, code, name, description, purchase_price_e4, sale_price_e4, stock_level_e4, is_tracked,
    inventory_asset_account_code, search_folded, synced_at, created_at, updated_at)
select o.id, case when row_number() over (partition by pg_temp.real_id(o.xero_item_id) order by o.created_at, o.id) = 1 then pg_temp.real_id(o.xero_item_id) end,
    case when row_number() over (partition by n.wanted order by pg_temp.real_id(o.xero_item_id) is null, o.created_at, o.id) = 1 then n.wanted
        else n.wanted || '-' || left(md5(cast(o.id as text)), 8) end,
    o.name, o.description, pg_temp.e4(o.purchase_price), pg_temp.e4(o.sale_price), pg_temp.e4(o.stock_level), coalesce(o.is_tracked, false),
    pg_temp.filled(o.inventory_asset_account_code), '', o.synced_at, coalesce(o.created_at, o.updated_at, f.now), coalesce(o.updated_at, o.created_at, f.now)
from old_xero_items o cross join upgrade_facts f
cross join lateral (select coalesce(pg_temp.filled(o.code), 'NONE-' || left(md5(cast(o.id as text)), 8)) as wanted) n;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_items', i.id, 'code', 'the code was missing or another item has it: now ' || i.code
from xero_items i join old_xero_items o on o.id = i.id where i.code is distinct from pg_temp.filled(o.code);
insert into stock_movements (id, item_id, quantity_e4, reason, actor, created_at)
select gen_random_uuid(), id, stock_level_e4, 'Taken over from the former product', 'System', f.now
from xero_items, upgrade_facts f where stock_level_e4 <> 0;
insert into bank_transactions (id, xero_bank_transaction_id, bank_account_code, bank_account_name, date, amount_cents, type, description, reference,
    contact_id, payment_id, reconciled, reconciled_date, synced_at, created_at, updated_at)
select o.id, case when row_number() over (partition by pg_temp.real_id(o.xero_bank_transaction_id) order by o.created_at, o.id) = 1 then pg_temp.real_id(o.xero_bank_transaction_id) end,
    o.bank_account_code, o.bank_account_name, o.date, abs(pg_temp.cents(o.amount)),
    case when o.amount >= 0 then o.type when o.type = 'RECEIVE' then 'SPEND' else 'RECEIVE' end, o.description, o.reference,
    o.contact_id, p.id, coalesce(o.reconciled, false) or p.id is not null, o.reconciled_date, o.synced_at,
    coalesce(o.created_at, o.updated_at, f.now), coalesce(o.updated_at, o.created_at, f.now)
from (select t.*, row_number() over (partition by payment_id order by coalesce(reconciled, false) desc, reconciled_date desc nulls last, created_at desc, id) as place from old_bank_transactions t) o
cross join upgrade_facts f
left join xero_payments p on p.id = o.payment_id and o.place = 1;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'bank_transactions', o.id, 'payment_twice', 'its payment is reconciled with another transaction too, or was left out: reconciled without a payment'
from old_bank_transactions o join bank_transactions b on b.id = o.id where o.payment_id is not null and b.payment_id is null;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'bank_transactions', id, 'negative', 'a negative amount: the direction was turned round'
from old_bank_transactions where amount < 0;

insert into v1.upgrade_oddities (table_name, entity_id, kind, note, left_out)
select 'payment_reminders', o.id, 'no_invoice', 'the reminder belongs to no invoice', true
from old_payment_reminders o where not exists (select from xero_invoices i where i.id = o.invoice_id);
insert into payment_reminders (id, invoice_id, sent_date, reminder_type, sent_to, created_at)
select o.id, o.invoice_id, o.sent_date,
    case when o.kind = 'manual' or o.place = 1 then o.kind else o.kind || '_again_' || o.place end,
    coalesce(o.sent_to, ''), coalesce(o.created_at, f.now)
from (select r.*, coalesce(pg_temp.filled(r.reminder_type), 'manual') as kind,
        row_number() over (partition by r.invoice_id, coalesce(pg_temp.filled(r.reminder_type), 'manual') order by r.sent_date, r.created_at, r.id) as place
    from old_payment_reminders r join xero_invoices i on i.id = r.invoice_id) o, upgrade_facts f;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'payment_reminders', id, 'again', 'the same reminder was sent more than once'
from payment_reminders where reminder_type like '%\_again\_%';

insert into audit_entries (id, user_id, actor, action, entity_type, entity_id, details, ip_address, created_at)
select o.id, u.id, coalesce(u.name, 'System'), o.action, coalesce(pg_temp.filled(o.entity_type), 'system'), o.entity_id,
    cast(cast(o.details as text) as json), o.ip_address, coalesce(o.created_at, f.now)
from old_activity_logs o cross join upgrade_facts f left join users u on u.id = o.user_id;
-- They tell what happened; they are no attempts of ours.
insert into sync_logs (id, entity_type, entity_id, request_payload, response_payload, status_code, error_message, created_at, call_id, tenant_id,
    operation, writes, method, path, http_status, outcome, finished_at, deadline)
select o.id, o.entity_type, o.entity_id, cast(cast(o.request_payload as text) as json), cast(cast(o.response_payload as text) as json), o.status_code,
    o.error_message, coalesce(o.created_at, f.now), o.id, f.tenant, 'create', false, 'POST', '', o.status_code, 'answered',
    coalesce(o.created_at, f.now), coalesce(o.created_at, f.now)
from old_sync_logs o cross join upgrade_facts f;

-- Deleted records are in the bin, each by itself.
insert into deletions (id, entity_type, entity_id, label, counts, actor, created_at)
select gen_random_uuid(), d.kind, d.id, d.label, cast('{"' || d.kind || '":1}' as json), 'the former product', d.deleted_at
from (select 'client' as kind, id, name as label, deleted_at from clients
    union all select 'project', id, code || ' ' || name, deleted_at from projects
    union all select 'timesheet', id, cast(date as text), deleted_at from timesheets
    union all select 'invoice', id, invoice_number, deleted_at from xero_invoices
    union all select 'purchase_order', id, po_number, deleted_at from xero_purchase_orders
    union all select 'quote', id, quote_number, deleted_at from xero_quotes
    union all select 'bill', id, bill_number, deleted_at from xero_bills
    union all select 'expense', id, cast(date as text) || ' ' || coalesce(description, ''), deleted_at from xero_expenses
    union all select 'credit_note', id, credit_note_number, deleted_at from xero_credit_notes
    union all select 'payment', id, cast(payment_date as text), deleted_at from xero_payments) d
where d.deleted_at is not null;
update clients x set deletion_id = d.id from deletions d where d.entity_type = 'client' and d.entity_id = x.id;
update projects x set deletion_id = d.id from deletions d where d.entity_type = 'project' and d.entity_id = x.id;
update timesheets x set deletion_id = d.id from deletions d where d.entity_type = 'timesheet' and d.entity_id = x.id;
update xero_invoices x set deletion_id = d.id from deletions d where d.entity_type = 'invoice' and d.entity_id = x.id;
update xero_purchase_orders x set deletion_id = d.id from deletions d where d.entity_type = 'purchase_order' and d.entity_id = x.id;
update xero_quotes x set deletion_id = d.id from deletions d where d.entity_type = 'quote' and d.entity_id = x.id;
update xero_bills x set deletion_id = d.id from deletions d where d.entity_type = 'bill' and d.entity_id = x.id;
update xero_expenses x set deletion_id = d.id from deletions d where d.entity_type = 'expense' and d.entity_id = x.id;
update xero_credit_notes x set deletion_id = d.id from deletions d where d.entity_type = 'credit_note' and d.entity_id = x.id;
update xero_payments x set deletion_id = d.id from deletions d where d.entity_type = 'payment' and d.entity_id = x.id;

-- New numbers begin above the old ones.
insert into number_series (name, next)
select 'invoice', max(cast(substring(invoice_number from '^INV-([0-9]{1,9})$') as bigint)) + 1 from xero_invoices having max(cast(substring(invoice_number from '^INV-([0-9]{1,9})$') as bigint)) is not null
union all select 'purchase_order', max(cast(substring(po_number from '^PO-([0-9]{1,9})$') as bigint)) + 1 from xero_purchase_orders having max(cast(substring(po_number from '^PO-([0-9]{1,9})$') as bigint)) is not null
union all select 'project-' || substring(code from '^PRJ-([0-9]{4})-[0-9]{1,9}$'), max(cast(substring(code from '^PRJ-[0-9]{4}-([0-9]{1,9})$') as bigint)) + 1
    from projects where code ~ '^PRJ-[0-9]{4}-[0-9]{1,9}$' group by 1;
