insert into users (id, email, email_folded, password_hash, name, role, avatar, is_active, created_at, updated_at)
select id, email, cast(id as text), password_hash, name,
    case when role in ('admin', 'manager', 'user') then role else 'user' end,
    pg_temp.filled(avatar), coalesce(is_active, true),
    coalesce(created_at, updated_at, f.now), coalesce(updated_at, created_at, f.now)
from old_users, upgrade_facts f;
insert into v1.upgrade_oddities (table_name, entity_id, kind, note)
select 'users', id, 'role', 'a role that there is no more: became user'
from old_users where role not in ('admin', 'manager', 'user');
insert into permissions (id, key, label, description, is_system, is_custom, is_active, created_at, updated_at)
select id, key, label, description, false, true, coalesce(is_active, true),
    coalesce(created_at, updated_at, f.now), coalesce(updated_at, created_at, f.now)
from old_permissions, upgrade_facts f
where coalesce(is_custom, false);
