/* Time: deadlines on the monotonic clock, and the time of day. */
#ifndef SWM_BASE_CLOCK_H
#define SWM_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t swm_clock_ms(void);

/* Microseconds of the same. */
int64_t swm_clock_us(void);

/* Seconds since 1970 of CLOCK_REALTIME. */
int64_t swm_clock_unix(void);

/* Milliseconds until a deadline, for poll(): 0 when it has passed, INT_MAX at most. */
int swm_clock_left(int64_t deadline_ms);

#endif
