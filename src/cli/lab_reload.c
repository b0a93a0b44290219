// `lab reload`: a new process is made as for `lab up`, beside the one that runs; when all that can
// fail is done, the running one hands over (lab_handover.c). docs/decisions/0011-reload.md says
// why.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "analyze/diff.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/lab_int.h"
#include "cli/print.h"
#include "topo/topo_build.h"
#include "view/whatif.h"

// A lab that doesn't answer for so long is not waited for.
#define ANSWER_SECONDS_MAX 30
#define INTERFACES_MAX 64

struct reload {
	struct lab lab; // the one to be
	struct lab old; // as the running one's file has it, brought to where the running one is
	struct hosts hosts;
	struct lab_attached_lent attached;
	struct options options;
	int stream; // to the running one
	int turn;   // of the command itself, until it ends
	pid_t command;
	json_t *status;
};

static json_t *step_request(const char *step) {
	json_t *request = json_object();
	json_put_text(request, "verb", "handover");
	json_put_text(request, "step", step);
	return request;
}

static int ask(struct reload *reload, const char *step, json_t **answer) {
	json_t *request = step_request(step);
	int result = control_ask_on(reload->stream, request, answer);
	json_decref(request);
	return result;
}

static int ask_descriptors(struct reload *reload, int *out, size_t count) {
	json_t *answer = NULL;
	int result = ask(reload, "descriptors", &answer);
	json_decref(answer);
	return result == 0 ? control_receive(reload->stream, out, count) : result;
}

static int begin(struct reload *reload, const char *name) {
	struct timeval limit = {.tv_sec = ANSWER_SECONDS_MAX};
	int result = lab_ask_named(name, step_request("begin"), &reload->status, &reload->stream);
	if (result != EXIT_DONE)
		return result;
	setsockopt(reload->stream, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return EXIT_DONE;
}

static void read_tap(const json_t *object, struct tap *tap) {
	struct text mac;
	text_init(&mac);
	*tap = (struct tap){.source = {.fd = -1}};
	snprintf(
		tap->name, sizeof(tap->name), "%s", json_string_value(json_object_get(object, "name")));
	if (json_get_hex(object, "mac", &mac) == 0 && mac.length == MAC_BYTES)
		memcpy(tap->mac, mac.chars, MAC_BYTES);
	text_done(&mac);
	tap->takes_trains = json_is_true(json_object_get(object, "takesTrains"));
}

// The running lab's hosts, their descriptors to come.
static size_t read_hosts(struct reload *reload) {
	size_t i, t, descriptors = 2;
	json_t *object, *interface;
	json_array_foreach(json_object_get(reload->status, "hosts"), i, object) {
		json_t *interfaces = json_object_get(object, "interfaces");
		struct host host = {.space = -1, .tap_count = json_array_size(interfaces)};
		host.name = memory_strdup(json_string_value(json_object_get(object, "name")));
		host.name_space = memory_strdup(json_string_value(json_object_get(object, "namespace")));
		host.node = topo_find_node(reload->old.network.topo, host.name);
		host.taps = memory_alloc(memory_product(host.tap_count + 1, sizeof(*host.taps)));
		json_array_foreach(interfaces, t, interface) read_tap(interface, &host.taps[t]);
		descriptors += 1 + host.tap_count;
		ARRAY_PUSH(&reload->hosts, host);
	}
	lab_attached_read(reload->status, &reload->attached);
	return descriptors + reload->attached.count;
}

static int receive_devices(struct reload *reload, const char *name) {
	size_t count = read_hosts(reload);
	int *descriptors = memory_alloc(memory_product(count, sizeof(int)));
	int result = ask_descriptors(reload, descriptors, count);
	if (result == 0) {
		const int *at = descriptors + 2;
		reload->lab.state = state_adopt(name, descriptors);
		for (size_t i = 0; i < reload->hosts.count; i++) {
			struct host *host = &reload->hosts.items[i];
			host->space = *at++;
			for (size_t t = 0; t < host->tap_count; t++)
				host->taps[t].source.fd = *at++;
		}
		for (size_t i = 0; i < reload->attached.count; i++)
			reload->attached.items[i].fd = *at++;
	} else {
		fprintf(stderr, "interplane: lab %s: its devices: %s\n", name, strerror(-result));
	}
	free(descriptors);
	return result == 0 ? EXIT_DONE : EXIT_ENVIRONMENT;
}

// Both files' networks, as they are while the same is done to their links by hand.
static int open_network(struct reload *reload, const char *path, struct lab *lab) {
	int result = network_open(path, &reload->options, false, &lab->network);
	if (result != EXIT_DONE)
		return result;
	lab_links_begin(lab);
	lab_links_apply(lab, json_object_get(reload->status, "links"), false);
	if (json_object_size(lab->set) != 0)
		network_converge(&lab->network);
	return EXIT_DONE;
}

// Only the command has the turn: when it is killed, the next one has it.
static void leave_turn(struct reload *reload) {
	if (getpid() == reload->command || reload->turn < 0)
		return;
	close(reload->turn);
	reload->turn = -1;
}

// In every process but the one that carries the packets: what is its is let go.
static void let_go(void *owner) {
	struct reload *reload = owner;
	leave_turn(reload);
	for (size_t i = 0; i < reload->hosts.count; i++) {
		struct host *host = &reload->hosts.items[i];
		for (size_t t = 0; t < host->tap_count; t++)
			tap_close(&host->taps[t]);
		close(host->space);
		host->space = -1;
	}
	lab_attached_let_go(&reload->attached);
	close(reload->stream);
	reload->stream = -1;
}

static void names_of_hosts(const struct lab *lab, const char *name, struct names *out) {
	for (uint32_t node = 0; node < lab->network.topo->node_count; node++) {
		if (!host_is_outside(lab->network.topo, node))
			continue;
		char *name_space = host_name_space(name, lab->network.topo->nodes[node].name);
		names_add(out, name_space);
		free(name_space);
	}
}

// Removes the namespaces that are none of this lab's.
static void retain_hosts(struct state *state, const struct lab *lab) {
	struct names *kept = names_new();
	names_of_hosts(lab, state_name(state), kept);
	int result = state_retain(state, kept);
	if (result < 0)
		fprintf(stderr, "interplane: removing network namespaces: %s\n", strerror(-result));
	names_free(kept);
}

static void put_back(struct reload *reload) {
	struct hosts_undo back = {reload->old.network.topo, reload->lab.network.topo};
	hosts_undo(&reload->hosts, &back);
	retain_hosts(reload->lab.state, &reload->old);
	state_discard(reload->lab.state);
}

// In the watcher, after the new process ended too soon. The command, which has the turn, waits for
// this; but when it is dead the lab may have been reloaded again by now.
static void undo(void *owner) {
	struct reload *reload = owner;
	struct state *state = reload->lab.state;
	int turn = kill(reload->command, 0) < 0 ? state_wait_turn(state_name(state)) : -1;
	if (state_carrier(state) == json_integer_value(json_object_get(reload->status, "pid")))
		put_back(reload);
	if (turn >= 0)
		close(turn);
}

static void adopt_counts(struct lab *lab, const json_t *status) {
	size_t i, t;
	json_t *object, *item;
	json_array_foreach(json_object_get(status, "hosts"), i, object) {
		const struct host *host =
			hosts_find(&lab->hosts, json_string_value(json_object_get(object, "name")));
		json_array_foreach(json_object_get(object, "interfaces"), t, item) {
			if (host == NULL || t >= host->tap_count)
				break;
			lab_counts_read(item, &host->taps[t].counts);
		}
	}
}

static void adopt_captures(struct lab *lab, const json_t *captures, const int *descriptors) {
	size_t i;
	json_t *object;
	json_array_foreach(captures, i, object)
		lab_capture_adopt(lab, object, descriptors + i * LAB_LENT_DESCRIPTORS);
}

static int64_t monotonic_ns(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND_NS + time.tv_nsec;
}

// From here on no host is served until this process does.
static int take_over(struct lab *lab, struct reload *reload, const struct hosts_place *place) {
	int descriptors[CONTROL_CALLERS_MAX * LAB_LENT_DESCRIPTORS];
	int64_t began = monotonic_ns();
	json_t *last = NULL;
	int result = ask(reload, "stop", &last);
	json_t *captures = json_object_get(last, "captures");
	size_t count = json_array_size(captures);
	if (result == 0 && count > CONTROL_CALLERS_MAX)
		result = -EBADMSG;
	if (result == 0 && count != 0)
		result = ask_descriptors(reload, descriptors, count * LAB_LENT_DESCRIPTORS);
	if (result == 0) {
		// Making all this took its time, in which none of the network's timers was due.
		clock_epoll_restart(lab->clock);
		lab->started.ns = loop_now(lab->network.loop).ns -
			json_integer_value(json_object_get(last, "upMs")) * MS_NS;
		lab->reloads = json_integer_value(json_object_get(last, "reloads")) + 1;
		lab_links_apply(lab, json_object_get(last, "links"), true);
		lab_flows_adopt(lab, last);
		adopt_counts(lab, last);
		lab_attached_adopt(lab, last);
		result = hosts_attach(&lab->hosts, place);
	}
	if (result == 0)
		result = attachments_attach(&lab->attachments);
	if (result == 0)
		result = state_take_over(lab->state);
	if (result == 0) {
		process_has_taken_over(lab->start);
		adopt_captures(lab, captures, descriptors);
		lab->pause_ns = monotonic_ns() - began;
	}
	json_decref(last);
	return result;
}

static int furnish(struct lab *lab, struct text *problem) {
	struct reload *reload = lab->start->owner;
	char path[STATE_PATH_MAX];
	const char *name = state_name(lab->state);
	struct hosts_place place = {
		lab->state, lab->network.world, lab->clock, &reload->hosts, reload->old.network.topo};
	struct attachments_place plugs = {
		lab->network.world, lab->clock, reload->attached.items, reload->attached.count};
	leave_turn(reload);
	// Of one that was killed together with its watcher.
	state_discard(lab->state);
	retain_hosts(lab->state, &reload->old);
	int result = hosts_open(&lab->hosts, &place, problem);
	if (result == 0)
		result = attachments_open(&lab->attachments, &plugs, problem);
	if (result < 0)
		return result;
	result = lab_listen(lab, state_path(name, "control.new", path), problem);
	if (result < 0)
		return result;
	const char *what = "its state";
	result = state_prepare(lab->state, lab->path, getpid());
	if (result == 0) {
		what = "dropping privileges";
		result = process_drop_privileges();
	}
	if (result == 0) {
		what = "taking over";
		result = take_over(lab, reload, &place);
	}
	if (result < 0)
		text_printf(problem, "%s: %s", what, strerror(-result));
	hosts_close(&reload->hosts);
	lab_attached_let_go(&reload->attached);
	close(reload->stream);
	reload->stream = -1;
	return result;
}

// Every link that something was done to, and whether the new file has it.
static void put_links(const struct reload *reload, json_t *document) {
	json_t *kept = json_put_array(document, "linksKept");
	json_t *lost = json_put_array(document, "linksLost");
	size_t i;
	json_t *link;
	json_array_foreach(json_object_get(reload->status, "links"), i, link) {
		json_t *set = json_object_get(link, "set");
		const char *name = json_string_value(json_object_get(link, "name"));
		if (set == NULL)
			continue;
		bool stays = topo_find_link(reload->lab.network.topo, name) != TOPO_NONE;
		json_t *object = json_push_object(stays ? kept : lost);
		json_put_text(object, "link", name);
		json_put(object, "set", json_deep_copy(set));
	}
}

static void add_links(const json_t *links, const char *words, struct text *out) {
	size_t i;
	json_t *link;
	json_array_foreach(links, i, link) {
		char *set = json_dumps(json_object_get(link, "set"), JSON_PRESERVE_ORDER);
		text_printf(
			out, "%s %s: %s\n", words, json_string_value(json_object_get(link, "link")), set);
		free(set);
	}
}

static int print_changes(struct reload *reload, const struct diff *diff, double seconds) {
	const char *name = state_name(reload->lab.state);
	json_t *status = NULL;
	json_t *request = json_object();
	json_put_text(request, "verb", "status");
	int result = lab_ask_named(name, request, &status, NULL);
	if (result != EXIT_DONE)
		return result;
	json_int_t pause_us = json_integer_value(json_object_get(status, "lastPauseUs"));
	json_t *document = view_diff_json(diff, NULL, NULL);
	json_object_del(document, "old");
	json_object_del(document, "new");
	json_put_text(document, "name", name);
	json_put_text(document, "file", reload->lab.path);
	json_put_int(document, "pauseUs", pause_us);
	json_put_real(document, "seconds", seconds);
	put_links(reload, document);
	json_decref(status);
	if (options_is_format(&reload->options, "json"))
		return print_json(document);
	struct text text;
	text_init(&text);
	text_printf(&text, "lab %s is reloaded: %.2f s, of which packets waited %.1f ms\n", name,
		seconds, (double)pause_us / 1e3);
	add_links(json_object_get(document, "linksKept"), "still in force:", &text);
	add_links(json_object_get(document, "linksLost"), "gone with its link:", &text);
	if (diff->count != 0)
		view_diff_text(diff, &text);
	else
		text_add(&text, "nothing differs\n");
	json_decref(document);
	return print_text(&text);
}

static bool in_both(const struct reload *reload, const char *node) {
	return topo_find_node(reload->old.network.topo, node) != TOPO_NONE &&
		topo_find_node(reload->lab.network.topo, node) != TOPO_NONE;
}

// That a host which came or went has routes and pairs goes without saying.
static void leave_out_consequences(const struct reload *reload, struct diff *diff) {
	size_t kept = 0;
	for (size_t i = 0; i < diff->count; i++) {
		const struct diff_change *change = &diff->changes[i];
		bool is_pair = change->kind == DIFF_REACHABILITY || change->kind == DIFF_PATH;
		if (change->kind == DIFF_RESOURCE ||
			(in_both(reload, change->where) && (!is_pair || in_both(reload, change->subject))))
			diff->changes[kept++] = *change;
		else
			diff->by_kind[change->kind]--;
	}
	diff->count = kept;
}

static int report(struct reload *reload, double seconds) {
	struct arena *arena = arena_new();
	struct diff_facts before = {.arena = arena};
	struct diff_facts after = {.arena = arena};
	struct question_flow flow = {0};
	struct diff diff;
	diff_collect_resources(reload->old.network.topo, &before);
	diff_collect_resources(reload->lab.network.topo, &after);
	diff_collect(reload->old.network.world, &flow, &before);
	diff_collect(reload->lab.network.world, &flow, &after);
	network_collect_routes(&reload->old.network, &before);
	network_collect_routes(&reload->lab.network, &after);
	diff_compare(&before, &after, arena, &diff);
	leave_out_consequences(reload, &diff);
	int result = print_changes(reload, &diff, seconds);
	diff_done(&before);
	diff_done(&after);
	arena_free(arena);
	return result;
}

static int run(struct reload *reload, const char *path, const char *name) {
	char old_path[STATE_PATH_MAX];
	int64_t began = monotonic_ns();
	// Of a lab that isn't there, `begin` tells.
	reload->turn = state_wait_turn(name);
	int result = begin(reload, name);
	if (result != EXIT_DONE)
		return result;
	reload->options.given |= OPTION_BIT(SEED);
	reload->options.number[OPTION_SEED] =
		json_integer_value(json_object_get(reload->status, "seed"));
	result = open_network(reload, path, &reload->lab);
	if (result == EXIT_DONE)
		result = open_network(reload, state_path(name, "topology.yaml", old_path), &reload->old);
	if (result == EXIT_DONE)
		result = receive_devices(reload, name);
	if (result != EXIT_DONE)
		return result;
	reload->lab.path = realpath(path, NULL);
	struct process_start start = {.split = let_go, .undo = undo, .owner = reload};
	result = lab_split(&reload->lab, &start, furnish);
	if (result != EXIT_DONE) {
		fprintf(stderr, "interplane: lab %s goes on as it was\n", name);
		return result;
	}
	retain_hosts(reload->lab.state, &reload->lab);
	return report(reload, (double)(monotonic_ns() - began) / 1e9);
}

int lab_reload(const struct options *options) {
	char name[STATE_NAME_MAX + 1];
	struct reload reload = {.options = *options, .stream = -1, .turn = -1, .command = getpid()};
	int result = lab_choose(options, name);
	if (result == EXIT_DONE)
		result = run(&reload, options->positional[0], name);
	let_go(&reload);
	hosts_close(&reload.hosts);
	free(reload.attached.items);
	if (reload.turn >= 0)
		close(reload.turn);
	json_decref(reload.status);
	json_decref(reload.lab.set);
	json_decref(reload.old.set);
	lab_done(&reload.old);
	lab_done(&reload.lab);
	return result;
}
