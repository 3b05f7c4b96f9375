/* A growing buffer that remembers a failure: append freely, check once at the end. */
#ifndef SWM_BASE_BUF_H
#define SWM_BASE_BUF_H

#include <swm/types.h>

#include <stdarg.h>
#include <string.h>

typedef struct swm_buf {
	char *ptr; /* NUL-terminated once anything was appended; NULL before */
	size_t len;
	size_t cap;
	bool failed; /* memory ran out; further appends do nothing */
} swm_buf;

#define SWM_BUF_INIT { NULL, 0, 0, false }

/* Frees the bytes; the struct can be used again. */
void swm_buf_dispose(swm_buf *buf);

/* Empties it, keeps the memory, forgets a failure. */
void swm_buf_clear(swm_buf *buf);

void swm_buf_add(swm_buf *buf, const void *bytes, size_t len);
/* Two hexadecimal digits for each byte. */
void swm_buf_hex(swm_buf *buf, const void *bytes, size_t len);
void swm_buf_str(swm_buf *buf, swm_str s);

/* Inline, so that a literal's length is known where it is compiled. */
static inline void
swm_buf_cstr(swm_buf *buf, const char *s)
{
	swm_buf_add(buf, s, strlen(s));
}

void swm_buf_char(swm_buf *buf, char c);
void swm_buf_int(swm_buf *buf, int64_t n);
void swm_buf_printf(swm_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void swm_buf_vprintf(swm_buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Makes room for len more bytes and returns where to write them; NULL when failed. */
char *swm_buf_reserve(swm_buf *buf, size_t len);

/* A view of what is in it, until the next change. */
swm_str swm_buf_view(const swm_buf *buf);

/* The bytes as a C string ("" when empty), until the next change. */
const char *swm_buf_text(const swm_buf *buf);

#endif
