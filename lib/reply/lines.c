/* What needs nothing around its lines. */
#include "config.h"

#include "reply/encode.h"

void
swm_no_frame(const swm_encoder *e, swm_buf *to)
{
	(void)e, (void)to;
}

/* EXPLAIN answers a row for each line of text, and one for JSON. */
void
swm_explain_row(const swm_encoder *e, swm_buf *to, const PGresult *result, int row, int64_t number)
{
	(void)e, (void)number;
	swm_buf_add(to, PQgetvalue(result, row, 0), (size_t)PQgetlength(result, row, 0));
	swm_buf_char(to, '\n');
}
