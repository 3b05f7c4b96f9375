/* One question to swm-fcgi, to see whether it answers. */
#ifndef SWM_CLI_FCGI_H
#define SWM_CLI_FCGI_H

#include <stdint.h>

struct fcgi_answer {
	int status;           /* HTTP's; 0: there was no answer */
	int64_t milliseconds; /* that it took */
	char problem[192];    /* why there was none */
};

/* Asks OPTIONS / at a unix socket; it takes so many milliseconds at most. */
void fcgi_ask(struct fcgi_answer *answer, const char *path, int milliseconds);

#endif
