/*
 * Requests and answers over one connection of the web server, as libfcgi's streams.
 * The socket's side of the streams is ours: every wait for the web server ends.
 */
#ifndef SWM_CGI_EXCHANGE_H
#define SWM_CGI_EXCHANGE_H

#include "records.h"

#include <fcgiapp.h>

/* The part of a worker thread that is kept from connection to connection. */
struct exchange {
	int fd;
	FCGX_Stream in, out; /* the body of the request, the answer */
	struct records records;
	int patience_ms; /* how long the web server may keep us waiting for the next mebibyte */
	int64_t waited_ms; /* for the current one */
	size_t moved;    /* bytes of the current one */
	bool stalled;    /* it took longer */
	unsigned char buffer[16 * 1024];
};

/* patience_ms bounds the waits for the web server. */
void exchange_init(struct exchange *exchange, int patience_ms);
void exchange_dispose(struct exchange *exchange);

/* Begins with a connection, which stays the caller's. */
void exchange_open(struct exchange *exchange, int fd);

/*
 * Reads a request up to its parameters, which are in exchange->records. False: there
 * is none, and the connection is of no more use.
 */
bool exchange_accept(struct exchange *exchange);

/*
 * Takes what was read of a request that was accepted, and of whose body nothing was read, for
 * exchange_resume(). NULL when memory ran out.
 */
struct records *exchange_park(struct exchange *exchange);

/* Begins with the connection of a parked request, as accepted. parked is freed. */
void exchange_resume(struct exchange *exchange, int fd, struct records *parked);

/* True: the web server has closed the connection. */
bool exchange_is_left(const struct exchange *exchange);

/* Ends the answer. True: the connection may be kept for another request. */
bool exchange_finish(struct exchange *exchange);

/*
 * Ends an answer so that what was sent of it cannot pass for all of it. The connection
 * must then be closed.
 */
void exchange_abort(struct exchange *exchange);

/* True: a part of the next request has come already. */
bool exchange_has_more(const struct exchange *exchange);

#endif
