#include "config.h"

#include "fcgi.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* https://fastcgi-archives.github.io/FastCGI_Specification.html, 3.3 and 5.1 */
enum { BEGIN_REQUEST = 1, END_REQUEST = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };
enum { FCGI_VERSION = 1, RESPONDER = 1, HEADER_SIZE = 8 };

struct exchange {
	int fd;
	int64_t deadline;
	struct fcgi_answer *answer;
	char head[512]; /* the beginning of the answer: its first fields */
	size_t head_len;
};

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool
fail(struct exchange *x, const char *what, const char *why)
{
	snprintf(x->answer->problem, sizeof x->answer->problem, "%s%s%s", what,
	         why == NULL ? "" : ": ", why == NULL ? "" : why);
	return false;
}

/* Waits for the socket. */
static bool
wait_ready(struct exchange *x, short events)
{
	struct pollfd one = { .fd = x->fd, .events = events };
	int64_t left;

	while ((left = x->deadline - now()) > 0) {
		int n = poll(&one, 1, (int)left);
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return fail(x, "cannot wait for an answer", strerror(errno));
	}
	return fail(x, "no answer in time", NULL);
}

static bool
open_socket(struct exchange *x, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof address.sun_path)
		return fail(x, "the socket's path is too long", NULL);
	memcpy(address.sun_path, path, strlen(path) + 1);
	x->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (x->fd < 0)
		return fail(x, "cannot make a socket", strerror(errno));
	if (connect(x->fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return true;
	/* of a unix socket that is no promise to connect later: its queue is full */
	return fail(x, "cannot connect",
	            errno == EAGAIN ? "too many wait already" : strerror(errno));
}

static size_t
add_record(unsigned char *to, int type, const void *content, size_t len)
{
	const unsigned char head[HEADER_SIZE] = {
		FCGI_VERSION, (unsigned char)type, 0, 1,
		(unsigned char)(len >> 8), (unsigned char)len,
	};

	memcpy(to, head, sizeof head);
	if (len > 0)
		memcpy(to + sizeof head, content, len);
	return sizeof head + len;
}

static size_t
add_param(unsigned char *to, const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = strlen(value);

	to[0] = (unsigned char)name_len; /* all are shorter than 128 */
	to[1] = (unsigned char)value_len;
	memcpy(to + 2, name, name_len);
	memcpy(to + 2 + name_len, value, value_len);
	return 2 + name_len + value_len;
}

static bool
send_request(struct exchange *x)
{
	static const unsigned char begin[8] = { 0, RESPONDER };
	unsigned char params[256], text[512];
	size_t count = 0, len = 0;

	count += add_param(params + count, "REQUEST_METHOD", "OPTIONS");
	count += add_param(params + count, "REQUEST_URI", "/");
	count += add_param(params + count, "SERVER_PROTOCOL", "HTTP/1.1");
	len += add_record(text + len, BEGIN_REQUEST, begin, sizeof begin);
	len += add_record(text + len, PARAMS, params, count);
	len += add_record(text + len, PARAMS, NULL, 0);
	len += add_record(text + len, STDIN, NULL, 0);
	for (size_t sent = 0; sent < len;) {
		if (!wait_ready(x, POLLOUT))
			return false;
		ssize_t n = send(x->fd, text + sent, len - sent, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return fail(x, "cannot send", strerror(errno));
		sent += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool
receive(struct exchange *x, unsigned char *to, size_t len)
{
	while (len > 0) {
		if (!wait_ready(x, POLLIN))
			return false;
		ssize_t n = recv(x->fd, to, len, 0);
		if (n == 0)
			return fail(x, "it closed the connection", NULL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return fail(x, "cannot receive", strerror(errno));
		to += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Keeps of what the request prints as much as there is room for. */
static void
keep_head(struct exchange *x, const unsigned char *content, size_t len)
{
	size_t room = sizeof x->head - 1 - x->head_len;

	len = len < room ? len : room;
	memcpy(x->head + x->head_len, content, len);
	x->head_len += len;
	x->head[x->head_len] = '\0';
}

static bool
receive_answer(struct exchange *x)
{
	unsigned char head[HEADER_SIZE] = { 0 };
	static const size_t largest = 65535 + 255;
	unsigned char *content = malloc(largest);
	bool more = content != NULL || fail(x, "out of memory", NULL), ended = false;

	while (more && !ended) {
		more = receive(x, head, sizeof head);
		if (more && head[0] != FCGI_VERSION)
			more = fail(x, "what answers does not speak FastCGI", NULL);
		size_t len = ((size_t)head[4] << 8) + head[5];
		more = more && receive(x, content, len + head[6]);
		if (more && head[1] == STDOUT)
			keep_head(x, content, len);
		ended = more && head[1] == END_REQUEST;
	}
	free(content);
	return ended;
}

/* The field Status (RFC 3875, 6.3.3); without one it is 200. */
static void
read_status(struct exchange *x)
{
	const char *field = strstr(x->head, "Status:");

	x->answer->status = field == NULL ? 200 : atoi(field + strlen("Status:"));
}

void
fcgi_ask(struct fcgi_answer *answer, const char *path, int milliseconds)
{
	int64_t begin = now();
	struct exchange x = { .fd = -1, .deadline = begin + milliseconds, .answer = answer };

	*answer = (struct fcgi_answer){ 0 };
	if (open_socket(&x, path) && send_request(&x) && receive_answer(&x))
		read_status(&x);
	answer->milliseconds = now() - begin;
	if (x.fd >= 0)
		close(x.fd);
}
