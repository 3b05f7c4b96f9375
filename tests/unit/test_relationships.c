/*
 * Relationships: found in a schema like that of PostgREST's documentation
 * (references/api/resource_embedding.rst) with views of every sort, and chosen by the
 * names of a select list. The texts of errors are those of its references/errors.rst.
 */
#include "config.h"

#include "plan/plan.h"
#include "schema/snapshot.h"

#include "database.h"
#include "unit.h"

static const char *const tables_sql =
	"DROP SCHEMA IF EXISTS rel, rel_private, rel_ext, rel_other, rel_none, rel_many CASCADE;"
	"CREATE SCHEMA rel; CREATE SCHEMA rel_private; CREATE SCHEMA rel_ext; CREATE SCHEMA rel_other;"
	"SET search_path = rel;"
	"CREATE TABLE actors (id int PRIMARY KEY, first_name text, last_name text);"
	"CREATE TABLE directors (id int PRIMARY KEY, first_name text, last_name text);"
	"CREATE TABLE films (id int PRIMARY KEY, director_id int CONSTRAINT film_director REFERENCES directors,"
	" title text, year int);"
	"CREATE TABLE technical_specs (film_id int PRIMARY KEY REFERENCES films, camera text);"
	"CREATE TABLE posters (id int PRIMARY KEY, film_id int UNIQUE REFERENCES films);"
	"CREATE TABLE roles (film_id int REFERENCES films, actor_id int REFERENCES actors, character text,"
	" PRIMARY KEY (film_id, actor_id));"
	"CREATE TABLE competitions (id int PRIMARY KEY, name text);"
	"CREATE TABLE nominations (competition_id int REFERENCES competitions, film_id int REFERENCES films, rank int,"
	" extra int, PRIMARY KEY (extra, competition_id, film_id));"
	"CREATE TABLE loose (film_id int REFERENCES films, competition_id int REFERENCES competitions);" /* no key */
	"CREATE TABLE addresses (id int PRIMARY KEY, name text);"
	"CREATE TABLE orders (id int PRIMARY KEY, billing_address_id int CONSTRAINT billing REFERENCES addresses,"
	" shipping_address_id int CONSTRAINT shipping REFERENCES addresses);"
	"CREATE TABLE employees (id int PRIMARY KEY, supervisor_id int REFERENCES employees, deputy_id int REFERENCES employees);"
	"CREATE TABLE presidents (id int PRIMARY KEY, predecessor_id int UNIQUE REFERENCES presidents);"
	"CREATE TABLE users (id int PRIMARY KEY, name text);"
	"CREATE TABLE projects (id int, region text, PRIMARY KEY (id, region));"
	"CREATE TABLE members (user_id int REFERENCES users, project_id int, region text,"
	" CONSTRAINT in_project FOREIGN KEY (region, project_id) REFERENCES projects (region, id),"
	" PRIMARY KEY (user_id, project_id, region));"
	"CREATE TABLE watchers (user_id int REFERENCES users, project_id int, region text,"
	" FOREIGN KEY (project_id, region) REFERENCES projects, PRIMARY KEY (user_id, project_id, region));"
	"CREATE TABLE box_office (bo_date date, film_id int REFERENCES films, PRIMARY KEY (bo_date, film_id))"
	" PARTITION BY RANGE (bo_date);"
	"CREATE TABLE box_office_2021 PARTITION OF box_office FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');"
	"CREATE TABLE alone (id int); CREATE TABLE nothing ();"
	"CREATE TABLE rel_private.secrets (id int PRIMARY KEY);"
	"CREATE TABLE keeper (id int PRIMARY KEY, secret_id int REFERENCES rel_private.secrets);";

static const char *const views_sql =
	"SET search_path = rel;"
	"CREATE VIEW nominations_view AS SELECT f.title AS film_title, c.name AS competition_name, n.rank,"
	" n.film_id AS nominations_film_id, f.id AS film_id FROM nominations n JOIN films f ON f.id = n.film_id"
	" JOIN competitions c ON c.id = n.competition_id;"
	"CREATE MATERIALIZED VIEW films_mat AS SELECT id, director_id FROM films;"
	"CREATE VIEW with_view AS WITH w AS (SELECT id AS key, director_id FROM films)"
	" SELECT x.director_id AS \"odd :resorigtbl\", x.key AS \":resno (\" FROM w x CROSS JOIN (SELECT 1 AS one) o;"
	"CREATE VIEW sub_view AS SELECT s.* FROM (SELECT director_id AS d FROM (SELECT * FROM films LIMIT 5) i) s;"
	"CREATE VIEW using_view AS SELECT * FROM roles JOIN (SELECT id AS actor_id FROM actors) a USING (actor_id);"
	"CREATE VIEW union_view AS SELECT id, director_id FROM films UNION SELECT id, director_id FROM films;"
	"CREATE VIEW expression_view AS SELECT id + 0 AS id, max(director_id) AS director_id FROM films GROUP BY films.id;"
	"CREATE VIEW twice_view AS SELECT id AS b, id AS a FROM directors;"
	"CREATE VIEW half_view AS SELECT project_id FROM members;"
	"CREATE VIEW roles_view AS SELECT actor_id AS actor, film_id AS film FROM roles;"
	"CREATE DOMAIN film_id AS int;"
	"CREATE VIEW cast_view AS SELECT id::film_id AS id, director_id::bigint AS director, title::text FROM films;"
	"CREATE VIEW deep_cast_view AS WITH w AS (SELECT s.id::int8 AS k FROM (SELECT f.id FROM films f JOIN directors d"
	" ON d.id = f.director_id) s) SELECT w.k::film_id AS key FROM w;"
	"CREATE VIEW on_cast_view AS SELECT id AS film, director FROM cast_view;"
	"CREATE VIEW both_view AS SELECT id::bigint AS big, id FROM directors;"
	"CREATE VIEW lossy_view AS SELECT id::text AS id, director_id::numeric AS director_id FROM films;"
	"CREATE VIEW outer_view AS WITH w AS (SELECT id::bigint AS id FROM films)"
	" SELECT s.id FROM (SELECT id FROM w) s;"
	"CREATE VIEW lateral_view AS SELECT l.key FROM films f, LATERAL (SELECT f.id::bigint AS key) l;"
	"CREATE VIEW recursive_view AS WITH RECURSIVE w (n) AS (SELECT id::bigint FROM films UNION ALL SELECT n FROM w)"
	" SELECT n AS id FROM w;"
	"CREATE VIEW system_view AS SELECT ctid AS place, tableoid AS tab, id FROM films;"
	"CREATE VIEW catalog_view AS SELECT oid, relname FROM pg_class;"
	"CREATE VIEW values_view (\"a'}) :targetList (\") AS VALUES (1);"
	"CREATE VIEW nothing_view AS SELECT FROM films;"
	"CREATE TABLE rel_private.authors (gone int, id int PRIMARY KEY, name text); ALTER TABLE rel_private.authors DROP gone;"
	"CREATE TABLE rel_private.books (id int PRIMARY KEY, author_id int REFERENCES rel_private.authors);"
	"CREATE TABLE rel_private.covers (book_id int UNIQUE REFERENCES rel_private.books, picture text);"
	"CREATE VIEW rel_private.inner_books AS SELECT author_id AS writer, id FROM rel_private.books;"
	"CREATE VIEW rel_private.more_books AS SELECT id, writer FROM rel_private.inner_books;"
	"CREATE VIEW books AS SELECT writer, id AS number FROM rel_private.more_books;"
	"CREATE VIEW authors AS SELECT * FROM rel_private.authors;"
	"CREATE VIEW covers AS SELECT * FROM rel_private.covers;"
	"CREATE VIEW circle1 AS SELECT id, director_id FROM films; CREATE VIEW circle2 AS SELECT * FROM circle1;"
	"CREATE OR REPLACE VIEW circle1 AS SELECT id, director_id FROM circle2;"
	"CREATE VIEW posters_view AS SELECT film_id AS film, id AS number FROM posters WHERE id > 3 ORDER BY film_id;"
	"CREATE VIEW posters_on_view AS SELECT number FROM posters_view;"
	"CREATE VIEW distinct_view AS SELECT DISTINCT id FROM films;"
	"CREATE VIEW trigger_view AS SELECT f.id FROM films f, roles;"
	"CREATE FUNCTION rel_private.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';"
	"CREATE TRIGGER d INSTEAD OF DELETE ON trigger_view FOR EACH ROW EXECUTE FUNCTION rel_private.nothing();"
	"CREATE VIEW rel_other.films AS SELECT * FROM rel.films; CREATE VIEW rel_other.actors AS SELECT * FROM rel.actors;"
	"CREATE VIEW rel_other.directors AS SELECT * FROM rel.directors;";

static const char *const functions_sql =
	"SET search_path = rel;"
	"CREATE TABLE premieres (id int, film_id int);"
	"CREATE FUNCTION film(premieres) RETURNS SETOF films ROWS 1 STABLE LANGUAGE sql AS 'SELECT * FROM rel.films WHERE id = $1.film_id';"
	"CREATE FUNCTION premieres(films) RETURNS SETOF premieres STABLE LANGUAGE sql AS 'SELECT * FROM rel.premieres WHERE film_id = $1.id';"
	"CREATE FUNCTION competitions(films) RETURNS SETOF competitions STABLE LANGUAGE sql AS 'SELECT * FROM rel.competitions';"
	"CREATE FUNCTION one_actor(films) RETURNS actors STABLE LANGUAGE sql AS 'SELECT * FROM rel.actors';"
	"CREATE FUNCTION rel_ext.fans(films) RETURNS SETOF users STABLE LANGUAGE sql AS 'SELECT * FROM rel.users';"
	"CREATE FUNCTION rel_ext.film(premieres) RETURNS SETOF users STABLE LANGUAGE sql AS 'SELECT * FROM rel.users';"
	"CREATE FUNCTION hidden(films) RETURNS SETOF rel_private.books STABLE LANGUAGE sql AS 'SELECT * FROM rel_private.books';"
	"CREATE FUNCTION supervisees(employees) RETURNS SETOF employees STABLE LANGUAGE sql AS 'SELECT * FROM rel.employees';"
	"CREATE FUNCTION label(films) RETURNS text LANGUAGE sql AS $$SELECT 'a'$$;";

static swm_snapshot *snapshot;
static swm_arena *arena;
static PGconn *admin;

static swm_snapshot *
load(void)
{
	const swm_settings *settings =
		database_settings(database_uri(), "db-schemas", "rel, rel_other", "db-extra-search-path", "rel_ext", (char *)NULL);
	swm_snapshot *loaded = NULL;
	swm_error *err = swm_error_new();

	int rc = swm_snapshot_load(&loaded, admin, settings, err);
	ck_assert_msg(rc == SWM_OK, "%d: %.*s", rc, (int)swm_error_message(err).len, swm_error_message(err).ptr);
	swm_settings_unref(settings);
	swm_error_free(err);
	return loaded;
}

static void
set_up(void)
{
	admin = database_admin();
	database_do(admin, tables_sql);
	database_do(admin, views_sql);
	database_do(admin, functions_sql);
	snapshot = load();
	arena = swm_arena_new();
}

static void
tear_down(void)
{
	swm_arena_free(arena);
	swm_snapshot_unref(snapshot);
	database_do(admin, "DROP SCHEMA rel, rel_private, rel_ext, rel_other CASCADE");
	PQfinish(admin);
}

static const swm_relation *
relation(const char *name)
{
	const swm_relation *r = swm_snapshot_relation(snapshot, SWM_STR("rel"), swm_cstr(name));
	ck_assert_msg(r != NULL, "no relation %s", name);
	return r;
}

/* --- what is said of a relationship ------------------------------------ */

static void
put_columns(swm_buf *to, const swm_relation *r, const uint16_t *columns, size_t count)
{
	swm_buf_str(to, r->name);
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_lt(columns[i], r->column_count);
		swm_buf_cstr(to, i == 0 ? "(" : ",");
		swm_buf_str(to, r->columns[columns[i]].name);
	}
	swm_buf_char(to, ')');
}

/* "one-to-many a(b) c(d)", or the like with the junction in the middle, or the function. */
static void
put(swm_buf *to, const swm_relationship *r)
{
	static const char *const names[] = {
		[SWM_MANY_TO_ONE] = "many-to-one ", [SWM_ONE_TO_MANY] = "one-to-many ", [SWM_ONE_TO_ONE] = "one-to-one ",
		[SWM_MANY_TO_MANY] = "many-to-many ",
	};
	const swm_foreign_key *one = r->junction_origin, *two = r->junction_target;

	swm_buf_cstr(to, names[r->cardinality]);
	if (r->computed != NULL) {
		swm_buf_printf(to, "%.*s.%.*s %.*s", (int)r->computed->schema.len, r->computed->schema.ptr,
		               (int)r->computed->name.len, r->computed->name.ptr, (int)r->target->name.len,
		               r->target->name.ptr);
	} else if (r->junction != NULL) {
		ck_assert_uint_eq(one->relation_oid, r->junction->oid);
		ck_assert_uint_eq(two->target_oid, r->target->oid);
		put_columns(to, r->origin, one->target_columns, one->count);
		swm_buf_char(to, ' ');
		put_columns(to, r->junction, one->columns, one->count);
		swm_buf_char(to, ' ');
		put_columns(to, r->junction, two->columns, two->count);
		swm_buf_char(to, ' ');
		put_columns(to, r->target, two->target_columns, two->count);
	} else {
		put_columns(to, r->origin, r->origin_columns, r->count);
		swm_buf_char(to, ' ');
		put_columns(to, r->target, r->target_columns, r->count);
	}
}

/* What a role that may see everything finds. */
static int
find(const swm_relationship **out, const char *schema, const swm_relation *origin, const char *target, const char *hint,
     swm_error *err)
{
	const swm_embed_request request = { .schema = swm_cstr(schema), .role = swm_cstr(PQuser(admin)), .origin = origin,
		.origin_name = origin->name, .target = swm_cstr(target), .hint = swm_cstr(hint) };

	return swm_plan_relationship(out, arena, snapshot, &request, err);
}

/* Asks for origin?select=target!hint(*) and says what came of it: a relationship, or the error's code and hint. */
static void
ask(swm_buf *answer, const swm_relation *origin, const char *target, const char *hint)
{
	const swm_relationship *r;
	swm_error *err = swm_error_new();
	int rc = find(&r, "rel", origin, target, hint, err);

	swm_buf_clear(answer);
	if (rc == SWM_OK)
		put(answer, r);
	else
		swm_buf_printf(answer, "%.*s %.*s", (int)swm_error_code(err).len, swm_error_code(err).ptr,
		               (int)swm_error_hint(err).len, swm_error_hint(err).ptr);
	swm_error_free(err);
}

struct question {
	const char *origin, *target, *hint, *answer;
};

static void
check(const struct question *questions, size_t count)
{
	swm_buf answer = SWM_BUF_INIT;

	for (size_t i = 0; i < count; i++) {
		const struct question *q = &questions[i];
		ask(&answer, relation(q->origin), q->target, q->hint);
		ck_assert_msg(strcmp(swm_buf_text(&answer), q->answer) == 0, "%s?select=%s!%s is %s", q->origin, q->target,
		              q->hint == NULL ? "" : q->hint, swm_buf_text(&answer));
	}
	swm_buf_dispose(&answer);
}

#define check_all(questions) check(questions, sizeof(questions) / sizeof *(questions))

/* --- tables ------------------------------------------------------------ */

START_TEST(between_tables)
{
	static const struct question questions[] = {
		{ "films", "directors", NULL, "many-to-one films(director_id) directors(id)" },
		{ "directors", "films", NULL, "one-to-many directors(id) films(director_id)" },
		{ "films", "technical_specs", NULL, "one-to-one films(id) technical_specs(film_id)" },
		{ "technical_specs", "films", NULL, "one-to-one technical_specs(film_id) films(id)" },
		{ "films", "posters", NULL, "one-to-one films(id) posters(film_id)" },
		{ "roles", "films", NULL, "many-to-one roles(film_id) films(id)" },
		{ "films", "box_office", NULL, "one-to-many films(id) box_office(film_id)" },
		{ "box_office", "films", NULL, "many-to-one box_office(film_id) films(id)" },
		{ "members", "projects", NULL, "many-to-one members(region,project_id) projects(region,id)" },
		{ "films", "box_office_2021", NULL, "PGRST200 Perhaps you meant 'box_office' instead of 'box_office_2021'." },
	};

	check_all(questions);
}
END_TEST

START_TEST(many_to_many)
{
	static const struct question questions[] = {
		{ "films", "actors", "roles", "many-to-many films(id) roles(film_id) roles(actor_id) actors(id)" },
		{ "competitions", "films", NULL,
		  "many-to-many competitions(id) nominations(competition_id) nominations(film_id) films(id)" },
		{ "users", "projects", "members",
		  "many-to-many users(id) members(user_id) members(region,project_id) projects(region,id)" },
		{ "users", "projects", "watchers",
		  "many-to-many users(id) watchers(user_id) watchers(project_id,region) projects(id,region)" },
		/* its key does not hold the columns */
		{ "competitions", "films", "loose", "PGRST200 " },
	};

	check_all(questions);
}
END_TEST

/* The names that clients know from before hints: of the foreign key, of its column. */
START_TEST(by_names_of_the_key)
{
	static const struct question questions[] = {
		{ "films", "film_director", NULL, "many-to-one films(director_id) directors(id)" },
		{ "directors", "film_director", NULL, "one-to-many directors(id) films(director_id)" },
		{ "films", "director_id", NULL, "many-to-one films(director_id) directors(id)" },
		{ "orders", "billing", NULL, "many-to-one orders(billing_address_id) addresses(id)" },
		{ "orders", "shipping_address_id", NULL, "many-to-one orders(shipping_address_id) addresses(id)" },
		{ "films", "title", NULL, "PGRST200 " },
	};

	check_all(questions);
}
END_TEST

START_TEST(hints)
{
	static const struct question questions[] = {
		{ "orders", "addresses", "billing", "many-to-one orders(billing_address_id) addresses(id)" },
		{ "orders", "addresses", "shipping", "many-to-one orders(shipping_address_id) addresses(id)" },
		{ "orders", "addresses", "shipping_address_id", "many-to-one orders(shipping_address_id) addresses(id)" },
		{ "addresses", "orders", "billing", "one-to-many addresses(id) orders(billing_address_id)" },
		{ "addresses", "orders", "billing_address_id", "one-to-many addresses(id) orders(billing_address_id)" },
		{ "films", "directors", "id", "many-to-one films(director_id) directors(id)" },
		{ "orders", "billing", "billing_address_id", "PGRST200 " },
		{ "orders", "addresses", "nonsense", "PGRST200 " },
		{ "films", "actors", "roles", "many-to-many films(id) roles(film_id) roles(actor_id) actors(id)" },
		{ "members", "projects", "region", "PGRST200 " }, /* one column of two */
	};

	check_all(questions);
}
END_TEST

START_TEST(relations_with_themselves)
{
	static const struct question questions[] = {
		{ "employees", "supervisor_id", NULL, "many-to-one employees(supervisor_id) employees(id)" },
		{ "employees", "deputy_id", NULL, "many-to-one employees(deputy_id) employees(id)" },
		{ "employees", "employees", "deputy_id", "one-to-many employees(id) employees(deputy_id)" },
		{ "employees", "employees", "employees_supervisor_id_fkey", "one-to-many employees(id) employees(supervisor_id)" },
		{ "presidents", "predecessor_id", NULL, "one-to-one presidents(predecessor_id) presidents(id)" },
		{ "presidents", "presidents", NULL, "one-to-one presidents(id) presidents(predecessor_id)" },
		{ "employees", "supervisees", NULL, "one-to-many rel.supervisees employees" },
	};

	check_all(questions);
}
END_TEST

/* --- computed relationships -------------------------------------------- */

START_TEST(by_functions)
{
	static const struct question questions[] = {
		{ "premieres", "film", NULL, "many-to-one rel.film films" },
		{ "films", "premieres", NULL, "one-to-many rel.premieres premieres" },
		{ "films", "premieres", "any", "one-to-many rel.premieres premieres" },
		{ "films", "one_actor", NULL, "many-to-one rel.one_actor actors" },
		{ "films", "fans", NULL, "one-to-many rel_ext.fans users" },
		/* in place of two junctions */
		{ "films", "competitions", NULL, "one-to-many rel.competitions competitions" },
		{ "films", "hidden", NULL, "PGRST200 " },
		{ "films", "label", NULL, "PGRST200 " },
		{ "directors", "premieres", NULL, "PGRST200 " },
	};

	check_all(questions);
}
END_TEST

/* --- views ------------------------------------------------------------- */

START_TEST(of_views)
{
	static const struct question questions[] = {
		{ "nominations_view", "films", NULL, "many-to-one nominations_view(nominations_film_id) films(id)" },
		{ "nominations_view", "roles", NULL, "one-to-many nominations_view(film_id) roles(film_id)" },
		{ "nominations_view", "actors", "roles",
		  "many-to-many nominations_view(film_id) roles(film_id) roles(actor_id) actors(id)" },
		{ "films_mat", "directors", NULL, "many-to-one films_mat(director_id) directors(id)" },
		{ "directors", "films_mat", NULL, "one-to-many directors(id) films_mat(director_id)" },
		{ "with_view", "directors", NULL, "many-to-one with_view(odd :resorigtbl) directors(id)" },
		{ "with_view", "technical_specs", NULL, "one-to-one with_view(:resno () technical_specs(film_id)" },
		{ "sub_view", "directors", NULL, "many-to-one sub_view(d) directors(id)" },
		{ "sub_view", "d", NULL, "many-to-one sub_view(d) directors(id)" },
		{ "using_view", "films", NULL, "many-to-one using_view(film_id) films(id)" },
		{ "using_view", "actors", NULL, "many-to-one using_view(actor_id) actors(id)" },
		/* a view has several columns of one table's */
		{ "twice_view", "films", "a", "one-to-many twice_view(a) films(director_id)" },
		{ "twice_view", "films", "b", "one-to-many twice_view(b) films(director_id)" },
		{ "twice_view", "films_mat", "b", "one-to-many twice_view(b) films_mat(director_id)" },
		/* not all columns of the key */
		{ "half_view", "projects", NULL, "PGRST200 " },
		{ "half_view", "users", NULL, "PGRST200 " },
		/* a key's own names mean tables, not views of them */
		{ "directors", "film_director", NULL, "one-to-many directors(id) films(director_id)" },
	};

	check_all(questions);
}
END_TEST

/* A cast that keeps the value stands for the column, where the column itself is not shown. */
START_TEST(of_views_with_casts)
{
	static const struct question questions[] = {
		{ "cast_view", "directors", NULL, "many-to-one cast_view(director) directors(id)" },
		{ "cast_view", "technical_specs", NULL, "one-to-one cast_view(id) technical_specs(film_id)" },
		{ "deep_cast_view", "technical_specs", NULL, "one-to-one deep_cast_view(key) technical_specs(film_id)" },
		{ "on_cast_view", "directors", NULL, "many-to-one on_cast_view(director) directors(id)" },
		{ "on_cast_view", "posters", NULL, "one-to-one on_cast_view(film) posters(film_id)" },
		{ "both_view", "films", NULL, "one-to-many both_view(id) films(director_id)" },
		{ "lossy_view", "directors", NULL, "PGRST200 " },
		{ "lossy_view", "posters", NULL, "PGRST200 " },
		/* the WITH is of a query further out */
		{ "outer_view", "posters", NULL, "one-to-one outer_view(id) posters(film_id)" },
		{ "lateral_view", "posters", NULL, "one-to-one lateral_view(key) posters(film_id)" },
		{ "recursive_view", "posters", NULL, "PGRST200 " },
	};

	check_all(questions);
}
END_TEST

/* A view is a junction as its table is. */
START_TEST(views_as_junctions)
{
	static const struct question questions[] = {
		{ "films_mat", "actors", "roles_view",
		  "many-to-many films_mat(id) roles_view(film) roles_view(actor) actors(id)" },
		{ "films_mat", "actors", "roles", "many-to-many films_mat(id) roles(film_id) roles(actor_id) actors(id)" },
	};

	check_all(questions);
}
END_TEST

START_TEST(views_that_have_none)
{
	static const struct question questions[] = {
		{ "union_view", "directors", NULL, "PGRST200 " },
		{ "expression_view", "directors", NULL, "PGRST200 " },
		{ "system_view", "technical_specs", NULL, "one-to-one system_view(id) technical_specs(film_id)" },
		{ "catalog_view", "films", NULL, "PGRST200 " },
		{ "values_view", "films", NULL, "PGRST200 " },
		{ "nothing_view", "films", NULL, "PGRST200 " },
		{ "circle1", "directors", NULL, "PGRST200 " },
		{ "circle2", "directors", NULL, "PGRST200 " },
		{ "keeper", "secrets", NULL, "PGRST200 " },
	};

	check_all(questions);
}
END_TEST

/* Through views of a schema that is not exposed, to tables that are not. */
START_TEST(views_on_views)
{
	static const struct question questions[] = {
		{ "books", "authors", NULL, "many-to-one books(writer) authors(id)" },
		{ "authors", "books", NULL, "one-to-many authors(id) books(writer)" },
		{ "covers", "books", NULL, "one-to-one covers(book_id) books(number)" },
		{ "books", "inner_books", NULL, "PGRST200 " },
	};

	check_all(questions);
	ck_assert_uint_eq(relation("books")->primary_key_count, 1);
	ck_assert_uint_eq(relation("books")->primary_key[0], 1);
	ck_assert_uint_eq(relation("authors")->primary_key_count, 1);
	ck_assert_uint_eq(relation("covers")->primary_key_count, 0);
	ck_assert_uint_eq(relation("half_view")->primary_key_count, 0);
	ck_assert_uint_eq(relation("roles_view")->primary_key_count, 2);
	ck_assert_uint_eq(relation("roles_view")->primary_key[0], 1); /* film_id is the key's first */
	ck_assert_uint_eq(relation("union_view")->primary_key_count, 0);
}
END_TEST

/* What tells a view's rows apart for certain: the keys of its table, while each row comes once. */
START_TEST(unique_keys_of_views)
{
	static const struct {
		const char *view;
		size_t count;
	} expected[] = {
		{ "posters_view", 2 }, { "posters_on_view", 1 }, { "cast_view", 1 }, { "books", 1 }, { "covers", 1 },
		{ "half_view", 0 }, { "roles_view", 1 }, { "nominations_view", 0 }, { "films_mat", 0 }, { "union_view", 0 },
		{ "distinct_view", 0 }, { "trigger_view", 0 },
	};

	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		ck_assert_msg(relation(expected[i].view)->unique_key_count == expected[i].count, "%s has %zu", expected[i].view,
		              relation(expected[i].view)->unique_key_count);
	const swm_unique_key *keys = relation("posters_view")->unique_keys;
	ck_assert(keys[0].is_primary && keys[0].count == 1 && keys[0].columns[0] == 1);
	ck_assert(!keys[1].is_primary && keys[1].columns[0] == 0);
	ck_assert_uint_eq(relation("distinct_view")->primary_key_count, 1);
}
END_TEST

/* --- errors ------------------------------------------------------------ */

static swm_error *
refuse(const char *origin, const char *target, const char *hint, int expected)
{
	const swm_relationship *r;
	swm_error *err = swm_error_new();
	int rc = find(&r, "rel", relation(origin), target, hint, err);

	ck_assert_int_eq(rc, expected);
	return err;
}

#define assert_str(view, expected)                                                       \
	do {                                                                             \
		swm_str view_ = (view);                                                  \
		ck_assert_msg(swm_str_eq(view_, swm_cstr(expected)), "%s is \"%.*s\"",   \
		              #view, (int)view_.len, view_.ptr);                         \
	} while (0)

START_TEST(ambiguous)
{
	swm_error *err = refuse("orders", "addresses", NULL, SWM_EREFUSED);

	assert_str(swm_error_code(err), "PGRST201");
	ck_assert_int_eq(swm_error_http_status(err), 300);
	assert_str(swm_error_message(err),
	           "Could not embed because more than one relationship was found for 'orders' and 'addresses'");
	assert_str(swm_error_hint(err), "Try changing 'addresses' to one of the following: 'addresses!billing',"
	           " 'addresses!shipping'. Find the desired relationship in the 'details' key.");
	ck_assert(swm_error_details_are_json(err));
	assert_str(swm_error_details(err),
	           "[{\"cardinality\":\"many-to-one\",\"embedding\":\"orders with addresses\","
	           "\"relationship\":\"billing using orders(billing_address_id) and addresses(id)\"},"
	           "{\"cardinality\":\"many-to-one\",\"embedding\":\"orders with addresses\","
	           "\"relationship\":\"shipping using orders(shipping_address_id) and addresses(id)\"}]");
	swm_error_free(err);
	err = refuse("users", "projects", NULL, SWM_EREFUSED);
	assert_str(swm_error_hint(err), "Try changing 'projects' to one of the following: 'projects!members',"
	           " 'projects!watchers'. Find the desired relationship in the 'details' key.");
	assert_str(swm_error_details(err),
	           "[{\"cardinality\":\"many-to-many\",\"embedding\":\"users with projects\","
	           "\"relationship\":\"members using members_user_id_fkey(user_id) and in_project(region, project_id)\"},"
	           "{\"cardinality\":\"many-to-many\",\"embedding\":\"users with projects\",\"relationship\":"
	           "\"watchers using watchers_user_id_fkey(user_id) and watchers_project_id_region_fkey(project_id, region)\"}]");
	swm_error_free(err);
	err = refuse("twice_view", "films_mat", NULL, SWM_EREFUSED); /* by the names of the columns */
	assert_str(swm_error_details(err),
	           "[{\"cardinality\":\"one-to-many\",\"embedding\":\"twice_view with films_mat\","
	           "\"relationship\":\"film_director using twice_view(a) and films_mat(director_id)\"},"
	           "{\"cardinality\":\"one-to-many\",\"embedding\":\"twice_view with films_mat\","
	           "\"relationship\":\"film_director using twice_view(b) and films_mat(director_id)\"}]");
	swm_error_free(err);
}
END_TEST

START_TEST(not_found)
{
	swm_error *err = refuse("films", "actor", NULL, SWM_ENOTFOUND);

	assert_str(swm_error_code(err), "PGRST200");
	ck_assert_int_eq(swm_error_http_status(err), 400);
	assert_str(swm_error_message(err), "Could not find a relationship between 'films' and 'actor' in the schema cache");
	assert_str(swm_error_details(err), "Searched for a foreign key relationship between 'films' and 'actor' in the"
	           " schema 'rel', but no matches were found.");
	assert_str(swm_error_hint(err), "Perhaps you meant 'actors' instead of 'actor'.");
	swm_error_free(err);
	err = refuse("films", "directors", "nonsense", SWM_ENOTFOUND);
	assert_str(swm_error_details(err), "Searched for a foreign key relationship between 'films' and 'directors' using"
	           " the hint 'nonsense' in the schema 'rel', but no matches were found.");
	ck_assert(!swm_error_has_hint(err));
	swm_error_free(err);
	err = refuse("films", "zzz", NULL, SWM_ENOTFOUND);
	ck_assert(!swm_error_has_hint(err));
	swm_error_free(err);
}
END_TEST

/* --- all relationships ------------------------------------------------- */

/* Every pair of relations: what a name finds is what is among all. */
START_TEST(found_by_name_and_among_all)
{
	size_t relation_count, found = 0;
	const swm_relation *const *relations = swm_snapshot_relations(snapshot, &relation_count);

	for (size_t i = 0; i < relation_count; i++) {
		const swm_relationship *all, *named;
		size_t count, named_count;
		const swm_relation *o = relations[i];
		ck_assert_int_eq(swm_snapshot_relationships(&all, &count, arena, snapshot, o, o->schema, NULL), SWM_OK);
		for (size_t j = 0; j < relation_count; j++) {
			const swm_relation *t = relations[j];
			size_t to_t = 0, named_to_t = 0;
			if (!swm_str_eq(o->schema, t->schema))
				continue;
			ck_assert_int_eq(swm_snapshot_relationships_named(&named, &named_count, arena, snapshot, o, o->schema,
			                                                  t->name, NULL), SWM_OK);
			for (size_t k = 0; k < count; k++)
				to_t += all[k].computed == NULL ? all[k].target == t : swm_str_eq(all[k].computed->name, t->name);
			for (size_t k = 0; k < named_count; k++)
				named_to_t += named[k].computed != NULL || named[k].target == t;
			ck_assert_msg(to_t == named_to_t, "%.*s with %.*s: %zu and %zu", (int)o->name.len, o->name.ptr,
			              (int)t->name.len, t->name.ptr, to_t, named_to_t);
			found += to_t;
		}
	}
	ck_assert_uint_gt(found, 100);
}
END_TEST

/* In another schema the same tables are shown again, without their junctions. */
START_TEST(junctions_of_another_schema)
{
	const swm_relation *films = swm_snapshot_relation(snapshot, SWM_STR("rel_other"), SWM_STR("films"));
	const swm_relationship *r;

	ck_assert_int_eq(find(&r, "rel_other", films, "directors", "", NULL), SWM_OK);
	assert_str(r->target->schema, "rel_other");
	ck_assert_int_eq(find(&r, "rel_other", films, "actors", "roles", NULL), SWM_OK);
	assert_str(r->target->schema, "rel_other");
	assert_str(r->junction->schema, "rel");
}
END_TEST

/* --- many tables ------------------------------------------------------- */

enum { MANY = 100 };

static swm_snapshot *
load_schema(const char *schema)
{
	const swm_settings *settings = database_settings(database_uri(), "db-schemas", schema, (char *)NULL);
	swm_snapshot *loaded = NULL;

	ck_assert_int_eq(swm_snapshot_load(&loaded, admin, settings, NULL), SWM_OK);
	swm_settings_unref(settings);
	return loaded;
}

/*
 * 10,000 tables and the snapshot before them must fit into 64 MiB with all that libpq
 * holds meanwhile: 2 KiB for a table of eight columns.
 */
START_TEST(memory_of_many_tables)
{
	size_t count, relation_count;
	const swm_relationship *r;

	database_do(admin, "CREATE SCHEMA rel_none; CREATE SCHEMA rel_many; CREATE TABLE rel_many.hub (id bigint PRIMARY KEY)");
	database_do(admin, "DO $$ BEGIN FOR i IN 1..100 LOOP EXECUTE format('CREATE TABLE rel_many.table_%s"
	            " (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, hub_id bigint REFERENCES rel_many.hub,"
	            " name text NOT NULL, note varchar(200), amount numeric(12, 2) DEFAULT 0, made timestamptz DEFAULT now(),"
	            " tags text[], document jsonb)', i); END LOOP; END $$");
	swm_snapshot *none = load_schema("rel_none"), *many = load_schema("rel_many");
	swm_arena *found = swm_arena_new();

	(void)swm_snapshot_relations(many, &relation_count);
	ck_assert_uint_eq(relation_count, MANY + 1);
	ck_assert_uint_eq(swm_snapshot_foreign_key_count(many), MANY);
	size_t used = swm_arena_used(many->arena) - swm_arena_used(none->arena);
	ck_assert_uint_lt(used, (size_t)MANY * 2048);

	/* one of them is found without looking at the others */
	const swm_relation *hub = swm_snapshot_relation(many, SWM_STR("rel_many"), SWM_STR("hub"));
	ck_assert_int_eq(swm_snapshot_relationships_named(&r, &count, found, many, hub, SWM_STR("rel_many"),
	                                                  SWM_STR("table_7"), NULL), SWM_OK);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_lt(swm_arena_used(found), 4096);
	ck_assert_int_eq(swm_snapshot_relationships(&r, &count, found, many, hub, SWM_STR("rel_many"), NULL), SWM_OK);
	ck_assert_uint_eq(count, MANY);
	swm_arena_free(found);
	swm_snapshot_unref(many);
	swm_snapshot_unref(none);
	database_do(admin, "DROP SCHEMA rel_none CASCADE; DROP SCHEMA rel_many CASCADE");
}
END_TEST

static TCase *
make_tests(void)
{
	const TTest *const all[] = {
		between_tables, many_to_many, by_names_of_the_key, hints, relations_with_themselves, by_functions, of_views,
		of_views_with_casts, views_as_junctions, views_that_have_none, views_on_views, unique_keys_of_views, ambiguous, not_found, found_by_name_and_among_all,
		junctions_of_another_schema, memory_of_many_tables,
	};
	TCase *tests = tcase_create("relationships");

	tcase_add_unchecked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(tests, all[i]);
	return tests;
}

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("relationships");
	suite_add_tcase(suite, make_tests());
	return suite;
}
