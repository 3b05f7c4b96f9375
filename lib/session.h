#ifndef SWM_LIB_SESSION_H
#define SWM_LIB_SESSION_H

#include "engine.h"

#include <swm/session.h>

struct swm_session {
	swm_engine *engine;
	swm_arena *arena; /* of the identity */
	swm_identity identity;
};

#endif
