/* The problems of a configuration: all are collected, each with its place. */
#ifndef SWM_CONFIG_PROBLEMS_H
#define SWM_CONFIG_PROBLEMS_H

#include "base/buf.h"
#include "error/error.h"

/* The source of a setting: a line of a file, a variable (line 0), or the program (no source). */
struct swm_origin {
	swm_str source;
	size_t line;
};

/* Writes "swm.conf:7: ", "SWM_DB_POOL: " or nothing. */
void swm_origin_write(struct swm_origin origin, swm_buf *to);

/* Further problems are not reported. */
enum { SWM_PROBLEMS_MAX = 50 };

struct swm_problems {
	swm_buf first; /* becomes the error's message */
	swm_buf rest;  /* its details: a line for each further problem */
	size_t count;
	int system_error; /* errno of the first problem, if it is one of the system */
	bool no_memory;
};

#define SWM_PROBLEMS_INIT { SWM_BUF_INIT, SWM_BUF_INIT, 0, 0, false }

/*
 * Begins a problem with its place; the caller writes the rest of the line into the returned
 * buffer.
 */
swm_buf *swm_problem(struct swm_problems *problems, struct swm_origin origin);

/* Notes a problem of the system: what could not be done, and errno. */
void swm_problem_system(struct swm_problems *problems, struct swm_origin origin, swm_str what,
                        int number);

/* 0 when there were none, else fills err; frees what was collected. */
int swm_problems_end(struct swm_problems *problems, swm_error *err);

#endif
