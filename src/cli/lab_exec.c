// `lab exec`, `lab shell`: commands on a host. The host's network namespace is entered here, by the
// caller's own rights; the running lab has no part in it.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/lab.h"
#include "live/hosts.h"
#include "live/netns.h"

#define EXIT_NO_COMMAND 127

static bool is_among(const json_t *list, const char *name) {
	size_t index;
	json_t *item;
	json_array_foreach(list, index, item) {
		if (text_equal(json_string_value(json_object_get(item, "name")), name))
			return true;
	}
	return false;
}

// The lab knows its hosts' names best, and says so when there is no such one.
static int find_name_space(const char *lab, const char *host, char **out) {
	json_t *request = json_object();
	json_t *status = NULL;
	json_put_text(request, "verb", "status");
	int exit_code = lab_ask_named(lab, request, &status, NULL);
	if (exit_code != EXIT_DONE)
		return exit_code;
	char *found = NULL;
	if (is_among(json_object_get(status, "hosts"), host))
		found = host_name_space(lab, host);
	bool is_attached = is_among(json_object_get(status, "attached"), host);
	json_decref(status);
	if (is_attached) {
		fprintf(stderr,
			"interplane: %s is attached: it is a machine of its own behind an interface, and can't be "
			"entered from here\n",
			host);
		return EXIT_WRONG_USE;
	}
	if (found == NULL) {
		fprintf(stderr, "interplane: lab %s has no host %s; `interplane lab status` lists them\n",
			lab, host);
		return EXIT_WRONG_USE;
	}
	*out = found;
	return EXIT_DONE;
}

static int enter(const struct options *options) {
	char lab[STATE_NAME_MAX + 1];
	char *name_space;
	int exit_code = lab_choose(options, lab);
	if (exit_code == EXIT_DONE)
		exit_code = find_name_space(lab, options->positional[0], &name_space);
	if (exit_code != EXIT_DONE)
		return exit_code;
	int result = netns_enter(name_space);
	if (result == -ENOENT)
		fprintf(stderr,
			"interplane: the network namespace %s is gone: somebody else deleted it; "
			"`interplane lab down` and `lab up` make it anew\n",
			name_space);
	else if (result < 0)
		fprintf(stderr, "interplane: %s: %s\n", name_space, strerror(-result));
	free(name_space);
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
