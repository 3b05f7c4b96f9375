/* What a unit test has: its suite, which tests/unit/main.c runs. */
#ifndef SWM_TESTS_UNIT_H
#define SWM_TESTS_UNIT_H

#include <check.h>

Suite *unit_suite(void);

#endif
