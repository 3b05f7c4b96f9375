#include "config.h"

#include "memory.h"

#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void
memory_limit(void)
{
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_TRIM_THRESHOLD, 128 * 1024);
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

static bool
is_text_relocation(const ElfW(Dyn) *entry)
{
	return entry->d_tag == DT_TEXTREL
	       || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0);
}

/* True: the dynamic linker wrote into the object's code (elf(5), DT_TEXTREL). */
static bool
has_text_relocations(const struct dl_phdr_info *object)
{
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Dyn) *entry = NULL;

		if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
			entry = (const void *)(uintptr_t)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
		for (; entry != NULL && entry->d_tag != DT_NULL; entry++)
			if (is_text_relocation(entry))
				return true;
	}
	return false;
}

/* The pages wholly inside a segment; those at its ends may be shared with another. */
static void
drop_segment(uintptr_t start, size_t length)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t first = (start + page - 1) / page * page;
	uintptr_t end = (start + length) / page * page;

	if (first < end)
		madvise((void *)first, end - first, MADV_DONTNEED);
}

static int
drop_object(struct dl_phdr_info *object, size_t size, void *user)
{
	(void)size;
	(void)user;
	if (has_text_relocations(object))
		return 0;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0)
			drop_segment((uintptr_t)(object->dlpi_addr + segment->p_vaddr), segment->p_filesz);
	}
	return 0;
}

/*
 * libpq brings a dozen libraries with it (LDAP, Kerberos, two TLS ones), whose
 * initialisers touch megabytes of code that is never run again. Segments that
 * nobody can write to are the file's own bytes: pages let go of come back from
 * the page cache when they are used.
 */
void
memory_trim(void)
{
	dl_iterate_phdr(drop_object, NULL);
	malloc_trim(0);
}
