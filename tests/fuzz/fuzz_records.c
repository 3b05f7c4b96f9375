/*
 * FastCGI records: any bytes as what a web server sends, in pieces of any size. What is
 * read of them lies within what came, events come in order, and reading ends.
 */
#include "config.h"

#include "records.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool so)
{
	if (!so)
		abort();
}

/* The parameters are pairs, to their end. */
static void
check_params(const struct records *records)
{
	swm_str rest = records_params(records), name, value;
	size_t sum = 0;

	must(rest.len <= RECORDS_PARAMS_MAX && !(records->too_large && rest.len > 0));
	while (records_pair(&rest, &name, &value))
		sum += name.len + value.len;
	must(rest.len == 0 && sum <= records->params_length);
}

static void
check_piece(const struct records *records, enum records_event event, swm_str piece)
{
	const unsigned char *at = (const unsigned char *)piece.ptr;

	must(piece.len > 0);
	if (event == RECORDS_REPLY)
		must(piece.len % 8 == 0 && piece.len <= sizeof(records->reply));
	else
		must(at >= records->buffer && at + piece.len <= records->buffer + records->end);
}

/* All events until more bytes are needed; false when no more can be read. */
static bool
read_events(struct records *records, bool *in_body)
{
	for (;;) {
		swm_str piece = { NULL, 0 };
		enum records_event event = records_next(records, &piece);

		switch (event) {
		case RECORDS_MORE:
			return true;
		case RECORDS_BROKEN:
		case RECORDS_NO_MEMORY:
			return false;
		case RECORDS_REQUEST:
			must(!*in_body);
			check_params(records);
			*in_body = true;
			break;
		case RECORDS_BODY:
			must(*in_body);
			check_piece(records, event, piece);
			break;
		case RECORDS_REPLY:
			check_piece(records, event, piece);
			break;
		case RECORDS_END:
			must(*in_body);
			*in_body = false;
			break;
		case RECORDS_ABORTED:
			*in_body = false;
			break;
		}
	}
}

static void
read_in_pieces(struct records *records, const uint8_t *data, size_t size, size_t most)
{
	bool in_body = false;

	records_reset(records);
	while (size > 0) {
		unsigned char *to;
		size_t room = records_room(records, &to);

		must(room > 0);
		room = room < most ? room : most;
		room = room < size ? room : size;
		memcpy(to, data, room);
		records_add(records, room);
		data += room;
		size -= room;
		if (!read_events(records, &in_body))
			return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct records *records = malloc(sizeof(*records));

	must(records != NULL);
	records_init(records);
	read_in_pieces(records, data, size, SIZE_MAX);
	read_in_pieces(records, data, size, 7);
	records_dispose(records);
	free(records);
	return 0;
}
