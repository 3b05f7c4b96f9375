#include "config.h"

#include "names.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Functions of this program are static or hidden: only its debugging information names them. */
static FILE *
ask_addr2line(const Dl_info *info, const char *address)
{
	char command[512];

	snprintf(command, sizeof command, "addr2line -s -f -i -e /proc/%d/exe 0x%zx 2>/dev/null",
	         (int)getpid(), (size_t)(address - (const char *)info->dli_fbase));
	return popen(command, "r");
}

/*
 * It answers a line with the function and one with the file for each function that is inlined
 * there. Returns whether the outermost was among them.
 */
static bool
print_own(const Dl_info *info, const char *address, const char *outermost)
{
	char function[256], place[256];
	FILE *answer = ask_addr2line(info, address);
	const char *before = "";
	bool ended = false;

	while (answer != NULL && fgets(function, sizeof function, answer) != NULL &&
	       fgets(place, sizeof place, answer) != NULL) {
		function[strcspn(function, "\n")] = '\0';
		place[strcspn(place, " \n")] = '\0';
		ended = ended || strcmp(function, outermost) == 0;
		if (!ended)
			printf("%s%s(%s)", before, function, place);
		before = " < ";
	}
	if (answer != NULL)
		pclose(answer);
	return ended;
}

static void
print_other(const Dl_info *info)
{
	const char *slash = strrchr(info->dli_fname, '/');

	printf("%s", info->dli_sname != NULL ? info->dli_sname
	             : slash == NULL         ? info->dli_fname
	                                     : slash + 1);
}

void
print_names(void *const *frames, int count, const char *outermost)
{
	Dl_info own, info;
	bool ended = false;

	dladdr((void *)(uintptr_t)print_names, &own);
	for (int i = 0; i < count && !ended; i++) {
		const char *address = (const char *)frames[i] -
		                      1; /* the call, not what is after it */
		if (dladdr(address, &info) == 0)
			continue;
		printf("%s", i > 0 ? " < " : "");
		if (info.dli_fbase == own.dli_fbase)
			ended = print_own(&info, address, outermost);
		else
			print_other(&info);
	}
}
