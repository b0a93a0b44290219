// `lab up`, `lab down`, `lab list`: from a file to a running lab and back.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/lab_int.h"
#include "cli/print.h"
#include "crypto/crypto.h"

#define DOWN_WAIT_MS 10
#define DOWN_WAITS_MAX 500
#define ENDING_WAITS_MAX 300

// The file's name without folder and ending, as far as a lab's name may hold its letters.
static void name_of_file(const char *path, char name[STATE_NAME_MAX + 1]) {
	const char *slash = strrchr(path, '/');
	snprintf(name, STATE_NAME_MAX + 1, "%s", slash != NULL ? slash + 1 : path);
	char *dot = strrchr(name, '.');
	if (dot != NULL)
		*dot = '\0';
	for (char *at = name; *at != '\0'; at++) {
		char letter[2] = {*at, '\0'};
		if (!state_name_is_valid(letter) && strchr("-_.", *at) == NULL)
			*at = '-';
	}
	if (!state_name_is_valid(name))
		snprintf(name, STATE_NAME_MAX + 1, "lab");
}

static void wait_a_little(void) {
	struct timespec wait = {.tv_nsec = DOWN_WAIT_MS * 1000000L};
	nanosleep(&wait, NULL);
}

// A lab whose carrier is dead may have a process yet that is about to end: one that was killed has
// its devices to close, one that handed over its packets to deliver.
static int begin_state(const char *name, struct state **out) {
	int result = state_begin(name, out);
	for (int i = 0; i < ENDING_WAITS_MAX && result == -EBUSY && state_pid(name) == 0; i++) {
		wait_a_little();
		result = state_begin(name, out);
	}
	return result;
}

static int begin(struct lab *lab, const char *name, const char *path) {
	int result = begin_state(name, &lab->state);
	if (result == 0)
		result = state_copy_topology(lab->state, path);
	if (result == 0)
		return EXIT_DONE;
	if (lab->state != NULL)
		state_end(lab->state);
	if (result == -EBUSY)
		fprintf(
			stderr, "interplane: lab %s is up already; --name gives another one a name\n", name);
	else
		fprintf(stderr, "interplane: lab %s: %s\n", name, strerror(-result));
	return EXIT_ENVIRONMENT;
}

static int print_up(const struct options *options, const struct lab *lab, double took_s) {
	const char *name = state_name(lab->state);
	size_t hosts = 0, attached = 0;
	for (uint32_t i = 0; i < lab->network.topo->node_count; i++) {
		hosts += host_is_outside(lab->network.topo, i);
		attached += node_is_attached(lab->network.topo, i);
	}
	if (options_is_format(options, "json")) {
		json_t *document = json_object();
		json_put_text(document, "name", name);
		json_put_int(document, "hosts", (long long)hosts);
		json_put_int(document, "attached", (long long)attached);
		json_put_int(document, "links", (long long)lab->network.topo->link_count);
		json_put_real(document, "seconds", took_s);
		return print_json(document);
	}
	printf("lab %s is up: %zu hosts, ", name, hosts);
	if (attached != 0)
		printf("%zu attached, ", attached);
	printf("%zu links, %.2f s\n", lab->network.topo->link_count, took_s);
	return EXIT_DONE;
}

static double seconds_now(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// All of a new lab's that can fail.
static int furnish(struct lab *lab, struct text *problem) {
	char path[STATE_PATH_MAX];
	struct hosts_place place = {lab->state, lab->network.world, lab->clock, NULL, NULL};
	struct attachments_place plugs = {lab->network.world, lab->clock, NULL, 0};
	int result = hosts_open(&lab->hosts, &place, problem);
	if (result == 0)
		result = attachments_open(&lab->attachments, &plugs, problem);
	if (result < 0)
		return result;
	lab_links_begin(lab);
	result = lab_listen(lab, state_path(state_name(lab->state), "control", path), problem);
	if (result < 0)
		return result;
	// Furnishing took its time, in which none of the network's timers was due.
	clock_epoll_restart(lab->clock);
	const char *what = "interfaces";
	result = hosts_attach(&lab->hosts, &place);
	if (result == 0)
		result = attachments_attach(&lab->attachments);
	if (result == 0) {
		what = "pid file";
		result = state_set_pid(lab->state, getpid());
	}
	if (result == 0) {
		what = "dropping privileges";
		result = process_drop_privileges();
	}
	if (result < 0)
		text_printf(problem, "%s: %s", what, strerror(-result));
	return result;
}

int lab_up(const struct options *options) {
	const char *path = options->positional[0];
	char name[STATE_NAME_MAX + 1];
	struct lab lab = {0};
	double began = seconds_now();
	int result = EXIT_DONE;
	// A full disk is an error, not a reason to die.
	signal(SIGXFSZ, SIG_IGN);
	name_of_file(path, name);
	if (options_has(options, OPTION_NAME))
		result = lab_choose(options, name);
	if (result != EXIT_DONE)
		return result;
	aead_choose_fastest(); // before the tunnels get their first keys
	result = network_open(path, options, false, &lab.network);
	if (result == EXIT_DONE)
		result = begin(&lab, name, path);
	if (result == EXIT_DONE) {
		lab.path = realpath(path, NULL);
		struct process_start start = {0};
		result = lab_split(&lab, &start, furnish);
		if (result == EXIT_DONE)
			result = print_up(options, &lab, seconds_now() - began);
	}
	lab_done(&lab);
	return result;
}

static bool wait_until_gone(const char *name) {
	char path[STATE_PATH_MAX];
	struct stat found;
	state_path(name, "", path);
	for (int i = 0; i < DOWN_WAITS_MAX; i++) {
		if (!state_is_alive(name) && stat(path, &found) < 0)
			return true;
		if (!state_is_alive(name) && i > 2)
			return false;
		wait_a_little();
	}
	return false;
}

static int clean(const char *name) {
	char path[STATE_PATH_MAX];
	int result = state_clean(name);
	unlink(state_log_path(name, path));
	if (result == 0)
		return EXIT_DONE;
	fprintf(stderr, "interplane: cleaning up lab %s: %s\n", name, strerror(-result));
	return EXIT_ENVIRONMENT;
}

static int end_running(const char *name) {
	char path[STATE_PATH_MAX];
	json_t *answer = NULL;
	json_t *request = json_object();
	json_put_text(request, "verb", "down");
	bool is_told = control_ask(state_path(name, "control", path), request, &answer, NULL) == 0;
	json_decref(request);
	json_decref(answer);
	if (is_told && wait_until_gone(name))
		return EXIT_DONE;
	pid_t pid = state_pid(name);
	if (pid > 0)
		kill(pid, SIGKILL);
	wait_until_gone(name);
	if (!state_is_alive(name))
		return clean(name);
	fprintf(stderr, "interplane: lab %s does not end; its process is %d\n", name, (int)pid);
	return EXIT_ENVIRONMENT;
}

// A lab that died is as good as one that runs here: it can be meant, and is cleaned away.
static int choose_any(const struct options *options, char name[STATE_NAME_MAX + 1]) {
	size_t count;
	if (options_has(options, OPTION_NAME))
		return lab_choose(options, name);
	char **names = state_list(&count);
	if (count == 1)
		snprintf(name, STATE_NAME_MAX + 1, "%s", names[0]);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return count == 1 ? EXIT_DONE : lab_choose(options, name);
}

int lab_down(const struct options *options) {
	char name[STATE_NAME_MAX + 1], path[STATE_PATH_MAX];
	struct stat found;
	int result = choose_any(options, name);
	if (result != EXIT_DONE)
		return result;
	if (stat(state_path(name, "", path), &found) < 0) {
		fprintf(stderr, "interplane: there is no lab %s\n", name);
		return EXIT_ENVIRONMENT;
	}
	if (!state_is_alive(name))
		return clean(name);
	return end_running(name);
}

int lab_list(const struct options *options) {
	size_t count;
	char **names = state_list(&count);
	json_t *document = json_object();
	json_t *labs = json_put_array(document, "labs");
	for (size_t i = 0; i < count; i++) {
		bool is_alive = state_is_alive(names[i]);
		json_t *lab = json_push_object(labs);
		json_put_text(lab, "name", names[i]);
		json_put_text(lab, "state", is_alive ? "running" : "dead");
		json_put_int(lab, "pid", state_pid(names[i]));
		if (!options_is_format(options, "json"))
			printf("%-24s %-8s %d\n", names[i], is_alive ? "running" : "dead",
				(int)state_pid(names[i]));
		free(names[i]);
	}
	free(names);
	if (options_is_format(options, "json"))
		return print_json(document);
	json_decref(document);
	return EXIT_DONE;
}
