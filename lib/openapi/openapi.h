/*
 * The OpenAPI 2.0 document of a schema
 * (https://swagger.io/specification/v2/,
 * https://docs.postgrest.org/en/latest/references/api/openapi.html). Pure, no I/O.
 */
#ifndef SWM_OPENAPI_OPENAPI_H
#define SWM_OPENAPI_OPENAPI_H

#include "base/buf.h"
#include "schema/schema.h"

/*
 * The schema to describe, the role, and the destination. The document grows with the schema, so it
 * is written in pieces: whenever one is complete, flush is called, which may empty the buffer. If
 * flush does not return SWM_OK, writing ends with its result.
 */
typedef struct swm_openapi_request {
	const swm_snapshot *snapshot;
	/* openapi-*; ignore-privileges shows what nobody may use too */
	const swm_settings *settings;
	swm_str schema;
	swm_str role;
	swm_str base_path;            /* where openapi-server-proxy-uri does not say it */
	swm_buf *to;
	int (*flush)(void *user, swm_error *err);
	void *user;
} swm_openapi_request;

/* SWM_ENOMEM, or what flush returned. */
int swm_openapi_write(const swm_openapi_request *request, swm_error *err);

#endif
