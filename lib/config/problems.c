#include "config.h"

#include "config/problems.h"

#include <errno.h>

void
swm_origin_write(struct swm_origin origin, swm_buf *to)
{
	if (origin.source.len == 0)
		return;
	swm_buf_str(to, origin.source);
	if (origin.line > 0)
		swm_buf_printf(to, ":%zu", origin.line);
	swm_buf_cstr(to, ": ");
}

swm_buf *
swm_problem(struct swm_problems *problems, struct swm_origin origin)
{
	swm_buf *to = problems->count == 0 ? &problems->first : &problems->rest;

	if (problems->count > 1)
		swm_buf_char(to, '\n');
	problems->count++;
	swm_origin_write(origin, to);
	return to;
}

void
swm_problem_system(struct swm_problems *problems, struct swm_origin origin, swm_str what,
                   int number)
{
	char text[256];

	if (number == ENOMEM) {
		problems->no_memory = true;
		return;
	}
	swm_buf *to = swm_problem(problems, origin);
	swm_buf_str(to, what);
	if (problems->count == 1)
		problems->system_error = number;
	else
		swm_buf_printf(to, ": %s", strerror_r(number, text, sizeof text));
}

static int
report(const struct swm_problems *problems, swm_error *err)
{
	if (problems->no_memory || problems->first.failed || problems->rest.failed)
		return swm_fail_memory(err);
	if (problems->count == 0)
		return SWM_OK;
	int result = problems->system_error != 0
		? swm_fail_errno(err, swm_buf_view(&problems->first), problems->system_error)
		: swm_fail(err, SWM_ERR_CONFIG, swm_buf_view(&problems->first));
	if (problems->count > 1)
		swm_error_set_details(err, swm_buf_view(&problems->rest));
	return result;
}

int
swm_problems_end(struct swm_problems *problems, swm_error *err)
{
	int result = report(problems, err);

	swm_buf_dispose(&problems->first);
	swm_buf_dispose(&problems->rest);
	return result;
}
