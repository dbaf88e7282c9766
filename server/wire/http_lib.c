#include "wire/http_lib.h"

#include <dlfcn.h>
#include <string.h>

static const char *const names[] = {
#define NAME(name) "MHD_" #name,
	MHD_FUNCTIONS(NAME)
#undef NAME
};

enum status http_lib_load(struct mhd *out, struct err *err)
{
	void *so = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);

	if (so == NULL)
		return err_set(err, E_ABSENT,
		               "libmicrohttpd 12 is not installed: install it (Debian: "
		               "libmicrohttpd12), or leave out --http");
	_Static_assert(sizeof(struct mhd) == sizeof names, "one pointer for each name");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		void *found = dlsym(so, names[i]);

		if (found == NULL) {
			(void)dlclose(so);
			return err_set(err, E_ABSENT, "the libmicrohttpd on this machine has no %s",
			               names[i]);
		}
		memcpy((char *)out + i * sizeof found, &found, sizeof found);
	}
	return OK;
}
