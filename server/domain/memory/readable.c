/* readable.c - what of a store an actor may read: scopes, and what is said in them. */
#include "domain/config.h"
#include "domain/memory/own.h"

enum status memory_readable(const struct index_data *d, const struct memory_reader *who,
                            struct arena *a, struct memory_readable *out, struct err *err)
{
	bool *scopes = arena_take(a, d->n_scopes + 1);

	if (scopes == NULL)
		return err_nomem(err, "the scopes");
	for (size_t i = 0; i < d->n_scopes; i++) {
		const char *words;

		if (d->scopes[i].kind == NULL)
			continue;
		if ((words = memory_scope_text(d->scopes[i].kind, d->scopes[i].key, a)) == NULL)
			return err_nomem(err, "the scopes");
		scopes[i] = who->config == NULL || config_may_read(who->config, who->actor, words);
	}
	*out = (struct memory_readable){ scopes, d->n_scopes };
	return OK;
}

bool memory_is_readable(const struct memory_readable *r, uint32_t scope)
{
	return scope < r->n && r->scopes[scope];
}

bool memory_entity_is_readable(const struct index_data *d, const struct memory_readable *r,
                               uint32_t entity)
{
	const struct index_entity *e = &d->entities[entity];

	for (uint32_t doc = e->docs; doc != INDEX_NONE; doc = d->docs[doc].entity_next)
		if (memory_is_readable(r, d->docs[doc].scope))
			return true;
	for (uint32_t i = e->out; i != INDEX_NONE; i = d->relations[i].out_next)
		if (memory_is_readable(r, d->relations[i].scope))
			return true;
	for (uint32_t i = e->in; i != INDEX_NONE; i = d->relations[i].in_next)
		if (memory_is_readable(r, d->relations[i].scope))
			return true;
	return false;
}
