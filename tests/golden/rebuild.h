/* A query built again from what can be seen of another, by the public interface alone. */
#ifndef REBUILD_H
#define REBUILD_H

#include <swm.h>

/* Ends the program when anything fails. The new query is the caller's. */
swm_query *rebuild(swm_query *query);

#endif
