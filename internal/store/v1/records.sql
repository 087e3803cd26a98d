insert into clients (id, name, name_folded, contact_name, email, phone, address, location, billing_address, billing_email,
    client_type, status, payment_terms_type, payment_terms_day, notes, search_folded, created_at, updated_at, deleted_at)
select o.id, o.name, '', o.contact_name, o.email, o.phone, o.address, o.location, o.billing_address, o.billing_email,
    case when o.client_type in ('customer', 'supplier', 'both') then o.client_type
        when buys.id is null then 'customer'
        when sells.id is null then 'supplier'
        else 'both' end,
    case when o.status = 'inactive' then 'inactive' else 'active' end,
    'OFFOLLOWINGMONTH', 20, o.notes, '',
    coalesce(o.created_at, o.updated_at, f.now), coalesce(o.updated_at, o.created_at, f.now), o.deleted_at
from old_clients o cross join upgrade_facts f
left join (select supplier_id as id from old_xero_purchase_orders union select supplier_id from old_xero_bills) buys on buys.id = o.id
left join (select client_id as id from old_projects union select client_id from old_timesheets union select client_id from old_xero_invoices) sells on sells.id = o.id;
-- A contact of Xero belongs to one client: to the oldest that is not deleted.
update clients c set xero_contact_id = x.remote, sync_status = 'synced'
from (select o.id, pg_temp.real_id(o.xero_contact_id) as remote,
        row_number() over (partition by pg_temp.real_id(o.xero_contact_id) order by o.deleted_at nulls first, o.created_at, o.id) as place
    from old_clients o where pg_temp.real_id(o.xero_contact_id) is not null) x
where c.id = x.id and x.place = 1;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'clients', o.id, 'contact_shared', 'another client bears the same contact of Xero, this one is not linked any more'
from old_clients o join clients c on c.id = o.id where pg_temp.real_id(o.xero_contact_id) is not null and c.xero_contact_id is null;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'clients', o.id, 'contact_placeholder', 'what stood for the contact of Xero is no id of Xero: not linked'
from old_clients o where pg_temp.filled(o.xero_contact_id) is not null and pg_temp.real_id(o.xero_contact_id) is null;
insert into projects (id, code, name, client_id, status, budget_cents, description, start_date, end_date, search_folded,
    xero_project_id, created_at, updated_at, deleted_at)
select id, code, name, client_id,
    case when status in ('quoted', 'in-progress', 'completed', 'invoiced', 'paid') then status else 'quoted' end,
    pg_temp.cents(budget), description, start_date, end_date, '', pg_temp.filled(xero_project_id),
    coalesce(created_at, updated_at, f.now), coalesce(updated_at, created_at, f.now), deleted_at
from old_projects, upgrade_facts f;
insert into cost_centers (id, code, name, description, budget_cents, xero_tracking_category_id, client_po_number, is_active, created_at, updated_at)
select id, code, name, description, pg_temp.cents(budget), pg_temp.filled(xero_tracking_category_id), pg_temp.filled(client_po_number),
    coalesce(is_active, true), coalesce(created_at, updated_at, f.now), coalesce(updated_at, created_at, f.now)
from old_cost_centers, upgrade_facts f;
insert into project_cost_centers (project_id, cost_center_id)
select distinct project_id, cost_center_id from old_project_cost_centers;
-- Of several activities with one name that nobody has worked under, one is
-- enough. Those that timesheets name all stay.
insert into activity_types (id, name, icon, color, hourly_rate_e4, is_active, created_at, updated_at, deleted_at)
select a.id, a.name, a.icon, a.color, pg_temp.e4(a.hourly_rate), coalesce(a.is_active, true),
    coalesce(a.created_at, a.updated_at, f.now), coalesce(a.updated_at, a.created_at, f.now),
    case when not a.used and a.place > 1 then f.now end
from (select o.*, u.id is not null as used,
        row_number() over (partition by lower(btrim(o.name)) order by u.id is null, coalesce(o.is_active, true) desc, o.updated_at desc nulls last, o.id) as place
    from old_activity_types o
    left join (select distinct activity_type_id as id from old_timesheets) u on u.id = o.id) a, upgrade_facts f;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'activity_types', id, 'duplicate_unused', 'a second activity of the same name under which nobody has worked: deleted'
from activity_types where deleted_at is not null;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'activity_types', a.id, 'duplicate_used', 'activities of the same name that were all worked under: all kept, make one of them inactive'
from activity_types a where a.deleted_at is null
    and exists (select from activity_types b where b.deleted_at is null and b.id <> a.id and lower(btrim(b.name)) = lower(btrim(a.name)));
