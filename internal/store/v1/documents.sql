-- Bills that the former product imported a second time, as invoices.
create temp table upgrade_bills_twice (invoice_id uuid primary key, bill_id uuid) on commit drop;
insert into upgrade_bills_twice (invoice_id, bill_id)
select distinct on (i.id) i.id, b.id
from old_xero_invoices i join old_xero_bills b
    on pg_temp.real_id(i.xero_invoice_id) = pg_temp.real_id(b.xero_bill_id)
    or (i.client_id is null and pg_temp.real_id(i.xero_invoice_id) is not null
        and pg_temp.filled(i.invoice_number) = pg_temp.filled(b.bill_number) and i.total = b.amount and i.issue_date = b.date)
where not exists (select from old_timesheets t where t.invoice_id = i.id)
order by i.id, b.created_at, b.id;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note, left_out)
select 'xero_invoices', invoice_id, 'bill_twice', 'a bill that was imported a second time as an invoice: it is a bill only', true
from upgrade_bills_twice;
-- One number for each invoice, with what decides about it. The synced ones keep
-- theirs, then the oldest.
create temp table upgrade_invoices on commit drop as
select o.id, pg_temp.real_id(o.xero_invoice_id) as remote,
    case upper(btrim(o.status)) when 'DRAFT' then 'DRAFT' when 'SUBMITTED' then 'SUBMITTED' when 'AUTHORISED' then 'AUTHORISED'
        when 'AUTHORIZED' then 'AUTHORISED' when 'PAID' then 'PAID' when 'VOIDED' then 'VOIDED' when 'VOID' then 'VOIDED'
        when 'CANCELLED' then 'VOIDED' when 'DELETED' then 'DELETED' when 'PARTIALLY_PAID' then 'AUTHORISED'
        when 'SENT' then 'AUTHORISED' when 'OVERDUE' then 'AUTHORISED' when 'APPROVED' then 'AUTHORISED' else 'DRAFT' end as status,
    coalesce(pg_temp.filled(o.invoice_number), case when pg_temp.real_id(o.xero_invoice_id) is null then pg_temp.filled(o.xero_invoice_id) end,
        'NONE-' || left(md5(cast(o.id as text)), 8)) as wanted,
    cast(null as text) as number, coalesce(o.created_at, o.updated_at, f.now) as created_at,
    pg_temp.cents(coalesce(o.total, coalesce(o.amount_due, 0) + coalesce(o.amount_paid, 0))) as total,
    cast(0 as bigint) as paid
from old_xero_invoices o cross join upgrade_facts f
where o.id not in (select invoice_id from upgrade_bills_twice);
-- What the second version wrote as its own id for Xero is Xero's if nobody else bears it.
update upgrade_invoices u set remote = cast(o.xero_sync_id as text)
from old_xero_invoices o
where o.id = u.id and u.remote is null and o.sync_status = 'synced' and pg_temp.real_id(cast(o.xero_sync_id as text)) is not null
    and not exists (select from old_xero_invoices p where lower(p.xero_invoice_id) = cast(o.xero_sync_id as text))
    and not exists (select from old_xero_invoices p where p.xero_sync_id = o.xero_sync_id and p.id <> o.id);
-- One document of Xero under two spellings of its id.
update upgrade_invoices u set remote = null
from (select id, row_number() over (partition by remote order by created_at, id) as place from upgrade_invoices where remote is not null) d
where d.id = u.id and d.place > 1;
update upgrade_invoices u set number = case when d.place = 1 then u.wanted else u.wanted || '-' || left(md5(cast(u.id as text)), 8) end
from (select id, row_number() over (partition by wanted order by remote is null, status in ('VOIDED', 'DELETED'), created_at, id) as place from upgrade_invoices) d
where d.id = u.id;
update upgrade_invoices u set number = u.number || '-' || left(md5(cast(u.id as text)), 6)
from (select id, row_number() over (partition by number order by number <> wanted, created_at, id) as place from upgrade_invoices) d
where d.id = u.id and d.place > 1;
update upgrade_invoices u set paid = case
        when u.status = 'PAID' then u.total
        when o.amount_due is not null and u.status not in ('VOIDED', 'DELETED') and pg_temp.cents(o.amount_due) between 0 and u.total then u.total - pg_temp.cents(o.amount_due)
        else greatest(0, least(u.total, pg_temp.cents(o.amount_paid))) end
from old_xero_invoices o where o.id = u.id;
insert into xero_invoices (id, xero_invoice_id, invoice_number, client_id, project_id, status, currency, issue_date, due_date, reference,
    subtotal_cents, total_tax_cents, total_cents, amount_paid_cents, amount_due_cents, xero_settled_cents, xero_total_cents, last_payment_date,
    sync_status, synced_at, taken_over, created_at, updated_at, deleted_at)
select o.id, u.remote, u.number, o.client_id, o.project_id, u.status,
    case when u.remote is not null then coalesce(nullif(pg_temp.filled(o.currency), 'USD'), f.currency) else f.currency end,
    coalesce(o.issue_date, cast(u.created_at at time zone 'UTC' as date)), o.due_date, pg_temp.filled(o.reference),
    u.total, 0, u.total, u.paid, case when u.status in ('VOIDED', 'DELETED') then 0 else u.total - u.paid end, u.paid,
    case when u.remote is not null then u.total end, coalesce(o.last_payment_date, o.paid_date),
    case when u.remote is not null then cast('synced' as sync_status_enum)
        when u.status not in ('VOIDED', 'DELETED') then cast('pending' as sync_status_enum) end,
    case when u.remote is not null then o.synced_at end,
    u.remote is null and u.status not in ('VOIDED', 'DELETED'),
    u.created_at, coalesce(o.updated_at, u.created_at),
    case when u.status in ('VOIDED', 'DELETED') then coalesce(o.deleted_at, o.updated_at, u.created_at) else o.deleted_at end
from upgrade_invoices u join old_xero_invoices o on o.id = u.id, upgrade_facts f;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_invoices', id, 'number', 'the number was missing or another invoice has it: now ' || number
from upgrade_invoices u where number is distinct from (select pg_temp.filled(o.invoice_number) from old_xero_invoices o where o.id = u.id);
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_invoices', o.id, 'status', 'the status ' || coalesce(o.status, 'nothing') || ' is not one of Xero''s: became ' || u.status
from upgrade_invoices u join old_xero_invoices o on o.id = u.id where o.status is distinct from u.status;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_invoices', u.id, 'taken_over', 'not known to be in Xero: waits until somebody has compared it with Xero, nothing is sent'
from upgrade_invoices u join xero_invoices i on i.id = u.id where i.taken_over;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_invoices', o.id, 'id_twice', 'another invoice bears the same id of Xero: this one is not linked'
from upgrade_invoices u join old_xero_invoices o on o.id = u.id where pg_temp.real_id(o.xero_invoice_id) is not null and u.remote is null;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_invoices', u.id, 'currency', 'said USD, which the former product wrote at every document: it is in ' || i.currency || ' here'
from upgrade_invoices u join old_xero_invoices o on o.id = u.id join xero_invoices i on i.id = u.id
where u.remote is not null and o.currency = 'USD' and i.currency <> 'USD';
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_invoices', u.id, 'due', 'paid and due did not add up to the total: due is now what the total leaves'
from upgrade_invoices u join old_xero_invoices o on o.id = u.id
where u.status not in ('VOIDED', 'DELETED') and u.total - u.paid <> pg_temp.cents(o.amount_due);
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_invoices', u.id, 'supplier', 'an invoice to somebody who is only a supplier, perhaps a bill that was imported as an invoice: look at it'
from upgrade_invoices u join xero_invoices i on i.id = u.id join clients c on c.id = i.client_id
where c.client_type = 'supplier' and u.remote is not null;

create temp table upgrade_orders on commit drop as
select o.id, pg_temp.real_id(o.xero_po_id) as remote,
    case upper(btrim(o.status)) when 'DRAFT' then 'DRAFT' when 'SUBMITTED' then 'SUBMITTED' when 'AUTHORISED' then 'AUTHORISED'
        when 'BILLED' then 'BILLED' when 'CANCELLED' then 'CANCELLED' when 'DELETED' then 'DELETED' when 'VOIDED' then 'DELETED' else 'DRAFT' end as status,
    coalesce(pg_temp.filled(o.po_number), 'NONE-' || left(md5(cast(o.id as text)), 8)) as wanted,
    cast(null as text) as number, coalesce(o.created_at, o.updated_at, f.now) as created_at
from old_xero_purchase_orders o cross join upgrade_facts f;
update upgrade_orders u set remote = cast(o.xero_sync_id as text)
from old_xero_purchase_orders o
where o.id = u.id and u.remote is null and o.sync_status = 'synced' and pg_temp.real_id(cast(o.xero_sync_id as text)) is not null
    and not exists (select from old_xero_purchase_orders p where lower(p.xero_po_id) = cast(o.xero_sync_id as text))
    and not exists (select from old_xero_purchase_orders p where p.xero_sync_id = o.xero_sync_id and p.id <> o.id);
update upgrade_orders u set remote = null
from (select id, row_number() over (partition by remote order by created_at, id) as place from upgrade_orders where remote is not null) d
where d.id = u.id and d.place > 1;
update upgrade_orders u set number = case when d.place = 1 then u.wanted else u.wanted || '-' || left(md5(cast(u.id as text)), 8) end
from (select id, row_number() over (partition by wanted order by remote is null, created_at, id) as place from upgrade_orders) d
where d.id = u.id;
update upgrade_orders u set number = u.number || '-' || left(md5(cast(u.id as text)), 6)
from (select id, row_number() over (partition by number order by number <> wanted, created_at, id) as place from upgrade_orders) d
where d.id = u.id and d.place > 1;
insert into xero_purchase_orders (id, xero_po_id, po_number, supplier_id, project_id, status, date, delivery_date, subtotal_cents, total_tax_cents,
    total_amount_cents, currency, notes, xero_total_cents, sync_status, synced_at, taken_over, created_at, updated_at, deleted_at)
select o.id, u.remote, u.number, o.supplier_id, o.project_id, u.status, o.date, o.delivery_date, pg_temp.cents(o.total_amount), 0,
    pg_temp.cents(o.total_amount), case when u.remote is not null then coalesce(nullif(pg_temp.filled(o.currency), 'USD'), f.currency) else f.currency end,
    o.notes, case when u.remote is not null then pg_temp.cents(o.total_amount) end,
    case when u.remote is not null then cast('synced' as sync_status_enum) when u.status <> 'DELETED' then cast('pending' as sync_status_enum) end,
    case when u.remote is not null then o.synced_at end, u.remote is null and u.status <> 'DELETED', u.created_at, coalesce(o.updated_at, u.created_at),
    case when u.status = 'DELETED' then coalesce(o.deleted_at, o.updated_at, u.created_at) else o.deleted_at end
from upgrade_orders u join old_xero_purchase_orders o on o.id = u.id, upgrade_facts f;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_purchase_orders', id, 'number', 'the number was missing or another order has it: now ' || number
from upgrade_orders u where number is distinct from (select pg_temp.filled(o.po_number) from old_xero_purchase_orders o where o.id = u.id);
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_purchase_orders', id, 'taken_over', 'not known to be in Xero: waits until somebody has compared it with Xero, nothing is sent'
from xero_purchase_orders where taken_over;
-- What is in Xero is updated there by later edits; nothing is under way.
insert into sync_documents (entity_type, entity_id, tenant_id, sync_epoch, revision, synced_revision)
select 'client', id, f.tenant, 1, 1, 1 from clients, upgrade_facts f where sync_status = 'synced'
union all select 'invoice', id, f.tenant, 1, 1, 1 from xero_invoices, upgrade_facts f where sync_status = 'synced'
union all select 'purchase_order', id, f.tenant, 1, 1, 1 from xero_purchase_orders, upgrade_facts f where sync_status = 'synced';

create temp table upgrade_quotes on commit drop as
select o.id, pg_temp.real_id(o.xero_quote_id) as remote,
    case upper(btrim(o.status)) when 'DRAFT' then 'DRAFT' when 'SENT' then 'SENT' when 'ACCEPTED' then 'ACCEPTED' when 'DECLINED' then 'DECLINED'
        when 'INVOICED' then 'INVOICED' when 'CONVERTED' then 'INVOICED' when 'DELETED' then 'DELETED'
        when 'PENDING' then case when pg_temp.real_id(o.xero_quote_id) is null then 'DRAFT' else 'SENT' end else 'DRAFT' end as status,
    coalesce(pg_temp.filled(o.quote_number), case when pg_temp.real_id(o.xero_quote_id) is null then pg_temp.filled(o.xero_quote_id) end,
        'NONE-' || left(md5(cast(o.id as text)), 8)) as wanted,
    cast(null as text) as number, coalesce(o.created_at, o.updated_at, f.now) as created_at
from old_xero_quotes o cross join upgrade_facts f;
update upgrade_quotes u set remote = null
from (select id, row_number() over (partition by remote order by created_at, id) as place from upgrade_quotes where remote is not null) d
where d.id = u.id and d.place > 1;
update upgrade_quotes u set number = case when d.place = 1 then u.wanted else u.wanted || '-' || left(md5(cast(u.id as text)), 8) end
from (select id, row_number() over (partition by wanted order by remote is null, created_at, id) as place from upgrade_quotes) d
where d.id = u.id;
insert into xero_quotes (id, xero_quote_id, quote_number, client_id, project_id, status, currency, issue_date, expiry_date,
    subtotal_cents, total_tax_cents, total_cents, synced_at, created_at, updated_at, deleted_at)
select o.id, u.remote, u.number, o.client_id, o.project_id, u.status,
    case when u.remote is not null then coalesce(nullif(pg_temp.filled(o.currency), 'USD'), f.currency) else f.currency end,
    coalesce(o.issue_date, cast(u.created_at at time zone 'UTC' as date)), o.expiry_date,
    pg_temp.cents(o.total), 0, pg_temp.cents(o.total), o.synced_at, u.created_at, coalesce(o.updated_at, u.created_at),
    case when u.status = 'DELETED' then coalesce(o.deleted_at, o.updated_at, u.created_at) else o.deleted_at end
from upgrade_quotes u join old_xero_quotes o on o.id = u.id, upgrade_facts f;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_quotes', id, 'number', 'the number was missing or another quote has it: now ' || number
from upgrade_quotes u where number is distinct from (select pg_temp.filled(o.quote_number) from old_xero_quotes o where o.id = u.id);
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_quotes', o.id, 'status', 'the status ' || coalesce(o.status, 'nothing') || ' is not one of Xero''s: became ' || u.status
from upgrade_quotes u join old_xero_quotes o on o.id = u.id where o.status is distinct from u.status;

insert into xero_bills (id, xero_bill_id, bill_number, supplier_id, purchase_order_id, project_id, status, currency, date, due_date,
    subtotal_cents, total_tax_cents, amount_cents, amount_paid_cents, amount_due_cents, paid_date, synced_at, created_at, updated_at, deleted_at)
select o.id, case when row_number() over (partition by pg_temp.real_id(o.xero_bill_id) order by o.created_at, o.id) = 1 then pg_temp.real_id(o.xero_bill_id) end,
    coalesce(pg_temp.filled(o.bill_number), 'NONE-' || left(md5(cast(o.id as text)), 8)), o.supplier_id,
    coalesce(o.purchase_order_id, (select p.id from old_xero_purchase_orders p where p.bill_id = o.id order by p.created_at limit 1)), o.project_id,
    s.status, case when pg_temp.real_id(o.xero_bill_id) is not null then coalesce(nullif(pg_temp.filled(o.currency), 'USD'), f.currency) else f.currency end,
    o.date, o.due_date, pg_temp.cents(o.amount), 0, pg_temp.cents(o.amount), p.paid,
    case when s.status in ('VOIDED', 'DELETED') then 0 else pg_temp.cents(o.amount) - p.paid end,
    o.paid_date, o.synced_at, coalesce(o.created_at, o.updated_at, f.now), coalesce(o.updated_at, o.created_at, f.now),
    case when s.status in ('VOIDED', 'DELETED') then coalesce(o.deleted_at, o.updated_at, f.now) else o.deleted_at end
from old_xero_bills o cross join upgrade_facts f
cross join lateral (select case when o.status in ('DRAFT', 'SUBMITTED', 'AUTHORISED', 'PAID', 'VOIDED', 'DELETED') then o.status else 'AUTHORISED' end as status) s
cross join lateral (select case when s.status = 'PAID' then pg_temp.cents(o.amount)
    else greatest(0, least(pg_temp.cents(o.amount), pg_temp.cents(o.amount_paid))) end as paid) p;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_bills', id, 'number', 'the bill had no number'
from old_xero_bills where pg_temp.filled(bill_number) is null;
insert into xero_expenses (id, xero_expense_id, project_id, cost_center_id, status, currency, date, description, amount_cents, tax_cents,
    receipt_url, synced_at, created_at, updated_at, deleted_at)
select o.id, case when row_number() over (partition by pg_temp.real_id(o.xero_expense_id) order by o.created_at, o.id) = 1 then pg_temp.real_id(o.xero_expense_id) end,
    o.project_id, o.cost_center_id, case when o.status in ('DRAFT', 'SUBMITTED', 'APPROVED', 'PAID', 'VOIDED', 'DELETED') then o.status else 'DRAFT' end,
    f.currency, o.date, o.description, pg_temp.cents(o.amount), 0, o.receipt_url, o.synced_at,
    coalesce(o.created_at, o.updated_at, f.now), coalesce(o.updated_at, o.created_at, f.now), o.deleted_at
from old_xero_expenses o cross join upgrade_facts f;
insert into xero_credit_notes (id, xero_credit_note_id, credit_note_number, client_id, invoice_id, status, currency, date, reason,
    subtotal_cents, total_tax_cents, amount_cents, synced_at, created_at, updated_at, deleted_at)
select o.id, case when row_number() over (partition by pg_temp.real_id(o.xero_credit_note_id) order by o.created_at, o.id) = 1 then pg_temp.real_id(o.xero_credit_note_id) end,
    case when row_number() over (partition by n.wanted order by pg_temp.real_id(o.xero_credit_note_id) is null, o.created_at, o.id) = 1 then n.wanted
        else n.wanted || '-' || left(md5(cast(o.id as text)), 8) end,
    i.client_id, i.id, case when o.status in ('DRAFT', 'SUBMITTED', 'AUTHORISED', 'PAID', 'VOIDED', 'DELETED') then o.status else 'AUTHORISED' end,
    coalesce(i.currency, f.currency), o.date, o.reason, pg_temp.cents(o.amount), 0, pg_temp.cents(o.amount), o.synced_at,
    coalesce(o.created_at, o.updated_at, f.now), coalesce(o.updated_at, o.created_at, f.now), o.deleted_at
from old_xero_credit_notes o cross join upgrade_facts f
cross join lateral (select coalesce(pg_temp.filled(o.credit_note_number), 'NONE-' || left(md5(cast(o.id as text)), 8)) as wanted) n
left join xero_invoices i on i.id = o.invoice_id;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_credit_notes', n.id, 'number', 'the number was missing or another credit note has it: now ' || n.credit_note_number
from xero_credit_notes n join old_xero_credit_notes o on o.id = n.id where n.credit_note_number is distinct from pg_temp.filled(o.credit_note_number);
insert into xero_credit_note_lines (id, credit_note_id, position, description, quantity_e4, unit_price_e4, tax_rate_ppm, line_amount_cents, tax_amount_cents)
select gen_random_uuid(), id, 0, coalesce(pg_temp.filled(reason), 'Credit Note'), 10000, amount_cents * 100, 0, amount_cents, 0 from xero_credit_notes;
