#include "config.h"

#include "plan/planner.h"

#include "base/buf.h"

int
swm_plan_schema(swm_str *out, const swm_settings *settings, swm_str name, swm_error *err)
{
	const swm_list *schemas = &settings->db_schemas;

	for (size_t i = 0; i < schemas->count; i++) {
		if (name.len == 0 || swm_str_eq(schemas->items[i], name)) {
			*out = schemas->items[i];
			return SWM_OK;
		}
	}
	return swm_fail(err, SWM_ERR_SCHEMA_NOT_EXPOSED, name);
}

void
swm_plan_hint_schemas(const swm_settings *settings, const swm_snapshot *snapshot, swm_str role,
                      swm_error *err)
{
	const swm_list *schemas = &settings->db_schemas;
	swm_buf hint = SWM_BUF_INIT;

	for (size_t i = 0; i < schemas->count; i++) {
		if (!swm_snapshot_may_use(snapshot, role, schemas->items[i]))
			continue;
		swm_buf_cstr(&hint,
		             hint.len == 0 ? "Only the following schemas are exposed: " : ", ");
		swm_buf_str(&hint, schemas->items[i]);
	}
	if (hint.len > 0)
		swm_error_set_hint(err, swm_buf_view(&hint));
	swm_buf_dispose(&hint);
}

static bool
may_see_all(const swm_plan_node *node, const swm_snapshot *snapshot, swm_str role)
{
	const swm_relation *r = node->relation;
	bool may = r == NULL || r->kind == 'c' || swm_snapshot_may_see(snapshot, role, r);

	for (const swm_plan_node *c = node->children; c != NULL && may; c = c->next)
		may = may_see_all(c, snapshot, role); /* as deep as SWM_DEEPEST_EMBED */
	return may;
}

void
swm_plan_hide_unseen(const swm_plan_node *root, const swm_snapshot *snapshot, swm_str role,
                     swm_error *err)
{
	swm_str code = swm_error_code(err);
	bool names_others = swm_str_eq(code, SWM_STR("42703")) ||
	                    swm_str_eq(code, SWM_STR("42P01"));

	if (names_others && !may_see_all(root, snapshot, role))
		swm_error_drop_advice(err);
}

void
swm_plan_hide_unseen_key(const swm_snapshot *snapshot, swm_str role, swm_error *err)
{
	swm_str constraint = swm_error_constraint(err);

	if (swm_str_eq(swm_error_code(err), SWM_STR("23503")) &&
	    !swm_snapshot_may_see_key(snapshot, role, constraint))
		swm_error_reword(err, SWM_STR("A foreign key constraint is violated"));
}

static int
fail_no_relation(const swm_snapshot *snapshot, swm_str schema, swm_str role, swm_str name,
                 swm_error *err)
{
	int rc = swm_fail(err, SWM_ERR_TABLE_NOT_FOUND, schema, name);
	swm_str near = swm_snapshot_nearest_relation(snapshot, schema, role, name);
	if (near.len > 0)
		swm_error_format_hint(err, "Perhaps you meant the table '%.*s.%.*s'",
		                      SWM_PRINTED(schema), SWM_PRINTED(near));
	return rc;
}

int
swm_plan_relation(const swm_relation **out, const swm_snapshot *snapshot, swm_str schema,
                  swm_str role, swm_str name, swm_error *err)
{
	*out = swm_snapshot_relation(snapshot, schema, name);
	return *out != NULL ? SWM_OK : fail_no_relation(snapshot, schema, role, name, err);
}

int
swm_plan_seen_relation(const swm_relation **out, const swm_snapshot *snapshot, swm_str schema,
                       swm_str role, swm_str name, swm_error *err)
{
	int rc = swm_plan_relation(out, snapshot, schema, role, name, err);

	if (rc != SWM_OK || swm_snapshot_may_see(snapshot, role, *out))
		return rc;
	return fail_no_relation(snapshot, schema, role, name, err);
}

swm_str
swm_plan_called(const swm_planner *p, const swm_plan_node *node)
{
	if (node->parent != NULL)
		return node->target;
	return p->request->function != NULL ? p->request->function->name : p->request->relation;
}

swm_str
swm_plan_told_name(const swm_planner *p, const swm_plan_node *node)
{
	bool may_see = swm_snapshot_may_see(p->snapshot, p->request->role, node->relation);

	return may_see ? node->relation->name : swm_plan_called(p, node);
}

int
swm_plan_fail_not_embedded(swm_planner *p, swm_str name)
{
	int rc = swm_fail(p->err, SWM_ERR_NOT_EMBEDDED, name);

	swm_error_format_hint(p->err,
	                      "Verify that '%.*s' is included in the 'select' query parameter.",
	                      SWM_PRINTED(name));
	return rc;
}

/* An alias takes the place of the relation's name, unless url-use-legacy-target-names has both. */
static int
check_names(swm_planner *p)
{
	const swm_select_item *item = swm_ast_called_by_relation(&p->request->ast->root);

	if (item == NULL || p->settings->url_use_legacy_target_names)
		return SWM_OK;
	int rc = swm_fail(p->err, SWM_ERR_NOT_EMBEDDED, item->relation);
	swm_error_set_details(
		p->err, SWM_STR("Target names are not allowed in filters if they have an alias"));
	swm_error_format_hint(p->err, "Change '%.*s' to '%.*s' in filters, orders or limits.",
	                      SWM_PRINTED(item->relation), SWM_PRINTED(item->alias));
	return rc;
}

int
swm_plan_fail_too_many(swm_planner *p, const char *where, int most, const char *what)
{
	swm_buf number = SWM_BUF_INIT;

	swm_buf_int(&number, most);
	int rc = swm_fail(p->err, SWM_ERR_TOO_MANY, swm_cstr(where), swm_buf_view(&number),
	                  swm_cstr(what));
	swm_buf_dispose(&number);
	return rc;
}

/*
 * Conditions, order and limits of a node and of all that is embedded in it. Of what a write returns
 * the order alone.
 */
static int
plan_levels(swm_planner *p, swm_plan_node *node, const swm_range *range)
{
	swm_plan_condition *where = NULL;
	swm_plan_order *order = NULL;
	bool of_write = p->request->written && node->parent == NULL;
	int rc = of_write ? SWM_OK : swm_plan_conditions(p, node, node->asked->conditions, &where);

	if (rc == SWM_OK)
		rc = swm_plan_order_of(p, node, node->asked->order, &order);
	if (rc == SWM_OK && !of_write)
		rc = swm_plan_range(p, node, node->asked, range);
	node->where = where;
	node->order = order;
	for (swm_plan_node *c = node->children; c != NULL && rc == SWM_OK; c = c->next)
		rc = plan_levels(p, c, NULL); /* as deep as SWM_DEEPEST_EMBED */
	return rc;
}

/* db-max-rows applies to every level, even without a limit in the request. */
static void
cap_rows(const swm_planner *p, swm_plan_node *node)
{
	int64_t most = p->settings->db_max_rows;

	for (; node != NULL; node = node->next) {
		if (most >= 0 && (!node->has_limit || node->limit > most)) {
			node->has_limit = true;
			node->limit = most;
		}
		cap_rows(p, node->children); /* as deep as SWM_DEEPEST_EMBED */
	}
}

/* The function's return type determines the shape of the answer. */
static enum swm_shape
shape_of(const swm_function *f)
{
	if (f->returns_void)
		return SWM_SHAPE_NONE;
	if (f->row == NULL)
		return f->returns_set ? SWM_SHAPE_VALUES : SWM_SHAPE_VALUE;
	return f->returns_set ? SWM_SHAPE_ROWS : SWM_SHAPE_OBJECT;
}

static int
find_relation(swm_planner *p, const swm_relation **out)
{
	const swm_read_request *r = p->request;

	return swm_plan_relation(out, p->snapshot, r->schema, r->role, r->relation, p->err);
}

static int
plan_source(swm_planner *p, swm_read_plan *plan, swm_plan_node *root)
{
	const swm_function *f = p->request->function;

	if (p->request->written) {
		root->source = SWM_SOURCE_WRITTEN;
		root->alias = p->request->relation;
		int rc = find_relation(p, &root->relation);
		return rc == SWM_OK ? swm_plan_root_alias(p, root) : rc;
	}
	if (f == NULL) {
		int rc = find_relation(p, &root->relation);
		return rc == SWM_OK ? swm_plan_root_alias(p, root) : rc;
	}
	plan->shape = shape_of(f);
	root->source = SWM_SOURCE_CALL;
	root->call = p->request->call;
	root->relation = f->row;
	root->alias = f->row != NULL && f->row->kind != 'c' ? f->row->name : f->name;
	return root->relation != NULL ? swm_plan_root_alias(p, root) : SWM_OK;
}

/* A scalar has no relationships. */
static int
refuse_embeds(swm_planner *p, const swm_plan_node *root)
{
	const swm_relation value = { .name = root->alias, .kind = 'c' };
	swm_embed_request request = { .schema = p->request->schema,
		                      .role = p->request->role,
		                      .origin = &value,
		                      .origin_name = root->alias };
	const swm_relationship *none;

	for (const swm_select_item *i = root->asked->select; i != NULL; i = i->next) {
		if (i->kind != SWM_SELECT_RELATION && i->kind != SWM_SELECT_SPREAD)
			continue;
		request.target = i->relation;
		request.hint = i->hint;
		return swm_plan_relationship(&none, p->arena, p->snapshot, &request, p->err);
	}
	return SWM_OK;
}

/* A value has one column, which is called as its function is; PostgREST calls it pgrst_scalar. */
static int
check_value_select(swm_planner *p, const swm_plan_node *root)
{
	for (const swm_select_item *i = root->asked->select; i != NULL; i = i->next) {
		swm_str name = i->field.name;
		if (i->kind != SWM_SELECT_FIELD)
			continue;
		if (swm_str_eq(name, SWM_STR("*"))) /* count() */
			return swm_plan_fail_no_column(p, root->alias, SWM_STR("count"));
		if (!swm_str_eq(name, root->alias) && !swm_str_eq(name, SWM_STR("pgrst_scalar")))
			return swm_plan_fail_no_column(p, root->alias, name);
		if (i->field.path != NULL || i->cast.len > 0 || i->aggregate != SWM_AGGREGATE_NONE)
			return swm_fail(p->err, SWM_ERR_NOT_IMPLEMENTED);
	}
	return SWM_OK;
}

/* The value of a function that returns no row, as the one column of its result. */
static int
plan_value(swm_planner *p, swm_plan_node *root)
{
	swm_plan_output *o = swm_arena_alloc(p->arena, sizeof *o);
	const swm_type *type = p->request->function->returns;

	if (o == NULL)
		return swm_fail_memory(p->err);
	*o = (swm_plan_output){ .key = SWM_STR("pgrst_scalar"),
		                .field.name = root->alias,
		                .form = SWM_FORM_SERVER };
	if (p->request->json && type != NULL && type->casts != NULL &&
	    type->casts->to_json.name.len > 0)
		o->format = &type->casts->to_json;
	if (!p->request->json || p->request->function->returns_void)
		o->form = SWM_FORM_STRING;
	else if (type != NULL && type->is_json && !p->request->strip_nulls)
		o->form = SWM_FORM_JSON;
	root->outputs = o;
	root->output_count = 1;
	int rc = check_value_select(p, root);
	return rc != SWM_OK ? rc : refuse_embeds(p, root);
}

/*
 * An embedded relation may be called films_1, as films on level 1 is: the root then gets another
 * alias, as it is known by its name alone.
 */
static int
part_names(swm_planner *p, swm_plan_node *root)
{
	for (const swm_plan_node *c = root->children; c != NULL; c = c->next)
		if (root->alias.len > 0 && swm_str_eq(c->alias, root->alias))
			return swm_plan_alias(p, root);
	return SWM_OK;
}

static int
plan_root(swm_planner *p, swm_read_plan *plan)
{
	const swm_ast *ast = p->request->ast;
	int rc = plan_source(p, plan, plan->root);

	plan->root->asked = &ast->root;
	if (rc == SWM_OK)
		rc = plan->root->relation == NULL ? plan_value(p, plan->root)
		                                  : swm_plan_outputs(p, plan->root);
	if (rc == SWM_OK)
		rc = part_names(p, plan->root);
	if (rc == SWM_OK && ast->not_embedded.ptr != NULL)
		rc = swm_plan_fail_not_embedded(p, ast->not_embedded);
	if (rc == SWM_OK)
		rc = check_names(p);
	if (rc == SWM_OK)
		rc = plan_levels(p, plan->root, p->request->range);
	plan->uncut = p->request->uncut;
	if (rc == SWM_OK && p->request->by_key)
		rc = swm_plan_key_order(p, plan->root, &plan->by_key);
	return rc != SWM_OK ? rc : swm_plan_position(p, plan->root);
}

/*
 * A handler that takes whole rows finds their values by name, so PostgreSQL must not truncate the
 * names.
 */
static int
check_made_names(swm_planner *p, const swm_read_plan *plan)
{
	bool handled = plan->made == SWM_MADE_HANDLED && plan->handler->relation_oid == 0;
	size_t count = handled || plan->made == SWM_MADE_FEATURES ? plan->root->output_count : 0;

	for (size_t i = 0; i < count; i++)
		if (plan->root->outputs[i].key.len > SWM_LONGEST_NAME)
			return swm_plan_fail_too_many(p, "select parameter", SWM_LONGEST_NAME,
			                              "bytes in a name of this media type");
	return SWM_OK;
}

static void
plan_made(swm_planner *p, swm_read_plan *plan)
{
	const swm_read_request *request = p->request;
	const swm_type *type = request->handler != NULL ? request->handler->type :
	                       request->function != NULL ? request->function->returns : NULL;

	plan->made = request->made;
	plan->handler = request->handler;
	plan->features_schema = swm_snapshot_geojson_schema(p->snapshot);
	plan->is_bytea = type != NULL && type->base_oid == SWM_OID_BYTEA;
	if (plan->made == SWM_MADE_HANDLED) {
		plan->settings_columns = false;
		p->runs_user_code = true;
	}
}

int
swm_plan_read(swm_read_plan **out, swm_arena *arena, const swm_snapshot *snapshot,
              const swm_settings *settings, const swm_read_request *request, swm_error *err)
{
	swm_planner p = { .arena = arena,
		          .snapshot = snapshot,
		          .settings = settings,
		          .request = request,
		          .err = err };
	swm_read_plan *plan = swm_arena_alloc(arena, sizeof *plan);

	if (plan == NULL || (plan->root = swm_arena_alloc(arena, sizeof *plan->root)) == NULL)
		return swm_fail_memory(err);
	int rc = plan_root(&p, plan);
	if (rc != SWM_OK)
		return rc;
	if (!request->written) /* db-max-rows never cuts what a write returns */
		cap_rows(&p, plan->root);
	rc = swm_plan_place_of(&p, plan->root, &plan->place);
	if (rc != SWM_OK)
		return rc;
	plan->strip_nulls = request->strip_nulls;
	plan->settings_columns = plan->shape == SWM_SHAPE_VALUES ||
	                         (plan->shape == SWM_SHAPE_ROWS && request->function != NULL);
	plan_made(&p, plan);
	plan->runs_user_code = p.runs_user_code || request->function != NULL ||
	                       plan->root->relation->runs_user_code ||
	                       swm_snapshot_has_user_operators(snapshot);
	plan->unknown_names = p.unknown_names;
	*out = plan;
	return check_made_names(&p, plan);
}
