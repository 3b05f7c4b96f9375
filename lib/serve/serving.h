/* The state of a request in the steps of lib/serve.c, and the steps themselves. */
#ifndef SWM_SERVE_SERVING_H
#define SWM_SERVE_SERVING_H

#include "engine.h"
#include "request.h"
#include "transaction.h"

#include "http/content.h"
#include "http/header.h"
#include "json/feed.h"
#include "json/scan.h"
#include "plan/call.h"
#include "plan/write.h"
#include "query/ast.h"
#include "reply/encode.h"
#include "reply/reply.h"

/* The kind of write to a relation. */
enum swm_writes {
	SWM_WRITES_NOTHING,
	SWM_WRITES_INSERT,
	SWM_WRITES_PUT,
	SWM_WRITES_UPDATE,
	SWM_WRITES_DELETE
};

/* The writer of the body: the encoder of a media type, or the database. */
struct swm_writing {
	enum swm_media media;             /* MADE_ROWS */
	enum swm_made_of_rows made;
	const swm_media_handler *handler; /* MADE_HANDLED */
};

/* Where a request's time goes. */
enum swm_stage {
	SWM_STAGE_JWT,         /* who asks */
	SWM_STAGE_PARSE,       /* what is asked */
	SWM_STAGE_PLAN,        /* what the snapshot makes of it, and its SQL */
	SWM_STAGE_TRANSACTION,
	SWM_STAGE_RESPONSE,    /* status and headers */
	SWM_STAGES
};

/*
 * A request as it was asked: written by the steps that read its head, and by nothing later. What
 * becomes of it is decided elsewhere.
 */
struct asked {
	swm_str prefix;            /* where the API is mounted, as paths of answers begin */
	swm_str path, query;       /* of the target, as sent, after the prefix */
	swm_str relation;          /* decoded */
	bool is_root, is_function;
	/* the function that db-root-spec names: it stands for a document */
	bool is_root_spec;
	swm_str origin;
	swm_identity identity;
	swm_str schema;
	bool by_profile;           /* the schema was chosen: the answer names it */
	swm_pair *pairs;
	size_t pair_count;
	swm_pair *arguments;       /* of a function's call by GET; among the pairs no more */
	size_t argument_count;
	swm_ast *ast;
	enum swm_writes write;
	swm_preferences prefer;
	bool has_range;
	swm_range range;
};

/* The body, written by the step that takes it. */
struct sent {
	enum swm_content content;  /* of a write, or of a call by POST */
	/* it comes in rows that are copied; NULL when it is held whole */
	struct swm_ingest *ingest;
	swm_buf text;              /* as its parameter: with a NUL after it */
	bool no_body;              /* of a call by POST: nothing was sent */
	swm_json_facts json;       /* of a JSON body */
	swm_pair *form;            /* of a call: the arguments of a form */
	size_t form_count;
	bool form_of_json;         /* it is a form that begins as JSON does */
};

/* Decisions about the request, each made once, by the steps that plan. */
struct decided {
	const swm_plan_call *call; /* NULL for a relation */
	bool changes;              /* a write, or what is called may write: it must run but once */
	const swm_write_plan *write_plan;
	const swm_read_plan *plan; /* of a write, what it returns; NULL when that is nothing */
	struct swm_writing writing;
	swm_str content_type;
	bool explain;              /* the plan of the media type is asked for, not its rows */
	enum swm_media explain_format;
	unsigned explain_options;
	/* of what is preferred what can be applied; swm_counted() says how */
	enum swm_count count;
	int64_t max_affected;      /* -1 for none */
	enum swm_tx tx;            /* DEFAULT: the preference is not applied */
	bool rollback;
	swm_str timezone;          /* empty for none */
};

/* The progress of writing rows into the answer. */
struct progress {
	swm_encoder encoder;
	int64_t total;             /* rows without limit; -1 when not counted */
	bool is_estimate;          /* the total may be wrong either way */
	int64_t rows;              /* of the answer so far */
	int64_t seen;              /* that have come so far */
	const swm_position *last;  /* of a full page, where its last row stands */
	swm_str if_none_match;
};

/* Retry of planning, if an outdated snapshot may have caused the error. */
struct retry {
	int tries;                 /* how often it was planned once more */
	swm_error *refusal;        /* of the try before; NULL for none */
	bool is_batch;             /* it has been begun as one, whatever a fresh snapshot says */
	bool planned;              /* of a batch: its first operation can be */
	bool unknown_names;        /* the plan names what the snapshot does not know */
	bool types_changed;        /* the rows are not of the types that the snapshot says */
};

/* With server-timing-enabled. */
struct timing {
	enum swm_stage stage;
	int64_t since;             /* microseconds of swm_clock_us(); 0 before the first */
	int64_t us[SWM_STAGES];
};

/*
 * One request on its way. Everything in it lives in its arena, or is borrowed from the request. The
 * records that const pointers lead to are written by the steps that are given them.
 */
struct serving {
	swm_engine *engine;
	const swm_request *request;
	swm_arena *arena;
	swm_error *err;
	const struct asked *asked;
	const struct sent *sent;
	const struct decided *decided;
	swm_snapshot *snapshot;
	swm_reply reply;
	bool done;                 /* a step has made the whole answer */
	struct progress progress;
	struct retry retry;
	struct timing timing;
	/* what it does is a part of this one; NULL: it has one of its own */
	swm_transaction *transaction;
	swm_transaction own;
	struct swm_keyed *keyed;   /* NULL without an Idempotency-Key */
	/* so much of the body may be held until the transaction ends; 0: any */
	size_t most_held;
	bool may_have_written;     /* a statement that could has been sent */
	bool may_have_committed;   /* the read or write: as swm_exec_may_have_committed() */
	bool sql_set_status;       /* by response.status */
};

/* The records of a request that is served; the serving points to them. */
struct swm_records {
	struct asked asked;
	struct sent sent;
	struct decided decided;
};

void swm_records_init(struct swm_records *records, struct serving *s);
void swm_records_dispose(struct swm_records *records);

/*
 * The steps, in their order. Each returns SWM_OK for the next one to go on (or the answer to
 * leave, with done), or has written the error that becomes the answer. The last parameter is the
 * record that a step may write.
 */
/* a preflight request needs nothing else */
int swm_step_cors(struct serving *s, struct asked *to);
int swm_step_authenticate(struct serving *s, struct asked *to); /* token -> role and claims */
int swm_step_admit(struct serving *s);                          /* may be put off, by the program */
int swm_step_route(struct serving *s, struct asked *to);        /* path -> relation or function */
/* Accept-Profile, Content-Profile -> schema */
int swm_step_schema(struct serving *s, struct asked *to);
int swm_step_method(struct serving *s, struct asked *to);
/* Content-Encoding: a coded body is refused */
int swm_step_coding(struct serving *s);
int swm_step_parse(struct serving *s, struct asked *to);        /* query string -> tree */
int swm_step_prefer(struct serving *s, struct asked *to);       /* Prefer */
int swm_step_range(struct serving *s, struct asked *to);        /* Range */
int swm_step_snapshot(struct serving *s);                       /* what the database has */
int swm_step_root(struct serving *s, struct decided *to);       /* what is no relation */
/* Allow; the database stays untouched */
int swm_step_options(struct serving *s);
/* Idempotency-Key: whose, and for what */
int swm_step_key(struct serving *s);
int swm_step_batch(struct serving *s, struct swm_records *to);  /* the operations of POST /batch */
/* Content-Type; arguments, or what is written */
int swm_step_body(struct serving *s, struct sent *to);
/* arguments + snapshot -> the function */
int swm_step_call(struct serving *s, struct decided *to);
/* tree + snapshot -> plan; Accept -> media type */
int swm_step_plan(struct serving *s, struct decided *to);
int swm_step_preferences(struct serving *s, struct decided *to); /* Prefer: what can be applied */
/* takes the key, or answers from what is kept for it */
int swm_step_transaction(struct serving *s);
/* plan -> SQL -> commit -> answer */
int swm_step_write(struct serving *s);
int swm_step_read(struct serving *s);                           /* plan -> SQL -> rows -> body */

/*
 * After a step has failed: whether it did since the snapshot is older than the tables. Then the
 * steps that depend on it are to be taken once more, with another; the error is gone. False
 * leaves the error that is to be told.
 */
bool swm_plan_again(struct serving *s, struct decided *decided);

/*
 * The result of the last try: where the request names what is not there any more, so that it
 * cannot be planned, PostgreSQL's own words for that stay.
 */
int swm_tell_refusal(struct serving *s, int rc);

/*
 * A transaction that lasts for the whole request (lib/serve/transaction.c). The end commits it,
 * when the answer is complete and before anything of it is sent; as swm_transaction_end(), and
 * ANSWER_TOO_LARGE. Dropping it rolls it back. Both do nothing without one.
 */
void swm_share_transaction(struct serving *s);
int swm_end_transaction(struct serving *s);
void swm_drop_transaction(struct serving *s);

/*
 * Bytes kept free in the head of a stored answer, as its replay may have more headers, for another
 * origin for example.
 */
enum { SWM_KEPT_SPARE = 1024 };

/* Stores the answer of a write with an idempotency key, and commits both. */
int swm_keep_answer(struct serving *s);
bool swm_is_replayed(const struct serving *s); /* the answer was kept for the key */
void swm_keyed_dispose(struct serving *s);

/* Against an answer that outgrows what may be held. ANSWER_TOO_LARGE. */
int swm_check_held(struct serving *s);

/*
 * The steps of a request that is a part of another: from its route on, until its answer is
 * complete.
 */
int swm_serve_part(struct serving *s, struct swm_records *records);

/*
 * Accept -> media type, its Content-Type, and whether its plan is asked for. MEDIA_TYPE
 * (SWM_EREFUSED); SWM_ENOMEM.
 */
int swm_choose_media(struct serving *s, struct decided *to, swm_str accept, swm_error *err);

/* Functions that several steps need. */
bool swm_serving_is(const struct serving *s, const char *method);
int swm_serving_header(struct serving *s, swm_str *out, const char *name);
swm_borrower swm_serving_borrower(const struct serving *s);

/*
 * With server-timing-enabled: from now on time is the stage's; and Server-Timing, as it is until
 * now.
 */
void swm_enter_stage(struct serving *s, enum swm_stage stage);
void swm_set_server_timing(struct serving *s);

/* The request headers that every answer may depend on (PostgREST's Vary page). */
#define SWM_VARY "Accept, Prefer, Range"

/* The path of the relation, from the server's root. */
void swm_put_path(const struct serving *s, swm_buf *to);

/*
 * A hint, where PostgreSQL could not read what a plus sign in the query string has become a part
 * of.
 */
void swm_hint_at_plus(struct serving *s);

/* True if a form begins as JSON does. */
bool swm_is_form_of_json(swm_str form);

/* Headers of every answer, and of a read's. */
void swm_set_common_headers(struct serving *s);
void swm_set_cors_headers(struct serving *s);
void swm_set_read_headers(struct serving *s);
void swm_set_write_headers(struct serving *s);
void swm_set_root_headers(struct serving *s);

/* Warning, when what is embedded is called by its relation's name although it has an alias. */
void swm_set_warning(struct serving *s);

/*
 * As if what is called were not there: FUNCTION_NOT_FOUND. Of a name of which the role may execute
 * no function.
 */
int swm_fail_no_function(struct serving *s);

/*
 * Allow of the functions of the name, or of the relation (or the root), as far as the snapshot is
 * known.
 */
void swm_set_function_allow(struct serving *s);
void swm_set_relation_allow(struct serving *s);

/*
 * lo-hi/total, with * for what is not known or empty; 206 where the page is smaller than the total.
 */
void swm_set_content_range(struct serving *s, int64_t last);

/*
 * The count that is made: the planner's estimates do not cover the rows of a function, and are not
 * used for a write.
 */
enum swm_count swm_counted(const struct serving *s);

/* Counts the rows, by count(*) or by EXPLAIN. RANGE when the page begins after the last. */
int swm_take_count(struct serving *s, const swm_result *result);
int swm_take_estimate(struct serving *s, const swm_result *result);
int swm_check_total(struct serving *s);

/* One row was asked for, or no more than max-affected: NOT_SINGULAR, MAX_AFFECTED. */
int swm_fail_not_singular(struct serving *s, int64_t rows);
int swm_fail_max_affected(struct serving *s, int64_t rows);

/* Keeps where the last row of a full page stands; a Link to the next page follows from it. */
int swm_keep_position(struct serving *s, const swm_result *result, int row);
void swm_set_next_link(struct serving *s);

/*
 * Adds an entity tag to a complete answer, unless SQL has set one; if If-None-Match names it, the
 * answer becomes 304 without a body.
 */
void swm_set_etag(struct serving *s);

/* So many bytes of response.headers fit into the head, beside what the answer must have. */
size_t swm_room_for_headers(const struct serving *s);

/* response.headers and response.status, which are this column of the first row and the next one. */
int swm_apply_response_settings(struct serving *s, const swm_result *result, int column);

/* The OpenAPI document, or that there is none. */
int swm_answer_root(struct serving *s, struct decided *to);

/*
 * The request as settings of its transaction: the read is made ready, nothing is
 * sent. Without a plan it reads nothing: role and pre-request function have their say.
 */
struct swm_read;
bool swm_write_is_judged(const struct serving *s); /* what it returns decides whether it is kept */
/* the same, were its plan not asked for in place of its rows */
bool swm_write_has_judgement(const struct serving *s);
bool swm_read_is_judged(const struct serving *s);  /* the same for what a function wrote */
int swm_take_written(struct serving *s, struct sent *to); /* the body of a write -> JSON */
int swm_take_csv(struct serving *s, struct sent *to);     /* a body of CSV, held whole -> JSON */
/* a held body, without byte order mark -> its facts */
int swm_inspect_json(struct serving *s, struct sent *to);
int swm_prepare_read(struct serving *s, struct swm_read *read);

/* The same for role and pre-request function alone, whatever is planned. */
int swm_prepare_pre_request(struct serving *s, struct swm_read *read);

/*
 * The same of a statement alone, in a transaction that changes nothing and calls nothing. checked:
 * TABLES_CHANGED is its error when the columns that are written are of other types by now.
 */
int swm_prepare_look(struct serving *s, struct swm_read *read, const swm_statement *look,
                     bool checked, swm_error *err);

/*
 * PostgreSQL has refused what is written of a body that is held whole, and nothing is left of its
 * transaction: the error is to say which row of an array was at fault, where that is found when the
 * array is read once more. Returns the error's result. TABLES_CHANGED in its place, when the types
 * of the columns are others than those that its values were read by.
 */
int swm_search_body(struct serving *s);

/*
 * A body of many rows: open finds out what they are called (s->json), prepare where they are
 * staged, and copy, at SWM_READ_STAGED, brings them there.
 */
int swm_ingest_open(struct serving *s, struct sent *to, enum swm_feed_form form, swm_str begin);
int swm_ingest_prepare(struct serving *s);
int swm_ingest_copy(struct serving *s, int64_t *affected);
void swm_ingest_search(struct serving *s);    /* at SWM_READ_FAILED: where the error was */
/* no row has been copied: it can be prepared anew */
bool swm_ingest_is_whole(const struct serving *s);
void swm_ingest_dispose(struct sent *sent);   /* does nothing without one */

/* The plan of the write, with where its rows are staged. NULL for a read. */
const swm_write_plan *swm_ingest_plan(const struct serving *s);

/* The request failed: a hint for what is often wrong with a body, where the error shows it. */
void swm_hint_at_body(struct serving *s);
void swm_hint_at_empty_field(struct serving *s);

/*
 * Prefer: errors=skip. Whether it is applied; and an answer's body that lists what was skipped:
 * false when nothing is.
 */
bool swm_ingest_skips(const struct serving *s);
bool swm_ingest_tell(struct serving *s);

#endif
