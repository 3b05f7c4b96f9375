#include "config.h"

#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* As many as the kernel allows by default (net.core.somaxconn), which also caps it. */
enum { BACKLOG = 4096 };

static int
socket_option(int fd, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : 0;
}

/* A TCP socket is not taken: any process that reaches it could claim to be any client. */
static bool
is_listening(int fd)
{
	return socket_option(fd, SO_ACCEPTCONN) != 0 && socket_option(fd, SO_DOMAIN) == AF_UNIX;
}

/* Several processes may share the socket: accept() must not block when another was faster. */
static bool
adopt(struct listener *listener, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0
	    || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return false;
	listener->fd = fd;
	listener->path = NULL;
	return true;
}

/* True: a variable that a supervisor set is this decimal number. */
static bool
variable_is(const char *name, long number)
{
	char text[32];
	const char *value = getenv(name);

	snprintf(text, sizeof(text), "%ld", number);
	return value != NULL && strcmp(value, text) == 0;
}

bool
listener_inherit(struct listener *listener)
{
	if (is_listening(STDIN_FILENO))
		return adopt(listener, STDIN_FILENO);
	if (variable_is("LISTEN_PID", (long)getpid()) && variable_is("LISTEN_FDS", 1)
	    && is_listening(3))
		return adopt(listener, 3);
	return false;
}

static bool
fail(const char *path, const char *why)
{
	fprintf(stderr, "swm-fcgi: cannot listen on %s: %s\n", path, why);
	fflush(stderr);
	return false;
}

/* Binds with the mode from the first moment: bind() makes the file with 0777 less the umask. */
static int
bind_with_mode(int fd, const struct sockaddr_un *address, mode_t mode)
{
	mode_t before = umask((mode_t)(~mode & 0777));
	int rc = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	int number = errno;

	umask(before);
	errno = number;
	return rc;
}

/* True: nobody listens on the socket file any more. */
static bool
is_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused;

	if (fd < 0)
		return false;
	refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0
	          && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

/* Removes what lies at the path if that is a stale socket; else says why not. */
static const char *
clear_path(const struct sockaddr_un *address)
{
	struct stat before, after;

	if (lstat(address->sun_path, &before) < 0)
		return errno == ENOENT ? NULL : strerror(errno);
	if (!S_ISSOCK(before.st_mode))
		return "there is a file that is not a socket";
	if (!is_stale(address))
		return "it is in use by another process";
	/* the file may have been replaced by a process that started at the same time */
	if (lstat(address->sun_path, &after) == 0 && after.st_ino != before.st_ino)
		return "it is in use by another process";
	return unlink(address->sun_path) < 0 && errno != ENOENT ? strerror(errno) : NULL;
}

static const char *
bind_path(int fd, const struct sockaddr_un *address, mode_t mode)
{
	const char *why;

	if (bind_with_mode(fd, address, mode) == 0)
		return NULL;
	if (errno != EADDRINUSE)
		return strerror(errno);
	why = clear_path(address);
	if (why == NULL && bind_with_mode(fd, address, mode) < 0)
		why = strerror(errno);
	return why;
}

/* Remembers which file was made. */
static bool
remember(struct listener *listener, const char *path)
{
	struct stat made;

	listener->path = strdup(path);
	if (listener->path == NULL || lstat(path, &made) < 0)
		return false;
	listener->device = made.st_dev;
	listener->inode = made.st_ino;
	return true;
}

bool
listener_make(struct listener *listener, const char *path, mode_t mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	const char *why;

	if (length >= sizeof(address.sun_path))
		return fail(path, "the path of a unix socket has at most 107 bytes");
	memcpy(address.sun_path, path, length + 1);
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		return fail(path, strerror(errno));
	why = bind_path(listener->fd, &address, mode);
	if (why != NULL) {
		listener_close(listener);
		return fail(path, why);
	}
	if (!remember(listener, path) || listen(listener->fd, BACKLOG) < 0) {
		why = strerror(errno);
		listener_close(listener);
		return fail(path, why);
	}
	return true;
}

void
listener_unlink(const struct listener *listener)
{
	struct stat now;

	if (listener->path != NULL && lstat(listener->path, &now) == 0 && now.st_dev == listener->device
	    && now.st_ino == listener->inode)
		unlink(listener->path);
}

void
listener_stop(const struct listener *listener)
{
	int fd;

	listener_unlink(listener);
	if (listener->path == NULL)
		return;
	shutdown(listener->fd, SHUT_RDWR);
	/* connections that are in the queue already would wait until the socket is closed */
	while ((fd = accept(listener->fd, NULL, NULL)) >= 0)
		close(fd);
}

void
listener_close(struct listener *listener)
{
	listener_unlink(listener);
	free(listener->path);
	listener->path = NULL;
	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = -1;
}
