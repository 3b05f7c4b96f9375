#include "config.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 256 };

void
swm_buf_dispose(swm_buf *buf)
{
	free(buf->ptr);
	*buf = (swm_buf)SWM_BUF_INIT;
}

void
swm_buf_clear(swm_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->ptr != NULL)
		buf->ptr[0] = '\0';
}

char *
swm_buf_reserve(swm_buf *buf, size_t len)
{
	if (buf->failed)
		return NULL;
	if (len < buf->cap - buf->len) /* one byte stays for the NUL */
		return buf->ptr + buf->len;
	size_t need, cap = buf->cap < SMALLEST ? SMALLEST : buf->cap;
	if (__builtin_add_overflow(buf->len, len, &need) || need > SIZE_MAX / 2 - 1)
		goto fail;
	while (cap <= need)
		cap *= 2;
	char *p = realloc(buf->ptr, cap);
	if (p == NULL)
		goto fail;
	buf->ptr = p;
	buf->cap = cap;
	return p + buf->len;
fail:
	buf->failed = true;
	return NULL;
}

void
swm_buf_add(swm_buf *buf, const void *bytes, size_t len)
{
	char *to = swm_buf_reserve(buf, len);
	if (to == NULL)
		return;
	if (len > 0)
		memcpy(to, bytes, len);
	buf->len += len;
	buf->ptr[buf->len] = '\0';
}

void
swm_buf_hex(swm_buf *buf, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *from = bytes;
	char *at = len > SIZE_MAX / 2 ? NULL : swm_buf_reserve(buf, 2 * len);

	if (at == NULL) {
		buf->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		*at++ = digits[from[i] >> 4];
		*at++ = digits[from[i] & 15];
	}
	buf->len += 2 * len;
	buf->ptr[buf->len] = '\0'; /* swm_buf_reserve() leaves room for it */
}

void
swm_buf_str(swm_buf *buf, swm_str s)
{
	swm_buf_add(buf, s.ptr, s.len);
}

void
swm_buf_char(swm_buf *buf, char c)
{
	swm_buf_add(buf, &c, 1);
}

void
swm_buf_int(swm_buf *buf, int64_t n)
{
	/* length of INT64_MIN: a sign and 19 */
	char digits[20], *end = digits + sizeof digits, *p = end;
	uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	do
		*--p = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (n < 0)
		*--p = '-';
	swm_buf_add(buf, p, (size_t)(end - p));
}

void
swm_buf_vprintf(swm_buf *buf, const char *format, va_list args)
{
	size_t room = buf->failed ? 0 : buf->cap - buf->len;
	va_list again;

	va_copy(again, args);
	int n = vsnprintf(room == 0 ? NULL : buf->ptr + buf->len, room, format, args);
	if (n < 0) {
		buf->failed = true;
	} else if ((size_t)n >= room) { /* the text was truncated: write it again */
		char *to = swm_buf_reserve(buf, (size_t)n);
		if (to != NULL)
			vsnprintf(to, (size_t)n + 1, format, again);
	}
	if (!buf->failed)
		buf->len += (size_t)n;
	else if (room > 0)
		buf->ptr[buf->len] = '\0';
	va_end(again);
}

void
swm_buf_printf(swm_buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	swm_buf_vprintf(buf, format, args);
	va_end(args);
}

swm_str
swm_buf_view(const swm_buf *buf)
{
	return (swm_str){ buf->ptr, buf->len };
}

const char *
swm_buf_text(const swm_buf *buf)
{
	return buf->ptr == NULL ? "" : buf->ptr;
}
