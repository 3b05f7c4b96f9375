/*
 * Chunks of a file as requests to the library, each with an Idempotency-Key of its own: what was
 * written under it by this run or an earlier one is not written again.
 */
#ifndef SWM_CLI_UPLOAD_H
#define SWM_CLI_UPLOAD_H

#include "chunks.h"
#include "progress.h"
#include "text.h"

#include <signal.h>

/* How a chunk is sent. */
enum upload_mode {
	UPLOAD_WHOLE,    /* one bad row undoes all */
	UPLOAD_SKIPPING, /* bad rows are left out and told, as Prefer: errors=skip has it */
	UPLOAD_TRIAL,    /* the same, but nothing is kept: to learn which rows are bad */
};

struct upload {
	swm_config *config;
	const char *token, *role; /* one of both, or NULL */
	const char *table, *schema, *columns, *on_conflict; /* but for table they may be NULL */
	bool merges;              /* a row whose key is there takes its place */
	bool keyed;
	const volatile sig_atomic_t *stop; /* no longer to be tried again */
	struct progress *progress;

	swm_engine *engine;
	swm_error *err;
	char *target;
};

struct upload_file {
	enum chunk_form form;
	swm_str header;
	uint64_t bytes_before, rows_before; /* done before, for the progress */
};

struct upload_answer {
	int status;       /* HTTP's */
	bool is_replayed; /* of an earlier run */
	bool is_passing;  /* nothing was written, and trying again may help */
	uint64_t written;
	struct text body; /* errors, or what was skipped: JSON */
};

/* Opens the engine; what stands before it in the struct is set. Non-zero: complained. */
int upload_open(struct upload *u, swm_error *err);

void upload_close(struct upload *u);

/*
 * Sends a chunk and waits for the answer. When the database is away, or nobody knows whether the
 * chunk was written, it is sent again for a minute or two, if that cannot write it twice.
 * Non-zero: there is no answer (complained). text_free() the body in any case.
 */
int upload_send(struct upload *u, const struct upload_file *file, const struct chunk *chunk,
                enum upload_mode mode, struct upload_answer *answer);

/*
 * Uses the chunk's key up for nothing, so that a chunk that is going to be sent in parts cannot be
 * written as a whole as well: that is then refused with SWM004. Non-zero as above.
 */
int upload_mark(struct upload *u, const struct upload_file *file, const struct chunk *chunk,
                struct upload_answer *answer);

/* True if the answer is an error with this code, such as "SWM004". */
bool upload_failed_by(const struct upload_answer *answer, const char *code);

#endif
