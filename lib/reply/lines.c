/* Bodies that PostgreSQL has already written, line by line. */
#include "config.h"

#include "reply/encode.h"

#include <libpq-fe.h>

void
swm_no_frame(const swm_encoder *e, swm_buf *to)
{
	(void)e, (void)to;
}

/* EXPLAIN answers a row for each line of text, and one for JSON. */
void
swm_explain_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row,
                int64_t number)
{
	(void)e, (void)number;
	swm_buf_add(to, PQgetvalue(result, row, 0), (size_t)PQgetlength(result, row, 0));
	swm_buf_char(to, '\n');
}

/* bytea's text form stands for bytes; everything else is text. */
void
swm_raw_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row, int64_t number)
{
	const char *text = PQgetvalue(result, row, 0);
	size_t len = (size_t)PQgetlength(result, row, 0);

	(void)number;
	if (!e->plan->is_bytea) {
		swm_buf_add(to, text, len);
		return;
	}
	unsigned char *bytes = PQunescapeBytea((const unsigned char *)text, &len);
	if (bytes != NULL)
		swm_buf_add(to, bytes, len);
	to->failed |= bytes == NULL;
	PQfreemem(bytes);
}

void
swm_features_begin(const swm_encoder *e, swm_buf *to)
{
	(void)e;
	swm_buf_cstr(to, "{\"type\" : \"FeatureCollection\", \"features\" : [");
}

void
swm_features_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row,
                 int64_t number)
{
	(void)e;
	if (number > 0)
		swm_buf_cstr(to, ", ");
	swm_buf_add(to, PQgetvalue(result, row, 0), (size_t)PQgetlength(result, row, 0));
}

void
swm_features_end(const swm_encoder *e, swm_buf *to)
{
	(void)e;
	swm_buf_cstr(to, "]}");
}
