// Failures and what they change, the results of tests, the differences of two files.
#pragma once

#include "analyze/diff.h"
#include "analyze/expect.h"
#include "analyze/whatif.h"
#include "view/view.h"

void view_whatif_text(const struct view *view, const struct matrix *before,
	const struct whatif *results, size_t count, struct text *out);
json_t *view_whatif_json(const struct view *view, const struct matrix *before,
	const struct whatif *results, size_t count);

void view_tests_text(const struct view *view, const struct expect *tests,
	const struct expect_result *results, size_t count, struct text *out);
json_t *view_tests_json(const struct view *view, const struct expect *tests,
	const struct expect_result *results, size_t count);

void view_diff_text(const struct diff *diff, struct text *out);
json_t *view_diff_json(const struct diff *diff, const char *before, const char *after);
