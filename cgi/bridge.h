/* One FastCGI request: its parameters -> swm_request, swm_sink -> its output stream. */
#ifndef SWM_CGI_BRIDGE_H
#define SWM_CGI_BRIDGE_H

#include <fcgiapp.h>
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
 * Answers an accepted request and logs it. True: the answer is complete, end it
 * with FCGX_Finish_r(). False: it is not, end it with bridge_abort().
 */
bool bridge_serve(struct bridge *bridge, FCGX_Request *fcgi);

/* Ends a request so that what was sent of its answer cannot pass for all of it. */
void bridge_abort(FCGX_Request *fcgi);

#endif
