/* Checks that objects named in the settings exist in the database. */
#include "config.h"

#include "schema/check.h"

/* Begins "swm.conf:3: db-anon-role names the role "x", ". */
static swm_buf *
complain(struct swm_problems *problems, const swm_settings *settings, enum swm_option_id id,
         const char *kind, swm_str name)
{
	swm_buf *to = swm_problem(problems, (struct swm_origin){ { NULL, 0 }, 0 });

	swm_buf_str(to, swm_settings_place(settings, id));
	swm_buf_printf(to, "%s names the %s \"%.*s\", ", swm_options[id].name, kind, (int)name.len,
	               name.ptr);
	return to;
}

static bool
has_schema(const swm_snapshot *snapshot, swm_str name)
{
	for (size_t i = 0; i < snapshot->comment_count; i++)
		if (swm_str_eq(snapshot->comments[i].schema, name))
			return true;
	return false;
}

void
swm_check_schemas(struct swm_problems *problems, const swm_snapshot *snapshot,
                  const swm_settings *settings)
{
	for (size_t i = 0; i < settings->db_schemas.count; i++) {
		swm_str name = settings->db_schemas.items[i];
		if (!has_schema(snapshot, name))
			swm_buf_cstr(
			    complain(problems, settings, SWM_OPTION_ID_db_schemas, "schema", name),
			    "which is not in the database");
	}
}

/* A database may well be without "public", the default; "$user" is PostgreSQL's own. */
static void
check_search_path(struct swm_problems *problems, const swm_snapshot *snapshot,
                  const swm_settings *settings)
{
	for (size_t i = 0; i < settings->db_extra_search_path.count; i++) {
		swm_str name = settings->db_extra_search_path.items[i];
		bool found = swm_str_eq(name, SWM_STR("public")) ||
		             swm_str_eq(name, SWM_STR("$user"));
		for (size_t k = 0; k < snapshot->extra_schema_count && !found; k++)
			found = swm_str_eq(snapshot->extra_schemas[k], name);
		if (!found)
			swm_buf_cstr(complain(problems, settings,
			                      SWM_OPTION_ID_db_extra_search_path, "schema", name),
			             "which is not in the database");
	}
}

static void
check_anonymous_role(struct swm_problems *problems, const swm_snapshot *snapshot,
                     const swm_settings *settings)
{
	swm_str role = settings->db_anon_role;

	if (role.len == 0 || swm_snapshot_role(snapshot, role) != NULL)
		return;
	swm_buf_cstr(complain(problems, settings, SWM_OPTION_ID_db_anon_role, "role", role),
	             snapshot->has_anonymous_role
	                 ? "which the role of db-uri may not take: it must be granted to it"
	                 : "which is not in the database");
}

/* As a request for the root finds it: by its name in the schema that the request is for. */
static bool
has_root_spec(const swm_snapshot *snapshot, const swm_settings *settings)
{
	size_t count;

	for (size_t i = 0; i < settings->db_schemas.count; i++)
		if (swm_snapshot_functions(snapshot, settings->db_schemas.items[i],
		                           settings->db_root_spec, &count) != NULL)
			return true;
	return false;
}

void
swm_check_names(struct swm_problems *problems, const swm_snapshot *snapshot,
                const swm_settings *settings)
{
	check_search_path(problems, snapshot, settings);
	check_anonymous_role(problems, snapshot, settings);
	if (settings->db_pre_request.len > 0 && !snapshot->has_pre_request)
		swm_buf_cstr(complain(problems, settings, SWM_OPTION_ID_db_pre_request, "function",
		                      settings->db_pre_request),
		             "which is not in the database, or not without arguments");
	if (settings->db_root_spec.len > 0 && !has_root_spec(snapshot, settings))
		swm_buf_cstr(complain(problems, settings, SWM_OPTION_ID_db_root_spec, "function",
		                      settings->db_root_spec),
		             "which is in none of db-schemas");
	if (settings->db_idempotency_table.len > 0 && !snapshot->has_idempotency_table)
		swm_buf_cstr(complain(problems, settings, SWM_OPTION_ID_db_idempotency_table,
		                      "table", settings->db_idempotency_table),
		             "which is not in the database");
}
