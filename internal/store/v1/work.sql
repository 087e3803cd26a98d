-- An entry without hours, or with negative ones, cannot be work here.
insert into v1.upgrade_oddities (table_name, entity_id, kind, note, left_out)
select 'timesheets', id, 'hours', 'hours of ' || hours || ' are no work', true
from old_timesheets where hours <= 0;
-- Billed work keeps the price that the invoice shows for its activity.
create temp table upgrade_prices on commit drop as
select distinct on (t.id) t.id, l.id as line_id, l.unit_price_e4
from old_timesheets t join xero_invoices i on i.id = t.invoice_id
left join old_activity_types a on a.id = t.activity_type_id
join xero_invoice_lines l on l.invoice_id = i.id
    and (l.description = coalesce(a.name, 'Other') or starts_with(l.description, coalesce(a.name, 'Other') || ' - '))
where l.unit_price_e4 >= 0
order by t.id, l.position;
create unique index on upgrade_prices (id);
insert into timesheets (id, user_id, project_id, client_id, activity_type_id, cost_center_id, date, hours_e4, hourly_rate_e4, cost_rate_e4,
    notes, location, image_urls, cloud_image_urls, billing_status, invoice_id, invoice_line_id, sync_status, hold_reason, xero_timesheet_id,
    created_at, updated_at, deleted_at)
select o.id, o.user_id, o.project_id, o.client_id, o.activity_type_id, o.cost_center_id, o.date, pg_temp.e4(o.hours),
    r.rate, r.rate, o.notes, o.location,
    coalesce(array_to_json(o.image_urls), '[]'), coalesce(array_to_json(o.cloud_image_urls), '[]'),
    case when b.stays is null then 'unbilled' when i.status = 'PAID' or o.billing_status = 'paid' and i.amount_due_cents = 0 then 'paid' else 'billed' end,
    b.stays, case when b.stays is not null then p.line_id end,
    case when b.stays is not null then i.sync_status end,
    case when b.stays is null and i.id is not null then 'Its invoice ' || i.invoice_number || ' was voided or deleted in the former product: look before you invoice it again'
        when b.stays is null and o.billing_status in ('billed', 'paid') then 'It was billed in the former product, whose invoice is gone: look before you invoice it again' end,
    pg_temp.filled(o.xero_timesheet_id), coalesce(o.created_at, o.updated_at, f.now), coalesce(o.updated_at, o.created_at, f.now), o.deleted_at
from old_timesheets o cross join upgrade_facts f
left join xero_invoices i on i.id = o.invoice_id
left join upgrade_prices p on p.id = o.id
left join old_activity_types a on a.id = o.activity_type_id
cross join lateral (select case when i.deleted_at is null then i.id end as stays) b
cross join lateral (select coalesce(case when b.stays is not null then p.unit_price_e4 end, greatest(0, pg_temp.e4(a.hourly_rate))) as rate) r
where o.hours > 0;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'timesheets', id, 'billed_without_invoice', 'billed by an invoice that is gone, voided or deleted: held back until somebody has looked'
from timesheets where hold_reason is not null;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'timesheets', o.id, 'unbilled_with_invoice', 'called unbilled although an invoice bills it: billed'
from old_timesheets o join timesheets t on t.id = o.id
where coalesce(o.billing_status, 'unbilled') = 'unbilled' and t.billing_status <> 'unbilled';
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'timesheets', t.id, 'rate', 'billed, and its invoice does not show at what rate: it got the rate that its activity has today'
from timesheets t where t.invoice_id is not null and t.invoice_line_id is null;

insert into v1.upgrade_oddities (table_name, entity_id, kind, note, left_out)
select 'xero_payments', id, 'amount', 'an amount of ' || amount || ' is no payment', true
from old_xero_payments where pg_temp.cents(amount) <= 0;
insert into xero_payments (id, xero_payment_id, invoice_id, bill_id, amount_cents, payment_date, payment_method, reference, account_code, currency,
    exchange_rate_e4, synced_at, created_at, updated_at, deleted_at)
select o.id, case when row_number() over (partition by pg_temp.real_id(o.xero_payment_id) order by o.created_at, o.id) = 1 then pg_temp.real_id(o.xero_payment_id) end,
    i.id, twice.bill_id, pg_temp.cents(o.amount), o.payment_date, m.method, o.reference, pg_temp.filled(o.account_code),
    case when pg_temp.real_id(o.xero_payment_id) is not null then coalesce(nullif(pg_temp.filled(o.currency), 'USD'), f.currency) else coalesce(i.currency, f.currency) end,
    coalesce(nullif(pg_temp.e4(o.exchange_rate), 0), 10000), o.synced_at,
    coalesce(o.created_at, o.updated_at, f.now), coalesce(o.updated_at, o.created_at, f.now), o.deleted_at
from old_xero_payments o cross join upgrade_facts f
left join xero_invoices i on i.id = o.invoice_id
left join upgrade_bills_twice twice on twice.invoice_id = o.invoice_id
cross join lateral (select case regexp_replace(upper(coalesce(o.payment_method, '')), '[^A-Z]+', '_', 'g')
    when 'CASH' then 'CASH' when 'CHECK' then 'CHECK' when 'CHEQUE' then 'CHECK' when 'CREDIT_CARD' then 'CREDIT_CARD' when 'CARD' then 'CREDIT_CARD'
    when 'CREDITCARD' then 'CREDIT_CARD' when 'DEBIT_CARD' then 'CREDIT_CARD' when 'EFTPOS' then 'CREDIT_CARD' when 'ONLINE' then 'ONLINE'
    when 'STRIPE' then 'ONLINE' when 'PAYPAL' then 'ONLINE' else 'BANK_TRANSFER' end as method) m
where pg_temp.cents(o.amount) > 0;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_payments', p.id, 'method', 'the method ' || coalesce(o.payment_method, 'nothing') || ' became ' || p.payment_method
from xero_payments p join old_xero_payments o on o.id = p.id where o.payment_method is distinct from p.payment_method;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'xero_payments', id, 'no_document', 'the payment belongs to no invoice and no bill'
from xero_payments where invoice_id is null and bill_id is null;
