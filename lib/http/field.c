#include "config.h"

#include "http/header.h"

bool
swm_is_field(swm_str name, swm_str value)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool word = swm_is_alnum(c);
		if (!word && strchr("!#$%&'*+-.^_`|~", c) == NULL)
			return false;
	}
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.ptr[i] < ' ' && value.ptr[i] != '\t')
			return false;
	return name.len > 0;
}
