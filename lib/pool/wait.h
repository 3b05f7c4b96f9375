/* Waits for a socket of the database while watching the client's. */
#ifndef SWM_POOL_WAIT_H
#define SWM_POOL_WAIT_H

#include <stdint.h>
#include <swm/types.h>

/*
 * Waits until fd is ready for events (POLLIN, POLLOUT) or has failed: SWM_OK.
 * SWM_ECANCELED: abort_fd (or -1) was hung up; data to read there means nothing.
 * SWM_ETIMEDOUT: the deadline (swm_clock_ms()) has passed.
 */
int swm_pool_wait(int fd, short events, int abort_fd, int64_t deadline);

/* True if the other end of a socket has hung up. -1 is allowed, and never does. */
bool swm_pool_hung_up(int abort_fd);

/* True if fd is readable, or has failed, now. */
bool swm_pool_readable(int fd);

#endif
