#include "config.h"

#include "schema/load.h"

int
swm_load_schema_grants(struct swm_load *load, const PGresult *rows)
{
	swm_snapshot *s = load->snapshot;
	size_t count = (size_t)PQntuples(rows);
	swm_grant *entries = swm_load_array(load, count, sizeof *entries);

	s->schema_grants = swm_load_array(load, count, sizeof *s->schema_grants);
	if (load->no_memory)
		return SWM_ENOMEM;
	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		for (int i = row; i < end; i++) {
			entries[i] = (swm_grant){ swm_load_oid(rows, i, 1), SWM_MAY_USE };
			swm_load_add_oid(load, SWM_PARAM_GRANTEES, entries[i].grantee);
		}
		s->schema_grants[s->schema_grant_count++] =
		    (swm_schema_grants){ swm_load_schema_name(load, swm_load_cell(rows, row, 0)),
			                 { entries + row, (size_t)(end - row) } };
	}
	return SWM_OK;
}

int
swm_load_roles(struct swm_load *load, const PGresult *rows)
{
	swm_snapshot *s = load->snapshot;
	size_t count = (size_t)PQntuples(rows);

	s->roles = swm_load_array(load, count, sizeof *s->roles);
	s->rights = swm_load_array(load, count, sizeof *s->rights);
	load->role_oids = swm_arena_array(load->scratch, count, sizeof *load->role_oids);
	if (load->no_memory || load->role_oids == NULL ||
	    !swm_index_init(&s->roles_by_name, load->arena, count))
		return SWM_ENOMEM;
	s->role_count = count;
	for (size_t i = 0; i < count; i++) {
		load->role_oids[i] = swm_load_oid(rows, (int)i, 0);
		s->roles[i].name = swm_load_text(load, rows, (int)i, 1);
		s->roles[i].isolation = SWM_STR("");
		s->rights[i].is_superuser = swm_load_bool(rows, (int)i, 2);
		s->rights[i].iso_dates = s->iso_dates;
		swm_index_put(&s->roles_by_name, swm_index_hash_name(SWM_STR(""), s->roles[i].name),
		              i);
	}
	return SWM_OK;
}

/*
 * Moves *role on to the role of the row's first cell: both are sorted by oid. False when it is not
 * there.
 */
static bool
find_role(const struct swm_load *load, const PGresult *rows, int row, size_t *role)
{
	uint32_t oid = swm_load_oid(rows, row, 0);

	while (*role < load->snapshot->role_count && load->role_oids[*role] < oid)
		++*role;
	return *role < load->snapshot->role_count && load->role_oids[*role] == oid;
}

int
swm_load_role_rights(struct swm_load *load, const PGresult *rows)
{
	uint32_t *grantees = swm_load_array(load, (size_t)PQntuples(rows), sizeof *grantees);
	size_t role = 0;

	if (grantees == NULL)
		return SWM_ENOMEM;
	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		if (!find_role(load, rows, row, &role))
			continue;
		swm_rights *rights = &load->snapshot->rights[role];
		for (int i = row; i < end; i++) {
			grantees[i] = swm_load_oid(rows, i, 1);
			rights->everywhere |= (uint32_t)swm_load_number(rows, i, 2);
		}
		rights->grantees = grantees + row;
		rights->grantee_count = (size_t)(end - row);
	}
	return SWM_OK;
}

/* True for a setting that is stored separately. DateStyle is noted, and stays a setting. */
static bool
keep_apart(struct swm_load *load, size_t role, swm_str name, swm_str value)
{
	if (swm_str_caseeq(name, SWM_STR("DateStyle")))
		load->snapshot->rights[role].iso_dates =
			swm_snapshot_datestyle_is_iso(value, load->snapshot->iso_dates);
	if (!swm_str_caseeq(name, SWM_STR("default_transaction_isolation")))
		return false;
	load->snapshot->roles[role].isolation = value;
	return true;
}

int
swm_load_role_settings(struct swm_load *load, const PGresult *rows)
{
	size_t count = (size_t)PQntuples(rows), role = 0;
	swm_str *names = swm_load_array(load, count, sizeof *names);
	swm_str *values = swm_load_array(load, count, sizeof *values);

	if (load->no_memory)
		return SWM_ENOMEM;
	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		if (!find_role(load, rows, row, &role))
			continue;
		size_t kept = 0;
		for (int i = row; i < end; i++) {
			swm_str name = swm_load_text(load, rows, i, 1),
				value = swm_load_text(load, rows, i, 2);
			if (keep_apart(load, role, name, value))
				continue;
			names[row + (int)kept] = name;
			values[row + (int)kept++] = value;
		}
		load->snapshot->roles[role].setting_names = names + row;
		load->snapshot->roles[role].setting_values = values + row;
		load->snapshot->roles[role].setting_count = kept;
	}
	return SWM_OK;
}
