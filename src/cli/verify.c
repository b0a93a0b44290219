// `verify --live`: the running lab against the prediction for the same file, with the same links
// broken. Real hosts send real echoes to every TTL; each hop has to be who was predicted, or silent
// when silence was predicted, and as far away as the links' delays say.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "analyze/traceroute.h"
#include "base/text.h"
#include "cli/lab.h"
#include "cli/network.h"
#include "cli/print.h"
#include "live/attached.h"
#include "live/hosts.h"
#include "live/prober.h"
#include "topo/topo_build.h"

// What a real round trip may take beyond the links' delays.
#define MARGIN_NS MS_NS
// How much sooner it may come: the clocks are read in different places.
#define EARLY_NS (50 * US_NS)
#define FULL_TTL 64
#define ATTEMPTS 3
// A pair that differs is measured again, each time after a longer pause: a busy machine is late now
// and then, a wrong path is wrong each time.
#define ROUNDS_MAX 8
#define PAUSE_NS (50 * MS_NS)
#define PROBING_NICENESS (-10)
#define TIMEOUT_NS (700 * MS_NS)

struct verify_pair {
	struct question question;
	struct traceroute predicted;
	struct prober_ask *asks; // ATTEMPTS for each predicted hop, then ATTEMPTS with full TTL
	size_t ask_count;
	char *difference; // NULL: as predicted
	unsigned rounds;
};

struct verify {
	struct network network;
	struct prober *prober;
	uint32_t *host_numbers; // by node: in the prober, TOPO_NONE when it is not outside
	struct verify_pair *items;
	size_t count, room;
	int64_t longest_ns;
};

// Brings the predicted world to where the lab is: its links' faults and qualities. Loss is left
// out: it is chance, and several attempts get through it.
static int apply_links(struct verify *verify, const json_t *links) {
	const struct topo *topo = verify->network.topo;
	size_t index;
	json_t *item;
	json_array_foreach(links, index, item) {
		const char *state = json_string_value(json_object_get(item, "state"));
		const char *one_way = json_string_value(json_object_get(item, "oneWay"));
		struct world_quality quality;
		if (index >= topo->link_count)
			return -EBADMSG;
		uint32_t link = (uint32_t)index;
		world_get_quality(verify->network.world, link, &quality);
		quality.delay_ns = json_integer_value(json_object_get(item, "delayNs"));
		quality.jitter_ns = 0;
		quality.loss_millionths = 0;
		quality.rate_bits_per_s =
			(uint64_t)json_integer_value(json_object_get(item, "rateBitsPerS"));
		world_set_quality(verify->network.world, link, &quality);
		enum world_fault fault = text_equal(state, "down") ? WORLD_DOWN
			: text_equal(state, "cut")                     ? WORLD_CUT
														   : WORLD_UP;
		if (fault != world_link_fault(verify->network.world, link) || one_way != NULL)
			world_set_link(verify->network.world, link, fault,
				one_way != NULL ? topo_find_node(topo, one_way) : TOPO_NONE);
	}
	network_converge(&verify->network);
	return 0;
}

static int predict(struct verify *verify, const char *name, const json_t *status) {
	char path[STATE_PATH_MAX];
	struct options options = {.format = "text"};
	options.given = OPTION_BIT(SEED);
	options.number[OPTION_SEED] = json_integer_value(json_object_get(status, "seed"));
	state_path(name, "topology.yaml", path);
	int exit_code = network_open(path, &options, false, &verify->network);
	if (exit_code != EXIT_DONE)
		return exit_code;
	if (apply_links(verify, json_object_get(status, "links")) == 0)
		return EXIT_DONE;
	fputs("interplane: the lab's links are not those of its file\n", stderr);
	return EXIT_ENVIRONMENT;
}

static int enter_hosts(struct verify *verify, const json_t *status) {
	const struct topo *topo = verify->network.topo;
	verify->prober = prober_new();
	verify->host_numbers = ARENA_ARRAY(verify->network.arena, uint32_t, topo->node_count);
	for (uint32_t node = 0; node < topo->node_count; node++) {
		verify->host_numbers[node] = TOPO_NONE;
		if (!host_is_outside(topo, node))
			continue;
		int space = lab_open_space(status, topo->nodes[node].name);
		int number = space < 0 ? space : prober_add_host(verify->prober, space);
		if (number < 0) {
			fprintf(stderr, "interplane: the network namespace of %s: %s\n", topo->nodes[node].name,
				strerror(-number));
			return EXIT_ENVIRONMENT;
		}
		verify->host_numbers[node] = (uint32_t)number;
	}
	return EXIT_DONE;
}

static void add_pair(struct verify *verify, uint32_t from, uint32_t to, bool prefer_v6) {
	struct arena *arena = verify->network.arena;
	struct question_flow flow = {.prefer_v6 = prefer_v6};
	struct verify_pair pair = {0};
	if (question_between(verify->network.topo, from, to, &flow, &pair.question) < 0)
		return;
	traceroute_run(verify->network.world, &pair.question, arena, &pair.predicted);
	if (pair.predicted.whole.rtt_ns > verify->longest_ns)
		verify->longest_ns = pair.predicted.whole.rtt_ns;
	pair.ask_count = (pair.predicted.hop_count + 1) * ATTEMPTS;
	pair.asks = ARENA_ARRAY(arena, struct prober_ask, pair.ask_count);
	for (size_t i = 0; i < pair.ask_count; i++) {
		size_t hop = i / ATTEMPTS;
		pair.asks[i].host = verify->host_numbers[from];
		pair.asks[i].destination = pair.question.destination;
		pair.asks[i].ttl = hop < pair.predicted.hop_count ? pair.predicted.hops[hop].ttl : FULL_TTL;
	}
	ARRAY_PUSH(verify, pair);
}

static bool is_attached_host(const struct topo *topo, uint32_t node) {
	return topo->nodes[node].kind == TOPO_HOST && node_is_attached(topo, node);
}

// Whom echoes are sent to. An attached host can't be entered, but it answers.
static bool is_reached(const struct verify *verify, uint32_t node) {
	return verify->host_numbers[node] != TOPO_NONE || is_attached_host(verify->network.topo, node);
}

static void add_pairs(struct verify *verify, bool prefer_v6) {
	const struct topo *topo = verify->network.topo;
	for (uint32_t from = 0; from < topo->node_count; from++) {
		for (uint32_t to = 0; to < topo->node_count; to++) {
			if (from != to && verify->host_numbers[from] != TOPO_NONE && is_reached(verify, to))
				add_pair(verify, from, to, prefer_v6);
		}
	}
}

// What one hop was seen as, over its attempts.
struct seen {
	struct ip address; // IP_NONE: silent
	bool is_reply, is_mixed;
	int64_t rtt_ns;
};

static struct seen look(const struct prober_ask *asks) {
	struct seen seen = {.address = IP_NONE, .rtt_ns = -1};
	for (size_t i = 0; i < ATTEMPTS; i++) {
		if (asks[i].rtt_ns < 0)
			continue;
		if (seen.rtt_ns >= 0 && !ip_equal(seen.address, asks[i].answered_by))
			seen.is_mixed = true;
		if (seen.rtt_ns < 0 || asks[i].rtt_ns < seen.rtt_ns)
			seen.rtt_ns = asks[i].rtt_ns;
		seen.address = asks[i].answered_by;
		seen.is_reply = asks[i].is_reply;
	}
	return seen;
}

static const char *words_of(struct ip address, char text[IP_TEXT_BYTES]) {
	return ip_is_none(address) ? "*" : ip_format(address, text);
}

// Compares one TTL; true when it is as predicted.
static bool compare(
	const struct seen *seen, struct ip address, int64_t rtt_ns, struct text *difference) {
	char was[IP_TEXT_BYTES], is[IP_TEXT_BYTES];
	if (seen->is_mixed || !ip_equal(seen->address, address)) {
		text_printf(difference, "predicted %s, measured %s%s", words_of(address, was),
			words_of(seen->address, is), seen->is_mixed ? " and others" : "");
		return false;
	}
	if (ip_is_none(address))
		return true;
	if (seen->rtt_ns > rtt_ns + MARGIN_NS || seen->rtt_ns < rtt_ns - EARLY_NS) {
		text_printf(difference, "%s predicted after %.2f ms, measured after %.2f ms",
			words_of(address, was), (double)rtt_ns / 1e6, (double)seen->rtt_ns / 1e6);
		return false;
	}
	return true;
}

static int64_t best_rtt(const struct traceroute_hop *hop) {
	int64_t best_ns = -1;
	for (size_t i = 0; i < TRACEROUTE_ATTEMPTS; i++) {
		if (hop->rtt_ns[i] >= 0 && (best_ns < 0 || hop->rtt_ns[i] < best_ns))
			best_ns = hop->rtt_ns[i];
	}
	return best_ns;
}

static char *difference_of(const struct verify_pair *pair) {
	const struct traceroute *predicted = &pair->predicted;
	struct text difference;
	text_init(&difference);
	for (size_t i = 0; i < predicted->hop_count; i++) {
		const struct traceroute_hop *hop = &predicted->hops[i];
		struct seen seen = look(&pair->asks[i * ATTEMPTS]);
		text_clear(&difference);
		text_printf(&difference, "TTL %u: ", hop->ttl);
		if (!compare(&seen, hop->address, best_rtt(hop), &difference))
			return difference.chars;
	}
	const struct round_trip *whole = &predicted->whole;
	struct seen seen = look(&pair->asks[predicted->hop_count * ATTEMPTS]);
	text_clear(&difference);
	text_add(&difference, "ping: ");
	if (!compare(
			&seen, whole->is_answered ? whole->answered_by : IP_NONE, whole->rtt_ns, &difference))
		return difference.chars;
	text_done(&difference);
	return NULL;
}

// Who answers is what the last round says; how soon, the best of all.
static void take_round(struct verify_pair *pair, const struct prober_ask *round) {
	for (size_t i = 0; i < pair->ask_count; i++) {
		struct prober_ask *ask = &pair->asks[i];
		int64_t best_ns = ask->rtt_ns;
		bool is_same = pair->rounds != 0 && best_ns >= 0 && round[i].rtt_ns >= 0 &&
			ip_equal(ask->answered_by, round[i].answered_by);
		*ask = round[i];
		if (is_same && best_ns < ask->rtt_ns)
			ask->rtt_ns = best_ns;
	}
}

// Measures all pairs that are not yet as predicted. 0 or -errno.
static int measure(struct verify *verify) {
	size_t count = 0;
	for (size_t i = 0; i < verify->count; i++)
		count += verify->items[i].ask_count;
	struct prober_ask *asks = memory_alloc(memory_product(count + 1, sizeof(*asks)));
	size_t used = 0;
	for (size_t i = 0; i < verify->count; i++) {
		const struct verify_pair *pair = &verify->items[i];
		if (pair->rounds != 0 && pair->difference == NULL)
			continue;
		memcpy(asks + used, pair->asks, memory_product(pair->ask_count, sizeof(*asks)));
		used += pair->ask_count;
	}
	int result = prober_run(verify->prober, asks, used, TIMEOUT_NS + verify->longest_ns);
	used = 0;
	for (size_t i = 0; i < verify->count; i++) {
		struct verify_pair *pair = &verify->items[i];
		if (pair->rounds != 0 && pair->difference == NULL)
			continue;
		take_round(pair, asks + used);
		used += pair->ask_count;
		free(pair->difference);
		pair->difference = difference_of(pair);
		pair->rounds++;
	}
	free(asks);
	return result;
}

static size_t count_differences(const struct verify *verify) {
	size_t count = 0;
	for (size_t i = 0; i < verify->count; i++)
		count += verify->items[i].difference != NULL;
	return count;
}

static int measure_until_settled(struct verify *verify) {
	// What is late here looks late there.
	setpriority(PRIO_PROCESS, 0, PROBING_NICENESS);
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		int result = measure(verify);
		if (result < 0) {
			fprintf(stderr, "interplane: probing: %s\n", strerror(-result));
			return EXIT_ENVIRONMENT;
		}
		if (count_differences(verify) == 0 || round + 1 == ROUNDS_MAX)
			break;
		struct timespec pause = {.tv_nsec = (round + 1) * PAUSE_NS};
		nanosleep(&pause, NULL);
	}
	return EXIT_DONE;
}

static const char *node_name(const struct verify *verify, uint32_t node) {
	return verify->network.topo->nodes[node].name;
}

static json_t *hops_json(const struct verify_pair *pair, bool is_measured) {
	json_t *hops = json_array();
	for (size_t i = 0; i < pair->predicted.hop_count; i++) {
		struct seen seen = look(&pair->asks[i * ATTEMPTS]);
		struct ip address = is_measured ? seen.address : pair->predicted.hops[i].address;
		char text[IP_TEXT_BYTES];
		json_push_text(hops, words_of(address, text));
	}
	return hops;
}

static int report_json(const struct verify *verify, const char *name) {
	json_t *document = json_object();
	json_put_text(document, "lab", name);
	json_put_int(document, "pairs", (long long)verify->count);
	json_put_int(document, "different", (long long)count_differences(verify));
	json_t *skipped = json_put_array(document, "notMeasuredFrom");
	for (uint32_t node = 0; node < verify->network.topo->node_count; node++) {
		if (is_attached_host(verify->network.topo, node))
			json_push_text(skipped, node_name(verify, node));
	}
	json_t *pairs = json_put_array(document, "results");
	for (size_t i = 0; i < verify->count; i++) {
		const struct verify_pair *pair = &verify->items[i];
		struct seen seen = look(&pair->asks[pair->predicted.hop_count * ATTEMPTS]);
		const struct round_trip *whole = &pair->predicted.whole;
		json_t *object = json_push_object(pairs);
		json_put_text(object, "from", node_name(verify, pair->question.from));
		json_put_text(object, "to", node_name(verify, pair->question.to));
		json_put_bool(object, "asPredicted", pair->difference == NULL);
		json_put_text(object, "difference", pair->difference);
		json_put(object, "predicted", hops_json(pair, false));
		json_put(object, "measured", hops_json(pair, true));
		json_put(object, "predictedMs",
			whole->rtt_ns < 0 ? json_null() : json_real((double)whole->rtt_ns / 1e6));
		json_put(object, "measuredMs",
			seen.rtt_ns < 0 ? json_null() : json_real((double)seen.rtt_ns / 1e6));
	}
	return print_json(document);
}

static void report_text(const struct verify *verify, const char *name) {
	size_t different = count_differences(verify);
	for (uint32_t node = 0; node < verify->network.topo->node_count; node++) {
		if (is_attached_host(verify->network.topo, node))
			printf("%s is attached and can't be entered: measured towards it only\n",
				node_name(verify, node));
	}
	for (size_t i = 0; i < verify->count; i++) {
		const struct verify_pair *pair = &verify->items[i];
		if (pair->difference != NULL)
			printf("%s to %s: %s\n", node_name(verify, pair->question.from),
				node_name(verify, pair->question.to), pair->difference);
	}
	if (different == 0)
		printf("lab %s: all %zu pairs as predicted\n", name, verify->count);
	else
		printf("lab %s: %zu of %zu pairs not as predicted\n", name, different, verify->count);
}

static void verify_done(struct verify *verify) {
	prober_free(verify->prober);
	for (size_t i = 0; i < verify->count; i++)
		free(verify->items[i].difference);
	free(verify->items);
	network_close(&verify->network);
}

static int run(struct verify *verify, const struct options *options, const char *name) {
	json_t *request = json_object();
	json_t *status = NULL;
	json_put_text(request, "verb", "status");
	int exit_code = lab_ask_named(name, request, &status, NULL);
	if (exit_code == EXIT_DONE)
		exit_code = predict(verify, name, status);
	if (exit_code == EXIT_DONE)
		exit_code = enter_hosts(verify, status);
	json_decref(status);
	if (exit_code != EXIT_DONE)
		return exit_code;
	add_pairs(verify, options->flow.prefer_v6);
	exit_code = measure_until_settled(verify);
	if (exit_code != EXIT_DONE)
		return exit_code;
	if (options_is_format(options, "json"))
		exit_code = report_json(verify, name);
	else
		report_text(verify, name);
	return exit_code == EXIT_DONE && count_differences(verify) != 0 ? EXIT_FAILED : exit_code;
}

int cli_verify(const struct options *options) {
	char name[STATE_NAME_MAX + 1];
	struct options choice = *options;
	struct verify verify = {0};
	int exit_code = lab_need_root("verify --live");
	if (exit_code != EXIT_DONE)
		return exit_code;
	if (options_has(options, OPTION_LIVE)) {
		choice.given |= OPTION_BIT(NAME);
		choice.text[OPTION_NAME] = options->text[OPTION_LIVE];
	}
	exit_code = lab_choose(&choice, name);
	if (exit_code == EXIT_DONE) {
		exit_code = run(&verify, options, name);
		verify_done(&verify);
	}
	return exit_code;
}
