/* One FastCGI request: its parameters -> swm_request, swm_sink -> its output stream. */
#ifndef SWM_CGI_BRIDGE_H
#define SWM_CGI_BRIDGE_H

#include "exchange.h"

#include <swm.h>

/* What a worker thread keeps from request to request. */
struct bridge {
	swm_engine *engine;
	swm_request *request;
	swm_error *error;
	char *text; /* header names and a composed target of the current request */
	size_t text_size;
};

/* False when memory ran out; then and later bridge_dispose() frees it. */
bool bridge_init(struct bridge *bridge, swm_engine *engine);
void bridge_dispose(struct bridge *bridge);

/*
 * Answers an accepted request, which has waited for some milliseconds, and logs it.
 * True: the answer is complete, end it with exchange_finish(). False: it is not, end
 * it with exchange_abort().
 */
bool bridge_serve(struct bridge *bridge, struct exchange *exchange, int64_t waited_ms);

#endif
