#include "domain/run/tags.h"

#include <string.h>

#include "base/text.h"
#include "domain/run/record.h"

const char *tags_name(struct runner *r, int64_t batch)
{
	if (!r->options.tags || !r->in_git)
		return NULL;
	return text_printf(r->arena, "gadugi/%s/batch-%lld", r->row.id, (long long)batch);
}

void tags_make(struct runner *r, const struct checkpoint_row *row)
{
	struct oid commit = { "" }, at;
	struct err err = { OK, "" };
	const char *ref, *words;
	enum status st;

	if (row->tag == NULL || row->oid == NULL || r->repo == NULL)
		return;
	memcpy(commit.hex, row->oid, strnlen(row->oid, sizeof commit.hex - 1));
	ref = text_printf(r->arena, "refs/tags/%s", row->tag);
	words = text_printf(r->arena, "Run %s, batch %lld of the plan \"%s\"\n", r->row.id,
	                    (long long)row->batch, r->row.title);
	if (ref == NULL || words == NULL ||
	    (repo_ref_read(r->repo, ref, &at, NULL) == OK && strcmp(at.hex, commit.hex) == 0))
		return;
	st = repo_tag(r->repo, row->tag, &commit, words, &err);
	if (st != OK)
		record_note(r, "not-tagged", "batch %lld was not tagged: %s", (long long)row->batch,
		            err.text);
}

void tags_mend(struct runner *r, const struct checkpoint_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tags_make(r, &rows[i]);
}
