/*
 * The parser of configuration files: any bytes are read or refused, and what was
 * read is shown so that it can be read again.
 */
#include "config.h"

#include "config/values.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
write_line(void *user, swm_str name, swm_str value)
{
	swm_buf_str(user, name);
	swm_buf_cstr(user, " = ");
	swm_buf_str(user, value);
	swm_buf_char(user, '\n');
	return 0;
}

static void
read_again(const swm_config *config, swm_error *err)
{
	swm_buf shown = SWM_BUF_INIT;
	swm_config *again;

	if (swm_config_each(config, write_line, &shown) != 0 || swm_config_new(&again, err) != SWM_OK)
		abort();
	/* a line that was short enough may be shown in more bytes */
	if (swm_config_parse(again, SWM_STR("shown"), swm_buf_view(&shown), err) != SWM_OK &&
	    shown.len < 65536)
		abort();
	swm_config_free(again);
	swm_buf_dispose(&shown);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	swm_error *err = swm_error_new();
	swm_config *config;

	if (err == NULL || swm_config_new(&config, err) != SWM_OK)
		abort();
	int result = swm_config_parse(config, SWM_STR("fuzz"), (swm_str){ (const char *)data, size }, err);
	if (result == SWM_OK)
		read_again(config, err);
	else if (result != SWM_ECONFIG || swm_error_message(err).len == 0)
		abort();
	swm_config_free(config);
	swm_error_free(err);
	return 0;
}
