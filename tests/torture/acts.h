/* What is done while memory runs out: each act is a use of the library, from beginning to end. */
#ifndef SWM_TESTS_ACTS_H
#define SWM_TESTS_ACTS_H

#include <stdbool.h>
#include <swm.h>

enum { ANSWER_ROOM = 512 * 1024 };

/* What came of an act. Lies in memory that the parent process sees. */
struct outcome {
	bool ended;         /* the act returned */
	int rc;             /* of its last call that says something */
	int told;           /* the result in the error object behind it */
	const char *untrue; /* something about error objects that does not agree; NULL: all does */
	bool unknown;       /* it was said that what was done is not known */
	int status;         /* of an answer on the web; 0: it did not begin */
	char code[32], message[256];
	size_t length;      /* of the answer, which is cut at the room */
	char answer[ANSWER_ROOM];
};

/* What an act is done with; what is NULL is not needed, or not there yet. */
struct stage {
	const char *uri;
	long stamp;  /* of the rows that it writes */
	long length; /* of the text that the function note() returns */
	swm_config *config;
	swm_engine *engine;
	swm_error *err;
	struct outcome *outcome;
};

struct act {
	const char *name;
	void (*run)(struct stage *stage);
	bool needs_engine;
	int writes; /* how many rows with the stamp */
};

extern const struct act acts[];
extern const size_t act_count;

/* The tables that acts read and write, as SQL. */
extern const char acts_schema[];

/* SWM_OK or the first failure, with its words in the stage's outcome. */
int stage_open(struct stage *stage, bool engine);
void stage_close(struct stage *stage);

#endif
