/* main.c - options, wiring, exit code; the only file that sees every layer. */
#include <stdio.h>

#include "base/json.h"
#include "store/db.h"

int main(int argc, char **argv)
{
	(void)argv;
	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	if (argc > 1)
		(void)puts("gadugi " GADUGI_VERSION);
	return 0;
}
