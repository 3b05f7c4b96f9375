/* The format of a request's body: Content-Type and Content-Encoding (RFC 9110, 8.3 and 8.4). */
#ifndef SWM_HTTP_CONTENT_H
#define SWM_HTTP_CONTENT_H

#include "error/error.h"

enum swm_content {
#define SWM_CONTENT(name, type) SWM_CONTENT_##name,
#include "http/content.def"
#undef SWM_CONTENT
	SWM_CONTENT_OTHER, /* none of these */
};

/* The type that a Content-Type field names, whatever its parameters; JSON when there is none. */
enum swm_content swm_content_of(swm_str field);

/* CONTENT_TYPE (SWM_EPARSE): the request cannot have such a body. */
int swm_content_fail(swm_error *err, swm_str field);

/*
 * CONTENT_CODING (SWM_EREFUSED), with the Accept-Encoding that RFC 9110, 15.5.16 asks for:
 * the body is coded as the Content-Encoding field says, and is not decoded here.
 */
int swm_content_check_coding(swm_error *err, swm_str field);

#endif
