#include "analyze/diff.h"

#include "view/whatif.h"

static const char *const kind_names[] = {
	[DIFF_RESOURCE] = "resources",
	[DIFF_ROUTE] = "routes",
	[DIFF_REACHABILITY] = "reachability",
	[DIFF_PATH] = "paths",
};

void view_diff_text(const struct diff *diff, struct text *out) {
	for (size_t i = 0; i < diff->count; i++) {
		const struct diff_change *change = &diff->changes[i];
		if (i == 0 || diff->changes[i - 1].kind != change->kind)
			text_printf(out, "%s:\n", kind_names[change->kind]);
		text_printf(out, "  %s %s%s\n", change->where, change->kind <= DIFF_ROUTE ? "" : "to ",
			change->subject);
		if (change->before != NULL)
			text_printf(out, "    - %s\n", change->before[0] != '\0' ? change->before : "there");
		if (change->after != NULL)
			text_printf(out, "    + %s\n", change->after[0] != '\0' ? change->after : "there");
	}
	text_printf(out, "%zu routes, %zu pairs in reachability and %zu in path differ\n",
		diff->by_kind[DIFF_ROUTE], diff->by_kind[DIFF_REACHABILITY], diff->by_kind[DIFF_PATH]);
}

json_t *view_diff_json(const struct diff *diff, const char *before, const char *after) {
	json_t *object = json_object();
	json_t *lists[DIFF_PATH + 1] = {NULL};
	static const struct {
		const char *where, *subject;
	} keys[] = {
		[DIFF_RESOURCE] = {"kind", "name"},
		[DIFF_ROUTE] = {"node", "prefix"},
		[DIFF_REACHABILITY] = {"from", "to"},
		[DIFF_PATH] = {"from", "to"},
	};

	json_put_text(object, "old", before);
	json_put_text(object, "new", after);
	for (size_t i = DIFF_ROUTE; i <= DIFF_PATH; i++)
		lists[i] = json_put_array(object, kind_names[i]);
	for (size_t i = 0; i < diff->count; i++) {
		const struct diff_change *change = &diff->changes[i];
		if (lists[change->kind] == NULL)
			lists[change->kind] = json_put_array(object, kind_names[change->kind]);
		json_t *row = json_push_object(lists[change->kind]);
		json_put_text(row, keys[change->kind].where, change->where);
		json_put_text(row, keys[change->kind].subject, change->subject);
		json_put_text(row, "old", change->before);
		json_put_text(row, "new", change->after);
	}
	return object;
}
