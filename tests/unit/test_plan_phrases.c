/* Dependencies in prose, sentence by sentence, against what a reader takes from each. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "domain/plan.h"

static const char letters[] = "PTVMSCDR";

static const char tasks[] =
    "# Water\n\n| Task | Estimate |\n|---|---|\n| Pipes | 1h |\n| Tank Wall | 1h |\n| Valve Set | "
    "1h |\n"
    "| Main Pump | 1h |\n| Sensor Board | 1h |\n| Control Loop | 1h |\n| Data Logger | 1h |\n"
    "| Roof Cover | 1h |\n\n## About\n\n";

struct score {
	size_t right, wrong, missed;
};

/* Edges of one sentence beside those of the label `P>M V>M`. */
static void judge(const char *sentence, const char *label, struct score *score)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct plan_options options = { 0 };
	struct plan *p = NULL;
	struct err err = { OK, "" };
	char *document = text_printf(a, "%s%s\n", tasks, sentence);
	size_t found = 0, wanted = 0;

	if (plan_read(document, strlen(document), &options, a, &p, &err) != OK)
		fail_msg("%s: %s", sentence, err.text);
	assert_int_equal(p->n_tasks, 8);
	for (const char *s = strchr(label, '>'); s != NULL; s = strchr(s + 1, '>')) {
		size_t from = (size_t)(strchr(letters, s[-1]) - letters);
		size_t to = (size_t)(strchr(letters, s[1]) - letters);

		wanted++;
		for (size_t i = 0; i < p->n_edges; i++)
			found += p->edges[i].from == from && p->edges[i].to == to;
	}
	for (size_t i = 0; i < p->n_edges; i++)
		assert_int_equal(p->edges[i].sources, PLAN_PHRASE);
	score->right += found;
	score->wrong += p->n_edges - found;
	score->missed += wanted - found;
	if (found != wanted || p->n_edges != found)
		print_message("%zu of %zu, %zu invented: %s\n", found, wanted, p->n_edges - found,
		              sentence);
	arena_free(a);
}

/* All sentences of a file, each after a bar what it says. */
static struct score judge_file(const char *path)
{
	FILE *f = fopen(path, "r");
	struct score score = { 0, 0, 0 };
	char line[400];

	if (f == NULL)
		fail_msg("cannot open %s", path);
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		char *bar = strstr(line, " | ");

		if (bar == NULL)
			continue;
		*bar = '\0';
		judge(line, bar + 3, &score);
	}
	if (f != NULL)
		(void)fclose(f);
	print_message("%s: precision %.3f, recall %.3f of %zu\n", path,
	              (double)score.right / (double)(score.right + score.wrong),
	              (double)score.right / (double)(score.right + score.missed),
	              score.right + score.missed);
	return score;
}

static void good_enough(const struct score *score, size_t least)
{
	assert_true(score->right + score->missed >= least);
	assert_true((double)score->right >= 0.95 * (double)(score->right + score->wrong));
	assert_true((double)score->right >= 0.85 * (double)(score->right + score->missed));
}

static void prose_is_read_as_a_reader_reads_it(void **state)
{
	struct score score = judge_file("tests/plans/phrases.md");

	(void)state;
	good_enough(&score, 38);
}

/* Sentences that the reader of phrases was not made with. */
static void prose_it_was_not_made_with_is_read_as_well(void **state)
{
	struct score score = judge_file("tests/plans/heldout.md");

	(void)state;
	good_enough(&score, 40);
}

int main(void)
{
	const struct CMUnitTest tests_of_prose[] = {
		cmocka_unit_test(prose_is_read_as_a_reader_reads_it),
		cmocka_unit_test(prose_it_was_not_made_with_is_read_as_well),
	};

	return cmocka_run_group_tests(tests_of_prose, NULL, NULL);
}
