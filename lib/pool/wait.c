#include "config.h"

#include "pool/wait.h"

#include "base/clock.h"

#include <poll.h>

/* POLLHUP and POLLERR are always told; POLLRDHUP comes earlier than POLLHUP on TCP. */
enum { HANG_UP = POLLRDHUP | POLLHUP | POLLERR | POLLNVAL };

int
swm_pool_wait(int fd, short events, int abort_fd, int64_t deadline)
{
	struct pollfd fds[2] = {
		{ .fd = fd, .events = events },
		{ .fd = abort_fd, .events = POLLRDHUP }, /* poll() passes over a negative one */
	};

	for (;;) {
		int n = poll(fds, 2, swm_clock_left(deadline));
		if (n > 0 && (fds[1].revents & HANG_UP) != 0)
			return SWM_ECANCELED;
		if (n > 0)
			return SWM_OK;
		if (n == 0 && swm_clock_left(deadline) == 0)
			return SWM_ETIMEDOUT;
		/* EINTR, or poll() has no memory for the moment: ask again */
	}
}

static bool
polls(int fd, short events, int wanted)
{
	struct pollfd one = { .fd = fd, .events = events };

	return poll(&one, 1, 0) == 1 && (one.revents & wanted) != 0;
}

bool
swm_pool_hung_up(int abort_fd)
{
	return abort_fd >= 0 && polls(abort_fd, POLLRDHUP, HANG_UP);
}

bool
swm_pool_readable(int fd)
{
	return polls(fd, POLLIN, POLLIN | HANG_UP);
}
