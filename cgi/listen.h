/* The socket on which the web server reaches us: handed down, or made. */
#ifndef SWM_CGI_LISTEN_H
#define SWM_CGI_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

struct listener {
	int fd;           /* not blocking; -1 when there is none */
	char *path;       /* where the socket was made; NULL when it was handed down */
	dev_t device;     /* which file that is, so that a successor's is not removed */
	ino_t inode;
};

/*
 * Takes the listening unix socket that a supervisor handed down: standard input, as
 * FastCGI has it (spawn-fcgi), or descriptor 3 with LISTEN_PID and LISTEN_FDS=1
 * (sd_listen_fds(3)). False when there is none.
 */
bool listener_inherit(struct listener *listener);

/*
 * Makes a unix socket at path with a file mode. A file that is left from a process
 * that has ended is replaced. On failure writes one line to standard error and
 * returns false.
 */
bool listener_make(struct listener *listener, const char *path, mode_t mode);

/* Removes the file of a socket that was made here. */
void listener_unlink(const struct listener *listener);

/*
 * Takes no more connections on a socket that was made here, so that the web server
 * is refused at once and need not wait. One that was handed down stays as it is:
 * connections that come there wait for our successor.
 */
void listener_stop(const struct listener *listener);

/* Removes the file and closes the socket. */
void listener_close(struct listener *listener);

#endif
