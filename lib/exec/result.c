#include "config.h"

#include "exec/result.h"

#include "base/str.h"

#include <libpq-fe.h>

int
swm_result_rows(const swm_result *result)
{
	return PQntuples(result);
}

int
swm_result_columns(const swm_result *result)
{
	return PQnfields(result);
}

/* PQcmdTuples() only reads, whatever its type says. */
bool
swm_result_affected(int64_t *out, const swm_result *result)
{
	return swm_str_int64(swm_cstr(PQcmdTuples((swm_result *)(uintptr_t)result)), out);
}

swm_str
swm_result_cell(const swm_result *result, int row, int column)
{
	return (swm_str){ PQgetvalue(result, row, column),
		          (size_t)PQgetlength(result, row, column) };
}

bool
swm_result_is_null(const swm_result *result, int row, int column)
{
	return PQgetisnull(result, row, column);
}

bool
swm_result_int64(int64_t *out, const swm_result *result, int row, int column)
{
	return swm_str_int64(swm_result_cell(result, row, column), out);
}

void
swm_result_numbers(int64_t *out, const swm_result *result, int most)
{
	for (int i = 0; i < swm_result_columns(result) && i < most; i++)
		(void)swm_result_int64(&out[i], result, 0, i);
}

bool
swm_result_put_bytes(swm_buf *to, const swm_result *result, int row, int column)
{
	size_t len;
	unsigned char *bytes = PQunescapeBytea(
		(const unsigned char *)PQgetvalue(result, row, column), &len);

	if (bytes == NULL)
		return false;
	swm_buf_add(to, bytes, len);
	PQfreemem(bytes);
	return !to->failed;
}

swm_str
swm_result_context(const swm_result *failed)
{
	return swm_cstr(PQresultErrorField(failed, PG_DIAG_CONTEXT));
}
