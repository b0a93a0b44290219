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

static const json_t *find_host(const json_t *status, const char *host) {
	size_t index;
	json_t *item;
	json_array_foreach(json_object_get(status, "hosts"), index, item) {
		if (text_equal(json_string_value(json_object_get(item, "name")), host))
			return item;
	}
	return NULL;
}

int lab_open_space(const json_t *status, const char *host) {
	const json_t *item = find_host(status, host);
	char path[PROC_PATH_BYTES];
	if (item == NULL)
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%lld/fd/%lld",
		json_integer_value(json_object_get(status, "pid")),
		json_integer_value(json_object_get(item, "descriptor")));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void say_why_not(const json_t *status, const char *lab, const char *host) {
	size_t index;
	json_t *item;
	if (is_among(json_object_get(status, "attached"), host)) {
		fprintf(stderr,
			"interplane: %s is attached: it is a machine of its own behind an interface, and can't be "
			"entered from here\n",
			host);
		return;
	}
	struct names *known = names_new();
	json_array_foreach(json_object_get(status, "hosts"), index, item)
		names_add(known, json_string_value(json_object_get(item, "name")));
	say_unknown(lab, host, names_nearest(known, host));
	names_free(known);
}

static int enter_host(const json_t *status, const char *lab, const char *host) {
	const json_t *item = find_host(status, host);
	if (item == NULL) {
		say_why_not(status, lab, host);
		return EXIT_WRONG_USE;
	}
	if (json_is_true(json_object_get(item, "nameDeleted")))
		fprintf(stderr,
			"interplane: somebody deleted the name of network namespace %s; %s goes on without it\n",
			json_string_value(json_object_get(item, "namespace")), host);
	int space = lab_open_space(status, host);
	int result = space < 0 ? space : netns_return(space);
	if (result < 0)
		fprintf(stderr, "interplane: the network namespace of %s: %s\n", host, strerror(-result));
	return result < 0 ? EXIT_ENVIRONMENT : EXIT_DONE;
}

static int enter(const struct options *options) {
	char lab[STATE_NAME_MAX + 1];
	json_t *request = json_object();
	json_t *status = NULL;
	json_put_text(request, "verb", "status");
	int exit_code = lab_choose(options, lab);
	if (exit_code != EXIT_DONE) {
		json_decref(request);
		return exit_code;
	}
	exit_code = lab_ask_named(lab, request, &status, NULL);
	if (exit_code == EXIT_DONE)
		exit_code = enter_host(status, lab, options->positional[0]);
	json_decref(status);
	return exit_code;
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
