#include "cli/generate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/names.h"
#include "cloud/cloud.h"
#include "format/native/native.h"
#include "topo/site.h"
#include "topo/topo_build.h"

// Loads and lowers; says why when it does not.
static size_t nodes_of(const struct text *text) {
	struct diagnostics *mistakes = diagnostics_new();
	struct arena *arena = arena_new();
	struct names *ports = names_new();
	struct topo *topo = topo_new("generated");
	struct network_file *file;
	struct text said;

	struct native_text given = {"generated", text_chars(text), text->length};
	int result = native_load_text(&given, arena, &file, mistakes);
	if (result == 0) {
		site_lower(file->sites, file->site_count, topo, ports, mistakes);
		struct cloud *cloud = azure_cloud_new(&file->azure);
		cloud->ops->lower(cloud, topo, ports, mistakes);
		cloud->ops->free(cloud);
	}
	text_init(&said);
	diagnostics_format(mistakes, &said);
	if (diagnostics_error_count(mistakes) != 0)
		print_message("%s", text_chars(&said));
	assert_int_equal(diagnostics_error_count(mistakes), 0);
	size_t count = topo->node_count;
	text_done(&said);
	topo_free(topo);
	names_free(ports);
	arena_free(arena);
	diagnostics_free(mistakes);
	return count;
}

static void regular_networks_of_all_sizes_load(void **state) {
	static const struct generate_size sizes[] = {
		{1, 0, 0, 1, 1},
		{1, 2, 1, 1, 1},
		{2, 5, 3, 4, 2},
		{4, 40, 6, 20, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct text text;
		text_init(&text);
		generate_regular(&sizes[i], &text);
		assert_true(nodes_of(&text) > sizes[i].hubs + sizes[i].spokes + 4 * sizes[i].sites);
		text_done(&text);
	}
}

static void the_same_seed_gives_the_same_text(void **state) {
	struct text text[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		text_init(&text[i]);
		const struct generate_size size = {2, 4, 2, 3, i == 2 ? 8 : 7};
		generate_regular(&size, &text[i]);
	}
	assert_string_equal(text_chars(&text[0]), text_chars(&text[1]));
	assert_string_not_equal(text_chars(&text[0]), text_chars(&text[2]));
	for (int i = 0; i < 3; i++)
		text_done(&text[i]);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regular_networks_of_all_sizes_load),
		cmocka_unit_test(the_same_seed_gives_the_same_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
