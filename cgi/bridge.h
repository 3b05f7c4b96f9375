/* One FastCGI request: its parameters -> swm_request, swm_sink -> its output stream. */
#ifndef SWM_CGI_BRIDGE_H
#define SWM_CGI_BRIDGE_H

#include "exchange.h"

#include <swm.h>

/* The part of a worker thread that is kept from request to request. */
struct bridge {
	swm_engine *engine;
	swm_request *request;
	swm_error *error;
	bool (*admit)(void *user); /* true: an anonymous request may be served now */
	void *user;
	bool put_off; /* the current one may not */
};

enum bridge_outcome {
	BRIDGE_COMPLETE, /* end the answer with exchange_finish() */
	BRIDGE_BROKEN,   /* it is not complete: exchange_abort() */
	BRIDGE_PUT_OFF,  /* an anonymous request that may not be served now; nothing was done */
};

/* False when memory ran out; then and later bridge_dispose() frees it. */
bool bridge_init(struct bridge *bridge, swm_engine *engine, bool (*admit)(void *user), void *user);
void bridge_dispose(struct bridge *bridge);

/* Answers an accepted request, which has waited for some milliseconds, and logs it. */
enum bridge_outcome bridge_serve(struct bridge *bridge, struct exchange *exchange,
                                 int64_t waited_ms);

#endif
