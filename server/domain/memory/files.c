/* files.c - import and export by file. */
#include "base/mem.h"
#include "domain/memory/own.h"
#include "sys/fs.h"

#define FILE_MAX_BYTES ((size_t)1 << 30)

enum status memory_import_file(struct project *p, const atomic_bool *stop, const char *path,
                               enum memory_format format, struct memory_imported *out,
                               struct arena *a, struct err *err)
{
	struct arena *file = arena_new(FILE_MAX_BYTES + FS_PATH_MAX + 4096);
	struct memory_source source = { .format = format };
	char *bytes, *whole;
	enum status st;

	if (file == NULL)
		return err_nomem(err, "a file");
	st = fs_resolve(path, file, &whole, err);
	if (st == OK && (st = fs_read(whole, FILE_MAX_BYTES, file, &bytes, &source.n, err)) == OK) {
		source.bytes = bytes;
		st = memory_import(p, stop, &source, a, out, err);
	}
	arena_free(file);
	return st;
}

enum status memory_export_file(struct project *p, const atomic_bool *stop, const char *path,
                               enum memory_format format, size_t *size_bytes, struct err *err)
{
	struct text out;
	enum status st;

	text_init(&out, FILE_MAX_BYTES);
	if ((st = memory_export(p, stop, format, &out, err)) == OK)
		st = fs_write(path, text_string(&out), out.len, 0600, err);
	*size_bytes = out.len;
	text_done(&out);
	return st;
}
