/*
 * The statements that a connection keeps prepared: a bounded number, the one not
 * used for the longest time goes first. Pure bookkeeping; exec does the talking.
 *
 * The protocol of libpq 15 cannot close a statement, so a name that is given up
 * is kept until a DEALLOCATE could be sent for it.
 */
#ifndef SWM_POOL_STATEMENTS_H
#define SWM_POOL_STATEMENTS_H

#include <swm/types.h>

enum {
	SWM_STATEMENTS_COUNT = 100,
	SWM_STATEMENTS_TEXT = 256 * 1024, /* bytes of SQL together */
	SWM_STATEMENT_LONGEST = 32 * 1024, /* bytes of SQL of one */
	SWM_STATEMENT_NAME = 16, /* room for a name and its NUL */
};

typedef struct swm_statements swm_statements;
typedef struct swm_statement swm_statement;

/* NULL when memory ran out. */
swm_statements *swm_statements_new(void);
void swm_statements_free(swm_statements *all); /* NULL is allowed */

/* Begins a batch: what it asks for stays until the next one begins. */
void swm_statements_begin(swm_statements *all);

/*
 * The statement for a text, perhaps a new one, which its user must prepare.
 * NULL: it is too long, there is no room beside the batch's others, or memory ran
 * out; it is then run without being kept.
 */
swm_statement *swm_statements_get(swm_statements *all, swm_str sql);

const char *swm_statement_name(const swm_statement *one);

/* Whether a Parse was sent for it; it may still fail. */
bool swm_statement_is_sent(const swm_statement *one);
void swm_statement_set_sent(swm_statement *one);

/* The server has answered the Parse. */
void swm_statement_set_prepared(swm_statement *one);

/* Ends a batch: what was sent and never answered is forgotten, as the server has not got it. */
void swm_statements_end(swm_statements *all);

/* Forgets all of them: the server has not got them any more, or in a form of no use. */
void swm_statements_forget_all(swm_statements *all);

/* Takes a name for which a DEALLOCATE must be sent. False when there is none. */
bool swm_statements_take_dropped(swm_statements *all, char name[SWM_STATEMENT_NAME]);

/* For tests: how many are kept. */
size_t swm_statements_count(const swm_statements *all);

#endif
