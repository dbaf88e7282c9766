/*
 * lib.h - libgit2, loaded at first use: it costs milliseconds and megabytes that most calls of
 * the program do not need. The types are its headers'; the functions are reached through one
 * table, filled once for the process.
 */
#ifndef SYS_REPO_LIB_H
#define SYS_REPO_LIB_H

#include <git2.h>

#include "base/err.h"

/* Every function used, without its git_. */
#define GIT_FUNCTIONS(X)                                                                           \
	X(blob_free)                                                                               \
	X(blob_lookup)                                                                             \
	X(blob_rawcontent)                                                                         \
	X(blob_rawsize)                                                                            \
	X(attr_get)                                                                                \
	X(checkout_options_init)                                                                   \
	X(checkout_tree)                                                                           \
	X(commit_create)                                                                           \
	X(commit_free)                                                                             \
	X(commit_lookup)                                                                           \
	X(commit_message)                                                                          \
	X(commit_parent_id)                                                                        \
	X(commit_parentcount)                                                                      \
	X(commit_time)                                                                             \
	X(commit_tree)                                                                             \
	X(commit_tree_id)                                                                          \
	X(config_free)                                                                             \
	X(config_get_bool)                                                                         \
	X(config_get_int32)                                                                        \
	X(diff_find_similar)                                                                       \
	X(diff_foreach)                                                                            \
	X(diff_free)                                                                               \
	X(diff_get_delta)                                                                          \
	X(diff_num_deltas)                                                                         \
	X(diff_options_init)                                                                       \
	X(diff_print)                                                                              \
	X(diff_status_char)                                                                        \
	X(diff_tree_to_tree)                                                                       \
	X(error_last)                                                                              \
	X(graph_descendant_of)                                                                     \
	X(graph_reachable_from_any)                                                                \
	X(ignore_path_is_ignored)                                                                  \
	X(index_add_bypath)                                                                        \
	X(index_conflict_get)                                                                      \
	X(index_conflict_iterator_free)                                                            \
	X(index_conflict_iterator_new)                                                             \
	X(index_conflict_next)                                                                     \
	X(index_conflict_remove)                                                                   \
	X(index_add)                                                                               \
	X(index_entrycount)                                                                        \
	X(index_find_prefix)                                                                       \
	X(index_free)                                                                              \
	X(index_get_byindex)                                                                       \
	X(index_get_bypath)                                                                        \
	X(index_has_conflicts)                                                                     \
	X(index_read)                                                                              \
	X(index_remove_bypath)                                                                     \
	X(index_write)                                                                             \
	X(index_write_tree)                                                                        \
	X(index_write_tree_to)                                                                     \
	X(libgit2_init)                                                                            \
	X(libgit2_opts)                                                                            \
	X(merge_bases)                                                                             \
	X(merge_commits)                                                                           \
	X(merge_file_from_index)                                                                   \
	X(merge_file_options_init)                                                                 \
	X(merge_file_result_free)                                                                  \
	X(merge_options_init)                                                                      \
	X(merge_trees)                                                                             \
	X(object_free)                                                                             \
	X(object_id)                                                                               \
	X(object_lookup)                                                                           \
	X(object_peel)                                                                             \
	X(blob_create_from_buffer)                                                                 \
	X(oid_cmp)                                                                                 \
	X(oid_cpy)                                                                                 \
	X(oid_fromstr)                                                                             \
	X(oid_is_zero)                                                                             \
	X(oid_tostr)                                                                               \
	X(oidarray_dispose)                                                                        \
	X(reference_free)                                                                          \
	X(reference_iterator_free)                                                                 \
	X(reference_iterator_glob_new)                                                             \
	X(reference_iterator_new)                                                                  \
	X(reference_lookup)                                                                        \
	X(reference_name)                                                                          \
	X(reference_name_to_id)                                                                    \
	X(reference_next)                                                                          \
	X(reference_next_name)                                                                     \
	X(reference_peel)                                                                          \
	X(reference_symbolic_target)                                                               \
	X(reference_target)                                                                        \
	X(reference_type)                                                                          \
	X(repository_config)                                                                       \
	X(repository_free)                                                                         \
	X(repository_head_detached)                                                                \
	X(repository_index)                                                                        \
	X(repository_is_bare)                                                                      \
	X(repository_open_ext)                                                                     \
	X(repository_set_head_detached)                                                            \
	X(repository_state)                                                                        \
	X(repository_state_cleanup)                                                                \
	X(revparse_single)                                                                         \
	X(revwalk_free)                                                                            \
	X(revwalk_hide)                                                                            \
	X(revwalk_new)                                                                             \
	X(revwalk_next)                                                                            \
	X(revwalk_push)                                                                            \
	X(revwalk_sorting)                                                                         \
	X(signature_default)                                                                       \
	X(signature_free)                                                                          \
	X(signature_now)                                                                           \
	X(status_byindex)                                                                          \
	X(status_list_entrycount)                                                                  \
	X(status_list_free)                                                                        \
	X(status_list_new)                                                                         \
	X(status_options_init)                                                                     \
	X(tag_create)                                                                              \
	X(transaction_commit)                                                                      \
	X(transaction_free)                                                                        \
	X(transaction_lock_ref)                                                                    \
	X(transaction_new)                                                                         \
	X(transaction_remove)                                                                      \
	X(transaction_set_target)                                                                  \
	X(tree_entry_byindex)                                                                      \
	X(tree_entry_byname)                                                                       \
	X(tree_entry_bypath)                                                                       \
	X(tree_entry_filemode)                                                                     \
	X(tree_entry_free)                                                                         \
	X(tree_entry_id)                                                                           \
	X(tree_entry_name)                                                                         \
	X(tree_entry_type)                                                                         \
	X(tree_entrycount)                                                                         \
	X(tree_free)                                                                               \
	X(tree_lookup)                                                                             \
	X(tree_walk)                                                                               \
	X(treebuilder_entrycount)                                                                  \
	X(treebuilder_free)                                                                        \
	X(treebuilder_insert)                                                                      \
	X(treebuilder_new)                                                                         \
	X(treebuilder_remove)                                                                      \
	X(treebuilder_write)                                                                       \
	X(branch_is_checked_out)

struct git {
#define FIELD(name) __typeof__(git_##name) *name;
	GIT_FUNCTIONS(FIELD)
#undef FIELD
};

/* The table, or NULL with err filled: E_ABSENT when the library is not installed. Any thread. */
const struct git *git_lib(struct err *err);

/* What libgit2 said of its failure rc, after our words; the status that fits. */
__attribute__((format(printf, 4, 5))) enum status git_fail(const struct git *g, int rc,
                                                           struct err *err, const char *fmt, ...);

#endif
