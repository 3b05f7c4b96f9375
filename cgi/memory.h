/* Keeping the program small. */
#ifndef SWM_CGI_MEMORY_H
#define SWM_CGI_MEMORY_H

/* Few malloc arenas for many threads, and free memory goes back. Call before the first thread. */
void memory_limit(void);

/* Gives back what the start alone has used. */
void memory_trim(void);

#endif
