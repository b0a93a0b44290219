#include "view/whatif.h"

static const char *test_place(const struct view *view, const struct expect *test) {
	if (test->place.file == NULL)
		return NULL;
	return arena_printf(view->arena, "%s:%d", test->place.file, test->place.line);
}

void view_tests_text(const struct view *view, const struct expect *tests,
	const struct expect_result *results, size_t count, struct text *out) {
	size_t passed = 0;

	for (size_t i = 0; i < count; i++) {
		const char *place = test_place(view, &tests[i]);
		passed += results[i].passed;
		view_colour(view, results[i].passed ? VIEW_GOOD : VIEW_BAD, out);
		text_add(out, results[i].passed ? "passed" : "FAILED");
		view_colour(view, VIEW_PLAIN, out);
		text_printf(out, "  %s", tests[i].name);
		if (place != NULL)
			text_printf(out, " (%s)", place);
		if (!results[i].passed)
			text_printf(out, "\n        %s", results[i].why);
		text_add_char(out, '\n');
	}
	text_printf(out, "%zu passed, %zu failed\n", passed, count - passed);
}

json_t *view_tests_json(const struct view *view, const struct expect *tests,
	const struct expect_result *results, size_t count) {
	json_t *object = json_object();
	size_t passed = 0;

	for (size_t i = 0; i < count; i++)
		passed += results[i].passed;
	json_put_int(object, "passed", (long long)passed);
	json_put_int(object, "failed", (long long)(count - passed));
	json_t *list = json_put_array(object, "tests");
	for (size_t i = 0; i < count; i++) {
		json_t *row = json_push_object(list);
		json_put_text(row, "name", tests[i].name);
		json_put_text(row, "from", view_node(view, tests[i].question.from));
		json_put_text(row, "to",
			tests[i].question.to != TOPO_NONE ? view_node(view, tests[i].question.to)
											  : view_ip(view, tests[i].question.destination));
		json_put_bool(row, "passed", results[i].passed);
		json_put_text(row, "why", results[i].why);
		json_put_text(row, "origin", test_place(view, &tests[i]));
	}
	return object;
}
