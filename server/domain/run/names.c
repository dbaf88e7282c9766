#include "domain/run/names.h"

#include <stdbool.h>
#include <string.h>

static bool before(const struct name *a, const struct name *b)
{
	int order = strcmp(a->text, b->text);

	return order < 0 || (order == 0 && a->index < b->index);
}

static void sift(struct name *names, size_t at, size_t end, struct name held)
{
	size_t child;

	while ((child = 2 * at + 1) < end) {
		if (child + 1 < end && before(&names[child], &names[child + 1]))
			child++;
		if (!before(&held, &names[child]))
			break;
		names[at] = names[child];
		at = child;
	}
	names[at] = held;
}

void names_sort(struct name *names, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(names, i, n, names[i]);
	for (size_t end = n; end > 1;) {
		struct name last = names[--end];

		names[end] = names[0];
		sift(names, 0, end, last);
	}
}

size_t names_find(const struct name *names, size_t n, const char *text)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(names[mid].text, text) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && strcmp(names[low].text, text) == 0 ? names[low].index : NAMES_NONE;
}
