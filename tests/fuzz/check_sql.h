/* What holds for every statement that swm writes, whatever it was asked. */
#ifndef CHECK_SQL_H
#define CHECK_SQL_H

#include "sql/sql.h"

/*
 * Aborts, after printing the statement, unless its quotes and parentheses balance, it has
 * no comment, dollar quote or second statement, and its parameters are $1 to $param_count,
 * each there and each a text.
 */
void check_sql(const swm_statement *statement);

#endif
