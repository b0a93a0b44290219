#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "cli/verb.h"

static void usage(FILE *out) {
	struct text text;

	text_init(&text);
	text_add(&text, "Usage: interplane VERB FILE [ARGUMENT]... [OPTION]...\n\n");
	for (size_t i = 0; i < verb_count; i++) {
		text_printf(&text, "  %s ", verbs[i].name);
		text_pad_to(&text, 12);
		text_printf(&text, "%s ", verbs[i].arguments);
		text_pad_to(&text, 34);
		text_printf(&text, "%s\n", verbs[i].summary);
	}
	text_add(&text, "\n`interplane VERB --help` lists a verb's options.\n");
	fputs(text_chars(&text), out);
	text_done(&text);
}

const struct verb *verb_find(const char *name) {
	for (size_t i = 0; i < verb_count; i++) {
		if (text_equal(verbs[i].name, name))
			return &verbs[i];
	}
	return NULL;
}

static int unknown_verb(const char *name) {
	struct names *known = names_new();

	for (size_t i = 0; i < verb_count; i++)
		names_add(known, verbs[i].name);
	const char *nearest = names_nearest(known, name);
	fprintf(stderr, "interplane: unknown verb %s", name);
	if (nearest != NULL)
		fprintf(stderr, "; did you mean %s?", nearest);
	fputs("\nTry `interplane --help`.\n", stderr);
	names_free(known);
	return EXIT_WRONG_USE;
}

int cli_main(int argc, char **argv) {
	struct options options;

	if (argc < 2) {
		usage(stderr);
		return EXIT_WRONG_USE;
	}
	if (text_equal(argv[1], "--help") || text_equal(argv[1], "-h") || text_equal(argv[1], "help")) {
		usage(stdout);
		return EXIT_DONE;
	}
	const struct verb *verb = verb_find(argv[1]);
	if (verb == NULL)
		return unknown_verb(argv[1]);
	if (verb->run == NULL)
		return cli_lab(argc - 2, argv + 2);
	if (options_read(verb, argc - 2, argv + 2, &options, stderr) < 0)
		return EXIT_WRONG_USE;
	if (options_has(&options, OPTION_HELP)) {
		options_help(verb, stdout);
		return EXIT_DONE;
	}
	int result = verb->run(&options);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("interplane: standard output could not be written\n", stderr);
		return EXIT_ENVIRONMENT;
	}
	return result;
}
