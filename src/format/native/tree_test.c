#include "format/native/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "format/native/native.h"

static const char *said(const char *chars, size_t length, struct text *out) {
	struct arena *arena = arena_new();
	struct diagnostics *mistakes = diagnostics_new();
	const struct tree_node *tree = tree_parse("x.yaml", chars, length, arena, mistakes);

	// Keys that stand twice leave a tree, in which they are marked.
	assert_true(tree || diagnostics_error_count(mistakes) > 0);
	text_clear(out);
	diagnostics_format(mistakes, out);
	diagnostics_free(mistakes);
	arena_free(arena);
	return text_chars(out);
}

static void a_mistake_names_its_place(void **state) {
	static const struct {
		const char *file, *said;
	} cases[] = {
		{"", "x.yaml:1:1: error: the file is empty\n"},
		{"# words\n", "x.yaml:1:1: error: the file is empty\n"},
		{"a: b: c",
			"x.yaml:1:5: error: not valid YAML: invalid nested block mapping on the same line\n"},
		{"a: fd00::",
			"x.yaml:1:9: error: not valid YAML: invalid nested block mapping on the same line (an "
			"IPv6 address has to be quoted here)\n"},
		{"a:\n\tb: 1",
			"x.yaml:2:1: error: not valid YAML: tab character may not be used as indentation\n"},
		{"a: 1\n---\nb: 1\n",
			"x.yaml:2:1: error: a second document starts here; a file holds one\n"},
		{"a: 1\nb: 1\na: 2\na: 3\n",
			"x.yaml:3:1: error: the key \"a\" stands in line 1 already\n"
			"x.yaml:4:1: error: the key \"a\" stands in line 1 already\n"},
		{"? [a]\n: b\n", "x.yaml:1:3: error: a key is a single word here\n"},
		{"a: *b\n", "x.yaml:1:4: error: nothing before this is anchored as \"&b\"\n"},
		{"a: &b [*b]\n", "x.yaml:1:8: error: the alias stands inside of what it refers to\n"},
		{"a: \"x\\0y\"\n", "x.yaml:1:4: error: the text has a NUL character in it\n"},
		{"a: b\nc: \xff\n", "x.yaml:2:4: error: not UTF-8 text\n"},
		{"a: \xc0\x80\n", "x.yaml:1:4: error: not UTF-8 text\n"},
		{"a: \xed\xa0\x80\n", "x.yaml:1:4: error: not UTF-8 text\n"},
	};
	struct text out;
	(void)state;

	text_init(&out);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(said(cases[i].file, strlen(cases[i].file), &out), cases[i].said);
	text_done(&out);
}

static void values_keep_their_places_and_kinds(void **state) {
	static const char file[] = "a: [1, \"2\", ~, ]\nb: {c: d}\ne:\nf: \"\"\n";
	struct arena *arena = arena_new();
	struct diagnostics *mistakes = diagnostics_new();
	const struct tree_node *tree = tree_parse("x", file, strlen(file), arena, mistakes);
	(void)state;

	assert_non_null(tree);
	assert_int_equal(tree->kind, TREE_MAP);
	assert_int_equal(tree->count, 4);
	const struct tree_node *list = tree->values[0];
	assert_int_equal(list->kind, TREE_LIST);
	assert_int_equal(list->count, 3);
	assert_string_equal(list->values[0]->text, "1");
	assert_false(list->values[0]->is_quoted);
	assert_true(list->values[1]->is_quoted);
	assert_int_equal(list->values[1]->place.column, 8);
	assert_int_equal(list->values[2]->kind, TREE_NULL);
	assert_string_equal(tree->values[1]->keys[0]->text, "c");
	assert_int_equal(tree->values[1]->keys[0]->place.line, 2);
	assert_int_equal(tree->values[2]->kind, TREE_NULL);
	assert_int_equal(tree->values[3]->kind, TREE_SCALAR);
	diagnostics_free(mistakes);
	arena_free(arena);
}

static void an_alias_is_the_node_it_means(void **state) {
	static const char file[] = "a: &x {k: 1}\nb: *x\nc: &x 2\nd: *x\n";
	struct arena *arena = arena_new();
	struct diagnostics *mistakes = diagnostics_new();
	const struct tree_node *tree = tree_parse("x", file, strlen(file), arena, mistakes);
	(void)state;

	assert_non_null(tree);
	assert_ptr_equal(tree->values[0], tree->values[1]);
	assert_ptr_equal(tree->values[2], tree->values[3]);
	diagnostics_free(mistakes);
	arena_free(arena);
}

static void json_is_read_too(void **state) {
	static const char file[] = "{\n\t\"a\": [true, 1.5],\n\t\"b\": {\"c\": null}\n}\n";
	struct text out;
	(void)state;

	text_init(&out);
	assert_string_equal(said(file, strlen(file), &out), "");
	text_done(&out);
}

// Each of these would be slow or deep if it were followed to its end.
static void limits_are_reached_not_passed(void **state) {
	struct text file, out;
	(void)state;

	text_init(&file);
	text_init(&out);
	for (int i = 0; i < 20000; i++)
		text_add_char(&file, '[');
	assert_string_equal(said(text_chars(&file), file.length, &out),
		"x.yaml:1:33: error: nested too deeply; the limit is 32\n");

	text_clear(&file);
	text_add_char(&file, '[');
	for (int i = 0; i < NATIVE_NODES_MAX; i++)
		text_add(&file, "1,");
	said(text_chars(&file), file.length, &out);
	assert_non_null(strstr(text_chars(&out), "the file has too many values; the limit is 500000"));

	text_clear(&file);
	text_add_char(&file, '#');
	while (file.length <= NATIVE_BYTES_MAX)
		text_add(&file, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	said(text_chars(&file), file.length, &out);
	assert_string_equal(
		text_chars(&out), "x.yaml: error: the file has too many bytes; the limit is 16777216\n");
	text_done(&file);
	text_done(&out);
}

static void many_keys_are_searched_for_doubles_quickly(void **state) {
	enum { MANY = 50000 };
	struct text file, out;
	(void)state;

	text_init(&file);
	text_init(&out);
	for (int i = 0; i < MANY; i++)
		text_printf(&file, "k%d: 1\n", i);
	text_add(&file, "k7: 1\n");
	assert_string_equal(said(text_chars(&file), file.length, &out),
		"x.yaml:50001:1: error: the key \"k7\" stands in line 8 already\n");
	text_done(&file);
	text_done(&out);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mistake_names_its_place),
		cmocka_unit_test(values_keep_their_places_and_kinds),
		cmocka_unit_test(an_alias_is_the_node_it_means),
		cmocka_unit_test(json_is_read_too),
		cmocka_unit_test(limits_are_reached_not_passed),
		cmocka_unit_test(many_keys_are_searched_for_doubles_quickly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
