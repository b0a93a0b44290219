// --event 'TIME down|cut|up LINK [--one-way NODE]' and 'TIME set LINK QUALITY...'.

#include <string.h>

#include "base/text.h"
#include "cli/network_int.h"
#include "cli/quality.h"
#include "cli/verb.h"
#include "topo/topo_build.h"

#define EVENT_WORDS_MAX 8

static int wrong(const char *text) {
	fprintf(stderr,
		"interplane: --event '%s': expected 'TIME down|cut|up LINK', 'TIME down|cut LINK --one-way "
		"NODE' or 'TIME set LINK delay=|jitter=|loss=|rate=|mtu=VALUE'\n",
		text);
	return EXIT_WRONG_USE;
}

static size_t split(char *text, char *words[EVENT_WORDS_MAX + 1]) {
	size_t count = 0;

	for (char *rest = NULL, *word = strtok_r(text, " \t", &rest); word != NULL;
		 word = strtok_r(NULL, " \t", &rest)) {
		if (count == EVENT_WORDS_MAX + 1)
			break;
		words[count++] = word;
	}
	return count;
}

static bool read_fault(const char *word, enum world_fault *out) {
	static const struct {
		const char *word;
		enum world_fault fault;
	} faults[] = {{"down", WORLD_DOWN}, {"cut", WORLD_CUT}, {"up", WORLD_UP}};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (text_equal(faults[i].word, word)) {
			*out = faults[i].fault;
			return true;
		}
	}
	return false;
}

static bool is_end_of(const struct topo *topo, uint32_t link, uint32_t node) {
	for (size_t e = 0; e < topo->links[link].end_count; e++) {
		if (topo->ports[topo->links[link].ends[e].port].node == node)
			return true;
	}
	return false;
}

// The words behind the link: what is not said stays as it is when the event happens.
static int read_quality(const char *text, char **words, size_t count, struct network_event *out) {
	struct world_quality ignored;

	out->quality_words = words;
	out->quality_count = count;
	for (size_t i = 0; i < count; i++) {
		if (!quality_read(words[i], &ignored))
			return wrong(text);
	}
	return EXIT_DONE;
}

static int read_event(struct network *network, const char *text, struct network_event *out) {
	char **words = ARENA_ARRAY(network->arena, char *, EVENT_WORDS_MAX + 1);
	size_t count = split(arena_strdup(network->arena, text), words);
	bool is_set = count > 3 && text_equal(words[1], "set");
	long long at_ns;

	*out = (struct network_event){.network = network, .one_way = TOPO_NONE};
	bool has_count = is_set ? count <= EVENT_WORDS_MAX : count == 3 || count == 5;
	if (!has_count || text_to_duration(words[0], &at_ns) < 0 ||
		(!is_set && !read_fault(words[1], &out->fault)))
		return wrong(text);
	out->at_ns = at_ns;
	int result = network_find_link(network, words[2], &out->link);
	if (result != EXIT_DONE || count == 3)
		return result;
	if (is_set)
		return read_quality(text, words + 3, count - 3, out);
	if (!text_equal(words[3], "--one-way") || out->fault == WORLD_UP)
		return wrong(text);
	result = network_find_node(network, words[4], &out->one_way);
	if (result == EXIT_DONE && !is_end_of(network->topo, out->link, out->one_way)) {
		fprintf(
			stderr, "interplane: --event '%s': %s is not an end of %s\n", text, words[4], words[2]);
		return EXIT_WRONG_USE;
	}
	return result;
}

int network_read_events(struct network *network, const struct options *options) {
	network->events = ARENA_ARRAY(network->arena, struct network_event, OPTIONS_FAULTS_MAX);
	for (size_t i = 0; i < options->event_count; i++) {
		int result = read_event(network, options->events[i], &network->events[i]);
		if (result != EXIT_DONE)
			return result;
		network->event_count++;
	}
	return EXIT_DONE;
}

static void happen(struct timer *timer, void *owner) {
	struct network_event *event = owner;
	struct world_quality quality;

	(void)timer;
	if (event->quality_count > 0) {
		world_get_quality(event->network->world, event->link, &quality);
		for (size_t i = 0; i < event->quality_count; i++)
			quality_read(event->quality_words[i], &quality);
		world_set_quality(event->network->world, event->link, &quality);
		return;
	}
	world_set_link(event->network->world, event->link, event->fault, event->one_way);
}

// Periodic in kind: an event to come does not keep the network from being converged.
void network_start_events(struct network *network) {
	for (size_t i = 0; i < network->event_count; i++) {
		struct network_event *event = &network->events[i];
		timer_init(&event->timer, TIMER_PERIODIC, happen, event);
		timer_start_at(network->loop, &event->timer, instant_add(network->zero, event->at_ns));
	}
}
