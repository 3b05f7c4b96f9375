/* JSON strings as PostgreSQL writes them. */
#ifndef SWM_JSON_ESCAPE_H
#define SWM_JSON_ESCAPE_H

#include "base/buf.h"

/*
 * Appends the text as a JSON string with its quotes, byte for byte as
 * PostgreSQL's to_json does: \b \f \n \r \t \" \\ by name, other controls as
 * \u00xx, everything else as it is.
 */
void swm_json_quote(swm_buf *to, swm_str text);

#endif
