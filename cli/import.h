/* Declarations shared by the parts of swm import. */
#ifndef SWM_CLI_IMPORT_H
#define SWM_CLI_IMPORT_H

#include "upload.h"

#include <stdio.h>
#include <sys/types.h>

struct input {
	const char *path, *name; /* what it is called in messages */
	enum chunk_form form;
	off_t size; /* -1: it is no regular file */
};

struct import {
	const char *config, *format, *skip_path;
	size_t chunk_size;
	bool quiet;
	struct input *inputs;
	size_t input_count;

	struct upload upload;
	struct progress progress;
	FILE *skip_to;
	/* of the input that is being written */
	const struct input *input;
	int fd;
	struct chunks chunks;
	struct upload_file file;
	uint64_t written, replayed, skipped; /* replayed: of those written, by an earlier run */
};

/*
 * Writes a chunk, of which bad rows are left out where that was asked for. Returns 0, or an exit
 * status when it has been said why not to go on.
 */
int import_chunk(struct import *im, struct chunk chunk);

/* Begins a line on standard error, where the progress stood. */
void import_begin_message(struct import *im);

/* Says how much was written, and in which line a second run goes on. Returns EXIT_FAILED. */
int import_tell_end(struct import *im, uint64_t line);

/* Says that the file of rejected rows cannot be written, as errno has it. Returns EXIT_FAILED. */
int import_fail_skip_file(struct import *im);

#endif
