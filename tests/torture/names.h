/* The functions that return addresses stand in, for a person. */
#ifndef SWM_TESTS_NAMES_H
#define SWM_TESTS_NAMES_H

/*
 * Prints them, "inner < outer < ...", up to the function of this program that is called so. Of
 * this program they are known where addr2line is installed.
 */
void print_names(void *const *frames, int count, const char *outermost);

#endif
