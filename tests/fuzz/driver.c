/*
 * Runs a fuzz target without a fuzzer: each file of a corpus, then a bounded number
 * of mutations of it, the same ones in every run.
 *
 *	fuzz_query FOLDER [MUTATIONS]
 *
 * A target is libFuzzer's (https://llvm.org/docs/LibFuzzer.html): with
 * clang -fsanitize=fuzzer it links without this file.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	SIZE_MAX_INPUT = 1 << 20,
	SECONDS_AN_INPUT = 20,
	DEFAULT_MUTATIONS = 200, /* for each file */
	LARGEST_CHANGE = 8,      /* steps of one mutation */
	LARGEST_PIECE = 256,     /* bytes that a step may add */
};

struct input {
	uint8_t *bytes;
	size_t size;
};

/* Which input runs, for the report of a crash. */
static char current[PATH_MAX + 32];

/* SIGALRM ends an input that hangs; write(2) is all that a handler may do. */
static void
report(int number)
{
	static const char words[] = "fuzz: stopped at input ";
	ssize_t ignored;

	ignored = write(STDERR_FILENO, words, sizeof(words) - 1);
	ignored = write(STDERR_FILENO, current, strlen(current));
	ignored = write(STDERR_FILENO, "\n", 1);
	(void)ignored;
	signal(number, SIG_DFL);
	raise(number);
}

/* A small generator (Marsaglia's xorshift64), so that every machine makes the same inputs. */
static uint32_t
random_below(uint64_t *state, size_t bound)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return bound ? (uint32_t)((*state >> 16) % bound) : 0;
}

/* The bytes that the grammars are made of, and some that they do not expect. */
static uint8_t
random_byte(uint64_t *state)
{
	static const char special[] = "()[]{}\",.:;=&%*!-+<>\\/'0aE \n\0\x80\xff\xed\xf4";

	if (random_below(state, 4) == 0)
		return (uint8_t)random_below(state, 256);
	return (uint8_t)special[random_below(state, sizeof(special) - 1)];
}

/* One change in place: a byte replaced, taken out or put in, a piece repeated, or the end cut. */
static void
mutate(struct input *input, uint64_t *state)
{
	size_t at = random_below(state, input->size + 1);
	size_t rest = input->size - at;

	switch (random_below(state, 5)) {
	case 0:
		if (rest > 0)
			input->bytes[at] = random_byte(state);
		break;
	case 1:
		if (rest > 0)
			memmove(input->bytes + at, input->bytes + at + 1, --input->size - at);
		break;
	case 2:
		memmove(input->bytes + at + 1, input->bytes + at, rest);
		input->bytes[at] = random_byte(state);
		input->size++;
		break;
	case 3:
		rest = random_below(state, (rest < LARGEST_PIECE ? rest : LARGEST_PIECE) + 1);
		memmove(input->bytes + at + rest, input->bytes + at, input->size - at);
		input->size += rest;
		break;
	default:
		input->size = at;
	}
}

/* Runs a copy of exactly the input's size, so that a sanitizer sees a read past its end. */
static void
run(const struct input *input)
{
	uint8_t *copy = malloc(input->size ? input->size : 1);

	if (!copy) {
		fprintf(stderr, "fuzz: out of memory\n");
		exit(1);
	}
	memcpy(copy, input->bytes, input->size);
	alarm(SECONDS_AN_INPUT);
	LLVMFuzzerTestOneInput(copy, input->size);
	alarm(0);
	free(copy);
}

/* The buffer has room for what the steps of one mutation may add. */
static void
run_mutations(const struct input *original, const char *name, unsigned count)
{
	uint64_t state = 0x9e3779b97f4a7c15u;
	struct input changed = { malloc(original->size + LARGEST_CHANGE * LARGEST_PIECE), 0 };

	if (!changed.bytes) {
		fprintf(stderr, "fuzz: out of memory\n");
		exit(1);
	}
	for (unsigned i = 0; i < count; i++) {
		unsigned steps = 1 + random_below(&state, LARGEST_CHANGE);

		memcpy(changed.bytes, original->bytes, original->size);
		changed.size = original->size;
		while (steps-- > 0)
			mutate(&changed, &state);
		snprintf(current, sizeof(current), "%s, mutation %u", name, i);
		run(&changed);
	}
	free(changed.bytes);
}

static bool
read_input(struct input *input, const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return false;
	input->bytes = malloc(SIZE_MAX_INPUT);
	if (!input->bytes) {
		fclose(file);
		return false;
	}
	input->size = fread(input->bytes, 1, SIZE_MAX_INPUT, file);
	return fclose(file) == 0;
}

static int
not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
run_folder(const char *folder, unsigned mutations)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, not_hidden, alphasort);

	for (int i = 0; i < count; i++) {
		char path[PATH_MAX];
		struct input input;

		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (!read_input(&input, path)) {
			fprintf(stderr, "fuzz: %s: %s\n", path, strerror(errno));
			exit(1);
		}
		snprintf(current, sizeof(current), "%s", path);
		run(&input);
		run_mutations(&input, path, input.size < 4096 ? mutations : mutations / 20);
		free(input.bytes);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return count;
}

int
main(int argc, char **argv)
{
	int count;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: %s FOLDER [MUTATIONS]\n", argv[0]);
		return 2;
	}
	signal(SIGALRM, report);
	signal(SIGABRT, report);
	signal(SIGSEGV, report);
	count = run_folder(argv[1], argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : DEFAULT_MUTATIONS);
	if (count <= 0) {
		fprintf(stderr, "fuzz: no corpus in %s\n", argv[1]);
		return 1;
	}
	printf("%d inputs\n", count);
	return 0;
}
