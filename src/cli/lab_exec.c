// `lab exec`, `lab shell`: commands on a host. The host's network namespace is entered here, by the
// caller's own rights; the running lab has no part in it.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "base/text.h"
#include "cli/lab.h"
#include "live/netns.h"

#define EXIT_NO_COMMAND 127
#define PROC_PATH_BYTES 64

static bool is_among(const json_t *list, const char *name) {
	size_t index;
	json_t *item;
	json_array_foreach(list, index, item) {
		if (text_equal(json_string_value(json_object_get(item, "name")), name))
			return true;
	}
	return false;
}

static void say_unknown(const char *lab, const char *host, const char *nearest) {
	fprintf(stderr, "interplane: lab %s has no host %s", lab, host);
	if (nearest != NULL)
		fprintf(stderr, "; did you mean %s?", nearest);
	fputs("\n`interplane lab status` lists them.\n", stderr);
}

// The namespace by the descriptor that the lab holds of it: names can be deleted, and made anew for
// something else.
static int find_name_space(const char *lab, const char *host, char path[PROC_PATH_BYTES]) {
	json_t *request = json_object();
	json_t *status = NULL;
	json_put_text(request, "verb", "status");
	int exit_code = lab_ask_named(lab, request, &status, NULL);
	if (exit_code != EXIT_DONE)
		return exit_code;
	size_t index;
	json_t *item;
	struct names *known = names_new();
	bool is_found = false;
	json_array_foreach(json_object_get(status, "hosts"), index, item) {
		const char *name = json_string_value(json_object_get(item, "name"));
		names_add(known, name);
		if (!text_equal(name, host))
			continue;
		is_found = true;
		snprintf(path, PROC_PATH_BYTES, "/proc/%lld/fd/%lld",
			json_integer_value(json_object_get(status, "pid")),
			json_integer_value(json_object_get(item, "descriptor")));
		if (json_is_true(json_object_get(item, "nameDeleted")))
			fprintf(stderr,
				"interplane: somebody deleted the name of network namespace %s; %s goes on "
				"without it\n",
				json_string_value(json_object_get(item, "namespace")), host);
	}
	bool is_attached = is_among(json_object_get(status, "attached"), host);
	json_decref(status);
	if (is_attached)
		fprintf(stderr,
			"interplane: %s is attached: it is a machine of its own behind an interface, and can't be "
			"entered from here\n",
			host);
	else if (!is_found)
		say_unknown(lab, host, names_nearest(known, host));
	names_free(known);
	return is_found ? EXIT_DONE : EXIT_WRONG_USE;
}

static int enter(const struct options *options) {
	char lab[STATE_NAME_MAX + 1];
	char path[PROC_PATH_BYTES];
	int exit_code = lab_choose(options, lab);
	if (exit_code == EXIT_DONE)
		exit_code = find_name_space(lab, options->positional[0], path);
	if (exit_code != EXIT_DONE)
		return exit_code;
	int space = open(path, O_RDONLY | O_CLOEXEC);
	int result = space < 0 ? -errno : netns_return(space);
	if (result < 0)
		fprintf(stderr, "interplane: the network namespace of %s: %s\n", options->positional[0],
			strerror(-result));
	return result < 0 ? EXIT_ENVIRONMENT : EXIT_DONE;
}

static int run(char **words) {
	execvp(words[0], words);
	fprintf(stderr, "interplane: %s: %s\n", words[0], strerror(errno));
	return EXIT_NO_COMMAND;
}

int lab_exec(const struct options *options, char **words) {
	if (words[0] == NULL) {
		fputs("interplane lab exec: no command; usage: interplane lab exec HOST -- COMMAND\n",
			stderr);
		return EXIT_WRONG_USE;
	}
	int exit_code = enter(options);
	return exit_code == EXIT_DONE ? run(words) : exit_code;
}

int lab_shell(const struct options *options) {
	char *shell = getenv("SHELL");
	static char fallback[] = "/bin/sh";
	char *words[] = {shell != NULL ? shell : fallback, NULL};
	int exit_code = enter(options);
	if (exit_code == EXIT_DONE)
		setenv("INTERPLANE_HOST", options->positional[0], 1);
	return exit_code == EXIT_DONE ? run(words) : exit_code;
}
