/*
 * own.h - what a witness is made of: files, commits, and which of them belong together.
 */
#ifndef DOMAIN_WITNESS_OWN_H
#define DOMAIN_WITNESS_OWN_H

#include "domain/memory/postings.h"
#include "domain/memory/terms.h"
#include "domain/witness.h"

#define WITNESS_NONE UINT32_MAX

struct witness_file {
	char *path;       /* owned */
	uint32_t words;   /* of its path */
	uint32_t changes; /* commits that changed it */
	uint32_t newest;  /* its newest link, or WITNESS_NONE */
	bool there;
};

/* A commit changed a file. Those of one commit stand together. */
struct witness_link {
	uint32_t file, commit;
	uint32_t older; /* the file's next older link, or WITNESS_NONE */
};

struct witness_past {
	int64_t at_ms;
	uint32_t words;
	uint32_t first, n; /* links */
};

struct witness {
	struct terms *terms;          /* owned */
	struct postings paths, pasts; /* which files, which commits have a word */
	struct witness_file *files;   /* owned, as all arrays here */
	struct witness_past *commits;
	struct witness_link *links;
	uint32_t *slots; /* of files by the hash of their path: index + 1 */
	size_t n_files, files_room, n_commits, commits_room, n_links, links_room, n_slots;
	uint64_t path_words, past_words;
	int64_t newest_ms;
	/* of each file or commit; zero between calls */
	float *path_score, *past_score, *file_score, *share;
	size_t scratch_files, scratch_commits; /* room in them */
};

#endif
