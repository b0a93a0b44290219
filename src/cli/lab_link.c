// `lab down-link`, `cut-link`, `up-link`, `set`: what is done to links of a running lab.
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/lab_int.h"
#include "cli/quality.h"
#include "topo/topo_build.h"

#define LOSS_ALL_MILLIONTHS 1000000

static const char *const fault_words[] = {
	[WORLD_UP] = "up", [WORLD_DOWN] = "down", [WORLD_CUT] = "cut"};

// A link that comes back by itself.
struct lab_repair {
	struct lab_repair *next;
	struct lab *lab;
	struct timer timer;
	uint32_t link;
};

static void forget_repair(struct lab *lab, uint32_t link) {
	struct lab_repair **at = &lab->repairs;
	while (*at != NULL && (*at)->link != link)
		at = &(*at)->next;
	struct lab_repair *repair = *at;
	if (repair == NULL)
		return;
	*at = repair->next;
	timer_stop(lab->network.loop, &repair->timer);
	free(repair);
}

// What was done to a link by hand, for `status`, and for whoever carries on after a reload.
static json_t *record_of(struct lab *lab, uint32_t link) {
	const char *name = lab->network.topo->links[link].name;
	json_t *record = json_object_get(lab->set, name);
	return record != NULL ? record : json_put_object(lab->set, name);
}

static void drop_empty_record(struct lab *lab, uint32_t link) {
	const char *name = lab->network.topo->links[link].name;
	if (json_object_size(json_object_get(lab->set, name)) == 0)
		json_object_del(lab->set, name);
}

static void set_fault(struct lab *lab, uint32_t link, enum world_fault fault, uint32_t one_way) {
	const struct topo *topo = lab->network.topo;
	world_set_link(lab->network.world, link, fault, one_way);
	json_t *record = record_of(lab, link);
	json_object_del(record, "oneWay");
	if (fault == (topo->links[link].is_down ? WORLD_DOWN : WORLD_UP))
		json_object_del(record, "fault");
	else
		json_put_text(record, "fault", fault_words[fault]);
	if (fault != WORLD_UP && one_way != TOPO_NONE)
		json_put_text(record, "oneWay", topo->nodes[one_way].name);
	drop_empty_record(lab, link);
}

static void repair_now(struct timer *timer, void *owner) {
	struct lab_repair *repair = owner;
	struct lab *lab = repair->lab;
	uint32_t link = repair->link;
	(void)timer;
	forget_repair(lab, link);
	set_fault(lab, link, WORLD_UP, TOPO_NONE);
}

int64_t lab_repair_left_ns(const struct lab *lab, uint32_t link) {
	const struct lab_repair *repair = lab->repairs;
	while (repair != NULL && repair->link != link)
		repair = repair->next;
	return repair != NULL ? instant_since(repair->timer.due, loop_now(lab->network.loop)) : 0;
}

void lab_repairs_free(struct lab *lab) {
	while (lab->repairs != NULL)
		forget_repair(lab, lab->repairs->link);
}

static void repair_later(struct lab *lab, uint32_t link, int64_t after_ns) {
	struct lab_repair *repair = memory_alloc(sizeof(*repair));
	repair->lab = lab;
	repair->link = link;
	repair->next = lab->repairs;
	lab->repairs = repair;
	timer_init(&repair->timer, TIMER_PERIODIC, repair_now, repair);
	timer_start(lab->network.loop, &repair->timer, after_ns);
}

static bool read_fault(const json_t *request, enum world_fault *out) {
	const char *given = json_string_value(json_object_get(request, "fault"));
	for (size_t i = 0; given != NULL && i < sizeof(fault_words) / sizeof(fault_words[0]); i++) {
		if (text_equal(fault_words[i], given)) {
			*out = (enum world_fault)i;
			return true;
		}
	}
	return false;
}

static const char *const quality_keys[] = {"delayNs", "jitterNs", "lossMillionths", "rateBitsPerS"};

// Those that are given.
static void read_quality(const json_t *object, struct world_quality *quality) {
	json_t *delay = json_object_get(object, "delayNs");
	json_t *jitter = json_object_get(object, "jitterNs");
	json_t *loss = json_object_get(object, "lossMillionths");
	json_t *rate = json_object_get(object, "rateBitsPerS");
	if (delay != NULL)
		quality->delay_ns = json_integer_value(delay);
	if (jitter != NULL)
		quality->jitter_ns = json_integer_value(jitter);
	if (loss != NULL)
		quality->loss_millionths = (uint32_t)json_integer_value(loss);
	if (rate != NULL)
		quality->rate_bits_per_s = (uint64_t)json_integer_value(rate);
}

static bool has_end(const struct topo *topo, uint32_t link, uint32_t node) {
	for (size_t e = 0; e < topo->links[link].end_count; e++) {
		if (topo->ports[topo->links[link].ends[e].port].node == node)
			return true;
	}
	return false;
}

json_t *lab_answer_link(struct lab *lab, const json_t *request) {
	json_t *answer = NULL;
	enum world_fault fault;
	uint32_t link;
	uint32_t one_way = TOPO_NONE;
	json_int_t for_ns = json_integer_value(json_object_get(request, "forNs"));
	if (!read_fault(request, &fault))
		return lab_error("a link's fault is up, down or cut");
	if (!lab_read_link(lab, request, &link, &answer))
		return answer;
	if (json_object_get(request, "oneWay") != NULL &&
		!lab_read_node(lab, request, "oneWay", &one_way, &answer))
		return answer;
	if (one_way != TOPO_NONE && !has_end(lab->network.topo, link, one_way))
		return lab_error("%s is not an end of link %s", lab->network.topo->nodes[one_way].name,
			lab->network.topo->links[link].name);
	set_fault(lab, link, fault, one_way);
	forget_repair(lab, link);
	if (fault != WORLD_UP && for_ns > 0)
		repair_later(lab, link, for_ns);
	return json_object();
}

json_t *lab_answer_quality(struct lab *lab, const json_t *request) {
	json_t *answer = NULL;
	uint32_t link;
	struct world_quality quality;
	if (!lab_read_link(lab, request, &link, &answer))
		return answer;
	world_get_quality(lab->network.world, link, &quality);
	read_quality(request, &quality);
	if (quality.delay_ns < 0 || quality.jitter_ns < 0 ||
		quality.loss_millionths > LOSS_ALL_MILLIONTHS)
		return lab_error("delay and jitter are not negative, loss is at most 100%%");
	world_set_quality(lab->network.world, link, &quality);
	for (size_t i = 0; i < sizeof(quality_keys) / sizeof(quality_keys[0]); i++) {
		json_t *value = json_object_get(request, quality_keys[i]);
		if (value != NULL)
			json_put_int(record_of(lab, link), quality_keys[i], json_integer_value(value));
	}
	return json_object();
}

// One link as the file has it, but for what the record, which may be NULL, says was done to it.
static void apply_record(struct lab *lab, uint32_t link, json_t *record) {
	const struct topo *topo = lab->network.topo;
	struct world *world = lab->network.world;
	struct world_quality quality = lab->file_qualities[link];
	enum world_fault fault = topo->links[link].is_down ? WORLD_DOWN : WORLD_UP;
	const char *node = json_string_value(json_object_get(record, "oneWay"));
	uint32_t one_way = node != NULL ? topo_find_node(topo, node) : TOPO_NONE;
	read_fault(record, &fault);
	// The node whose sending failed is gone, and with it the fault.
	if (node != NULL && one_way == TOPO_NONE)
		fault = WORLD_UP;
	read_quality(record, &quality);
	world_set_quality(world, link, &quality);
	if (fault == world_link_fault(world, link) &&
		(fault == WORLD_UP || one_way == world_link_one_way(world, link)))
		return;
	if (world_set_link(world, link, fault, one_way) < 0)
		world_set_link(world, link, WORLD_UP, TOPO_NONE);
}

void lab_links_apply(struct lab *lab, const json_t *links, bool is_live) {
	const struct topo *topo = lab->network.topo;
	json_t *item;
	size_t index;
	json_object_clear(lab->set);
	lab_repairs_free(lab);
	json_array_foreach(links, index, item) {
		json_t *record = json_object_get(item, "set");
		const char *name = json_string_value(json_object_get(item, "name"));
		uint32_t link = record != NULL ? topo_find_link(topo, name) : TOPO_NONE;
		if (link == TOPO_NONE)
			continue;
		json_put(lab->set, topo->links[link].name, json_deep_copy(record));
		int64_t for_ns = json_integer_value(json_object_get(item, "forNs"));
		if (is_live && for_ns > 0)
			repair_later(lab, link, for_ns);
	}
	for (uint32_t i = 0; i < topo->link_count; i++)
		apply_record(lab, i, json_object_get(lab->set, topo->links[i].name));
}

void lab_links_begin(struct lab *lab) {
	const struct topo *topo = lab->network.topo;
	lab->set = json_object();
	lab->file_qualities =
		ARENA_ARRAY(lab->network.arena, struct world_quality, topo->link_count + 1);
	for (uint32_t i = 0; i < topo->link_count; i++)
		world_get_quality(lab->network.world, i, &lab->file_qualities[i]);
}

static int ask_fault(const struct options *options, const char *fault) {
	json_t *request = json_object();
	json_t *result = NULL;
	json_put_text(request, "verb", "link");
	json_put_text(request, "link", options->positional[0]);
	json_put_text(request, "fault", fault);
	if (options_has(options, OPTION_ONE_WAY))
		json_put_text(request, "oneWay", options->text[OPTION_ONE_WAY]);
	if (options_has(options, OPTION_FOR))
		json_put_int(request, "forNs", options->number[OPTION_FOR]);
	int exit_code = lab_ask(options, request, &result);
	json_decref(result);
	return exit_code;
}

int lab_down_link(const struct options *options) {
	return ask_fault(options, "down");
}

int lab_cut_link(const struct options *options) {
	return ask_fault(options, "cut");
}

int lab_up_link(const struct options *options) {
	return ask_fault(options, "up");
}

int lab_set(const struct options *options) {
	json_t *request = json_object();
	json_t *result = NULL;
	uint64_t value;
	json_put_text(request, "verb", "quality");
	json_put_text(request, "link", options->positional[0]);
	if (options_has(options, OPTION_DELAY))
		json_put_int(request, "delayNs", options->number[OPTION_DELAY]);
	if (options_has(options, OPTION_JITTER))
		json_put_int(request, "jitterNs", options->number[OPTION_JITTER]);
	if (options_has(options, OPTION_LOSS)) {
		if (!quality_read_loss(options->text[OPTION_LOSS], &value)) {
			fprintf(stderr,
				"interplane lab set: --loss %s: expected a share such as 0.1%% or 5%%\n",
				options->text[OPTION_LOSS]);
			json_decref(request);
			return EXIT_WRONG_USE;
		}
		json_put_int(request, "lossMillionths", (long long)value);
	}
	if (options_has(options, OPTION_RATE)) {
		if (!quality_read_rate(options->text[OPTION_RATE], &value)) {
			fprintf(stderr,
				"interplane lab set: --rate %s: expected a rate such as 50Mbps or 10Gbps, or 0\n",
				options->text[OPTION_RATE]);
			json_decref(request);
			return EXIT_WRONG_USE;
		}
		json_put_int(request, "rateBitsPerS", (long long)value);
	}
	int exit_code = lab_ask(options, request, &result);
	json_decref(result);
	return exit_code;
}
