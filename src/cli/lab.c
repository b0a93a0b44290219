#include "cli/lab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/names.h"
#include "base/text.h"

#define LAB OPTION_BIT(NAME)

static int run_exec(const struct options *options) {
	char *none = NULL;
	return lab_exec(options, &none);
}

static const struct verb lab_verbs[] = {
	{"lab up", "FILE", 1, 1, "brings the network of a file to life", "text json",
		LAB | OPTION_BIT(SEED), lab_up},
	{"lab reload", "FILE", 1, 1, "changes a running lab to what the file says now", "text json",
		LAB, lab_reload},
	{"lab down", "", 0, 0, "ends a lab, and cleans up after one that died", "text", LAB, lab_down},
	{"lab list", "", 0, 0, "the labs of this machine", "text json", 0, lab_list},
	{"lab status", "", 0, 0, "hosts, links, sessions, rates, drops", "text json",
		LAB | OPTION_BIT(WATCH), lab_status},
	{"lab exec", "HOST -- COMMAND [ARGUMENT]...", 1, 1, "runs a command on a host", "text", LAB,
		run_exec},
	{"lab shell", "HOST", 1, 1, "a shell on a host", "text", LAB, lab_shell},
	{"lab down-link", "LINK", 1, 1, "fails a link; both ends see it", "text",
		LAB | OPTION_BIT(ONE_WAY) | OPTION_BIT(FOR), lab_down_link},
	{"lab cut-link", "LINK", 1, 1, "a link loses everything and nobody is told", "text",
		LAB | OPTION_BIT(ONE_WAY) | OPTION_BIT(FOR), lab_cut_link},
	{"lab up-link", "LINK", 1, 1, "ends what down-link and cut-link did", "text", LAB, lab_up_link},
	{"lab set", "LINK", 1, 1, "changes a link's delay, jitter, loss and rate", "text",
		LAB | OPTION_BIT(DELAY) | OPTION_BIT(JITTER) | OPTION_BIT(LOSS) | OPTION_BIT(RATE),
		lab_set},
	{"lab capture", "LINK [FILTER]", 1, OPTIONS_POSITIONAL_MAX,
		"what enters a link, to read or as a file; all: every link", "text pcap pcapng",
		LAB | OPTION_BIT(WRITE) | OPTION_BIT(COUNT) | OPTION_BIT(SNAPLEN) | OPTION_BIT(ONE_WAY),
		lab_capture},
	{"lab routes", "WHERE", 1, 1, "routing tables as they are now", "text json", LAB, lab_routes},
	{"lab trace", "FROM TO", 2, 2, "a marked packet's way through the running network",
		"text tracert traceroute json", LAB | OPTIONS_FLOW | OPTION_BIT(EXPLAIN), lab_trace},
};

#define LAB_VERB_COUNT (sizeof(lab_verbs) / sizeof(lab_verbs[0]))
#define LAB_WORD_BYTES (sizeof("lab ") - 1)

static void usage(FILE *out) {
	struct text text;
	text_init(&text);
	text_add(&text, "Usage: interplane lab VERB [ARGUMENT]... [OPTION]...\n\n");
	for (size_t i = 0; i < LAB_VERB_COUNT; i++) {
		text_printf(&text, "  %s %s ", lab_verbs[i].name, lab_verbs[i].arguments);
		text_pad_to(&text, 42);
		text_printf(&text, "%s\n", lab_verbs[i].summary);
	}
	text_add(&text, "\n`interplane lab VERB --help` lists a verb's options.\n");
	fputs(text_chars(&text), out);
	text_done(&text);
}

static const struct verb *find(const char *name) {
	struct names *known = names_new();
	for (size_t i = 0; i < LAB_VERB_COUNT; i++) {
		names_add(known, lab_verbs[i].name + LAB_WORD_BYTES);
		if (text_equal(lab_verbs[i].name + LAB_WORD_BYTES, name)) {
			names_free(known);
			return &lab_verbs[i];
		}
	}
	const char *nearest = names_nearest(known, name);
	fprintf(stderr, "interplane: unknown verb lab %s", name);
	if (nearest != NULL)
		fprintf(stderr, "; did you mean %s?", nearest);
	fputs("\nTry `interplane lab --help`.\n", stderr);
	names_free(known);
	return NULL;
}

// Where the options end and a command for a host begins.
static int find_command(const struct verb *verb, int argc, char **argv) {
	for (int i = 0; verb->run == run_exec && i < argc; i++) {
		if (text_equal(argv[i], "--"))
			return i;
	}
	return argc;
}

// The letters that tcpdump has for them.
static void spell_out(int argc, char **argv) {
	static struct {
		const char *letter;
		char word[12];
	} letters[] = {{"-w", "--write"}, {"-c", "--count"}, {"-s", "--snaplen"}};
	for (int i = 1; i < argc && !text_equal(argv[i], "--"); i++) {
		for (size_t k = 0; k < sizeof(letters) / sizeof(letters[0]); k++) {
			if (text_equal(argv[i], letters[k].letter))
				argv[i] = letters[k].word;
		}
	}
}

int cli_lab(int argc, char **argv) {
	struct options options;
	if (argc == 0 || text_equal(argv[0], "--help") || text_equal(argv[0], "-h")) {
		usage(argc == 0 ? stderr : stdout);
		return argc == 0 ? EXIT_WRONG_USE : EXIT_DONE;
	}
	const struct verb *verb = find(argv[0]);
	if (verb == NULL)
		return EXIT_WRONG_USE;
	int words = find_command(verb, argc, argv);
	if (verb->run == lab_capture)
		spell_out(argc, argv);
	if (options_read(verb, words - 1, argv + 1, &options, stderr) < 0)
		return EXIT_WRONG_USE;
	if (options_has(&options, OPTION_HELP)) {
		options_help(verb, stdout);
		return EXIT_DONE;
	}
	if (lab_need_root(verb->name) != EXIT_DONE)
		return EXIT_ENVIRONMENT;
	int result = words < argc ? lab_exec(&options, argv + words + 1) : verb->run(&options);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("interplane: standard output could not be written\n", stderr);
		return EXIT_ENVIRONMENT;
	}
	return result;
}

int lab_need_root(const char *what) {
	if (geteuid() == 0)
		return EXIT_DONE;
	fprintf(stderr, "interplane: %s needs root: labs are made of network namespaces\n", what);
	return EXIT_ENVIRONMENT;
}

int lab_choose(const struct options *options, char name[STATE_NAME_MAX + 1]) {
	if (options_has(options, OPTION_NAME)) {
		const char *given = options->text[OPTION_NAME];
		if (!state_name_is_valid(given)) {
			fprintf(stderr,
				"interplane: --name %s: expected at most %d letters, digits, '-', '_' and '.'\n",
				given, STATE_NAME_MAX);
			return EXIT_WRONG_USE;
		}
		snprintf(name, STATE_NAME_MAX + 1, "%s", given);
		return EXIT_DONE;
	}
	size_t running = state_list_running(name);
	if (running == 1)
		return EXIT_DONE;
	if (running == 0)
		fputs("interplane: no lab runs; `interplane lab up FILE` starts one\n", stderr);
	else
		fputs("interplane: several labs run; --name says which, `interplane lab list` lists them\n",
			stderr);
	return EXIT_ENVIRONMENT;
}

static int explain_failure(const char *name, int error) {
	char path[STATE_PATH_MAX];
	struct stat stat_;
	if (!state_is_alive(name)) {
		fprintf(stderr, "interplane: lab %s does not run", name);
		if (stat(state_path(name, "lock", path), &stat_) == 0)
			fprintf(stderr, "; it died, and `interplane lab down --name %s` cleans up", name);
		fputs("\n", stderr);
	} else {
		fprintf(stderr, "interplane: lab %s: %s\n", name, strerror(-error));
	}
	return EXIT_ENVIRONMENT;
}

int lab_ask_named(const char *name, json_t *request, json_t **result, int *stream) {
	char path[STATE_PATH_MAX];
	json_t *answer = NULL;
	int error = control_ask(state_path(name, "control", path), request, &answer, stream);
	json_decref(request);
	if (error < 0)
		return explain_failure(name, error);
	const char *problem = json_string_value(json_object_get(answer, "error"));
	if (problem != NULL) {
		fprintf(stderr, "interplane: %s\n", problem);
		if (stream != NULL)
			close(*stream);
		json_decref(answer);
		return EXIT_WRONG_USE;
	}
	*result = answer;
	return EXIT_DONE;
}

int lab_ask(const struct options *options, json_t *request, json_t **result) {
	char name[STATE_NAME_MAX + 1];
	int exit_code = lab_choose(options, name);
	if (exit_code != EXIT_DONE) {
		json_decref(request);
		return exit_code;
	}
	return lab_ask_named(name, request, result, NULL);
}
