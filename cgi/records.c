#include "config.h"

#include "records.h"

#include <fastcgi.h>
#include <stdlib.h>
#include <string.h>

enum {
	SMALL_CONTENT = 512,      /* the most of a record that is read as a whole */
	PARAMS_KEPT = 128 * 1024, /* memory for parameters that stays for the next request */
};

void
records_init(struct records *records)
{
	records->params = NULL;
	records->params_room = 0;
	records_reset(records);
}

void
records_dispose(struct records *records)
{
	free(records->params);
	records->params = NULL;
	records->params_room = 0;
}

static void
forget_params(struct records *records)
{
	records->params_length = 0;
	records->too_large = false;
	if (records->params_room > PARAMS_KEPT)
		records_dispose(records);
}

void
records_reset(struct records *records)
{
	records->at = records->end = 0;
	records->stage = RECORDS_HEADER;
	records->state = RECORDS_IDLE;
	records->keep = false;
	forget_params(records);
}

size_t
records_room(struct records *records, unsigned char **to)
{
	size_t pending = records->end - records->at;

	if (records->at > 0 && pending > 0)
		memmove(records->buffer, records->buffer + records->at, pending);
	records->at = 0;
	records->end = pending;
	*to = records->buffer + pending;
	return sizeof(records->buffer) - pending;
}

void
records_add(struct records *records, size_t length)
{
	records->end += length;
}

bool
records_has_more(const struct records *records)
{
	return records->at < records->end;
}

swm_str
records_params(const struct records *records)
{
	return (swm_str){ records->params, records->params_length };
}

/* A length takes one byte, or four of which the first has its highest bit set. */
static bool
read_length(swm_str *rest, size_t *length)
{
	const unsigned char *bytes = (const unsigned char *)rest->ptr;
	size_t size = rest->len > 0 && bytes[0] >= 0x80 ? 4 : 1;

	if (rest->len < size)
		return false;
	*length = bytes[0];
	if (size == 4)
		*length = (size_t)(bytes[0] & 0x7f) << 24 | (size_t)bytes[1] << 16
		          | (size_t)bytes[2] << 8 | bytes[3];
	rest->ptr += size;
	rest->len -= size;
	return true;
}

bool
records_pair(swm_str *rest, swm_str *name, swm_str *value)
{
	swm_str at = *rest;
	size_t name_length, value_length;

	if (!read_length(&at, &name_length) || !read_length(&at, &value_length))
		return false;
	if (name_length > at.len || value_length > at.len - name_length)
		return false;
	*name = (swm_str){ at.ptr, name_length };
	*value = (swm_str){ at.ptr + name_length, value_length };
	rest->ptr = value->ptr + value_length;
	rest->len = at.len - name_length - value_length;
	return true;
}

static bool
are_pairs(swm_str rest)
{
	swm_str name, value;

	while (records_pair(&rest, &name, &value))
		;
	return rest.len == 0;
}

/* False when it is none that we know. */
static bool
read_header(struct records *records)
{
	const unsigned char *bytes = records->buffer + records->at;

	records->type = bytes[1];
	records->id = (unsigned)bytes[2] << 8 | bytes[3];
	records->length = records->left = (size_t)bytes[4] << 8 | bytes[5];
	records->padding = bytes[6];
	records->at += FCGI_HEADER_LEN;
	return bytes[0] == FCGI_VERSION_1;
}

/* Reads what has come of the current record's content. */
static swm_str
next_content(struct records *records)
{
	size_t pending = records->end - records->at;
	swm_str content = { (const char *)records->buffer + records->at, records->left };

	if (content.len > pending)
		content.len = pending;
	records->at += content.len;
	records->left -= content.len;
	return content;
}

/* True: the record is small, as it should be, and has come as a whole. False: *event says which. */
static bool
is_whole(const struct records *records, enum records_event *event)
{
	*event = records->length > SMALL_CONTENT ? RECORDS_BROKEN : RECORDS_MORE;
	return *event == RECORDS_MORE && records->end - records->at >= records->length;
}

/* A record of the application: its content is padded to a multiple of eight. */
static enum records_event
reply(struct records *records, int type, unsigned id, swm_str content, swm_str *piece)
{
	size_t padding = (8 - content.len % 8) % 8;
	const unsigned char header[FCGI_HEADER_LEN] = { FCGI_VERSION_1, (unsigned char)type,
		(unsigned char)(id >> 8), (unsigned char)id, 0, (unsigned char)content.len,
		(unsigned char)padding, 0 };

	memset(records->reply, 0, sizeof(records->reply));
	memcpy(records->reply, header, sizeof(header));
	memcpy(records->reply + sizeof(header), content.ptr, content.len);
	*piece = (swm_str){ records->reply, sizeof(header) + content.len + padding };
	return RECORDS_REPLY;
}

static enum records_event
refuse_request(struct records *records, char protocol_status, swm_str *piece)
{
	const char body[sizeof(FCGI_EndRequestBody)] = { 0, 0, 0, 0, protocol_status, 0, 0, 0 };

	return reply(records, FCGI_END_REQUEST, records->id, (swm_str){ body, sizeof(body) },
	             piece);
}

static bool
asks_for(swm_str names, swm_str wanted)
{
	swm_str name, value;

	while (records_pair(&names, &name, &value))
		if (name.len == wanted.len && memcmp(name.ptr, wanted.ptr, wanted.len) == 0)
			return true;
	return false;
}

/* Management records, which belong to no request. The one value that we know is told once. */
static enum records_event
read_management(struct records *records, swm_str *piece)
{
	const swm_str known = SWM_STR(FCGI_MPXS_CONNS);
	const swm_str answer = SWM_STR("\017\001" FCGI_MPXS_CONNS "0");
	const char unknown[sizeof(FCGI_UnknownTypeBody)] = { (char)records->type };
	enum records_event event;

	if (!is_whole(records, &event))
		return event;
	swm_str content = next_content(records);
	if (records->type != FCGI_GET_VALUES)
		return reply(records, FCGI_UNKNOWN_TYPE, 0, (swm_str){ unknown, sizeof(unknown) },
		             piece);
	if (!are_pairs(content))
		return RECORDS_BROKEN;
	return reply(records, FCGI_GET_VALUES_RESULT, 0,
	             asks_for(content, known) ? answer : SWM_STR(""), piece);
}

static enum records_event
read_begin(struct records *records, swm_str *piece)
{
	enum records_event event;

	if (!is_whole(records, &event))
		return event;
	swm_str content = next_content(records);
	if (content.len != sizeof(FCGI_BeginRequestBody))
		return RECORDS_BROKEN;
	if (records->state != RECORDS_IDLE && records->id == records->request_id)
		return RECORDS_BROKEN;
	if (records->state != RECORDS_IDLE)
		return refuse_request(records, FCGI_CANT_MPX_CONN, piece);
	if (content.ptr[0] != 0 || content.ptr[1] != FCGI_RESPONDER)
		return refuse_request(records, FCGI_UNKNOWN_ROLE, piece);
	records->request_id = records->id;
	records->keep = (content.ptr[2] & FCGI_KEEP_CONN) != 0;
	records->state = RECORDS_IN_PARAMS;
	forget_params(records);
	return RECORDS_MORE;
}

static bool
grow_params(struct records *records, size_t need)
{
	size_t room = records->params_room < RECORDS_BUFFER ? RECORDS_BUFFER : records->params_room;
	char *params;

	if (need <= records->params_room)
		return true;
	while (room < need)
		room *= 2;
	params = realloc(records->params, room);
	if (params == NULL)
		return false;
	records->params = params;
	records->params_room = room;
	return true;
}

static enum records_event
end_params(struct records *records)
{
	records->state = RECORDS_IN_BODY;
	if (records->too_large)
		records->params_length = 0;
	return are_pairs(records_params(records)) ? RECORDS_REQUEST : RECORDS_BROKEN;
}

static enum records_event
read_params(struct records *records)
{
	if (records->length == 0)
		return end_params(records);
	swm_str content = next_content(records);
	size_t length = records->params_length + content.len;
	if (length > RECORDS_PARAMS_MAX)
		records->too_large = true;
	if (records->too_large || content.len == 0)
		return RECORDS_MORE;
	if (!grow_params(records, length))
		return RECORDS_NO_MEMORY;
	memcpy(records->params + records->params_length, content.ptr, content.len);
	records->params_length = length;
	return RECORDS_MORE;
}

static enum records_event
read_body(struct records *records, swm_str *piece)
{
	if (records->length == 0) {
		records->state = RECORDS_IDLE;
		return RECORDS_END;
	}
	*piece = next_content(records);
	return piece->len > 0 ? RECORDS_BODY : RECORDS_MORE;
}

static enum records_event
read_abort(struct records *records)
{
	records->state = RECORDS_IDLE;
	return RECORDS_ABORTED;
}

/* Reads what has come of the current record's content. */
static enum records_event
read_content(struct records *records, swm_str *piece)
{
	if (records->id == FCGI_NULL_REQUEST_ID)
		return read_management(records, piece);
	if (records->type == FCGI_BEGIN_REQUEST)
		return read_begin(records, piece);
	if (records->state != RECORDS_IDLE && records->id == records->request_id) {
		if (records->type == FCGI_ABORT_REQUEST)
			return read_abort(records);
		if (records->type == FCGI_PARAMS && records->state == RECORDS_IN_PARAMS)
			return read_params(records);
		if (records->type == FCGI_STDIN && records->state == RECORDS_IN_BODY)
			return read_body(records, piece);
		return RECORDS_BROKEN;
	}
	(void)next_content(records); /* its request was refused, or is over */
	return RECORDS_MORE;
}

/* Goes past the padding; false while some of it is still to come. */
static bool
skip_padding(struct records *records)
{
	size_t pending = records->end - records->at;

	if (pending > records->padding)
		pending = records->padding;
	records->at += pending;
	records->padding = (unsigned char)(records->padding - pending);
	return records->padding == 0;
}

enum records_event
records_next(struct records *records, swm_str *piece)
{
	enum records_event event = RECORDS_MORE;

	while (event == RECORDS_MORE) {
		if (records->stage == RECORDS_PADDING) {
			if (!skip_padding(records))
				break;
			records->stage = RECORDS_HEADER;
		}
		if (records->stage == RECORDS_HEADER) {
			if (records->end - records->at < FCGI_HEADER_LEN)
				break;
			if (!read_header(records))
				return RECORDS_BROKEN;
			records->stage = RECORDS_CONTENT;
		}
		event = read_content(records, piece);
		if (records->left > 0)
			break;
		records->stage = RECORDS_PADDING;
	}
	return event;
}
