// `lab down-link`, `cut-link`, `up-link`, `set`: what is done to links of a running lab.
#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/lab_int.h"
#include "cli/quality.h"

#define LOSS_ALL_MILLIONTHS 1000000

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

static void repair_now(struct timer *timer, void *owner) {
	struct lab_repair *repair = owner;
	struct lab *lab = repair->lab;
	uint32_t link = repair->link;
	(void)timer;
	forget_repair(lab, link);
	world_set_link(lab->network.world, link, WORLD_UP, TOPO_NONE);
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
	static const char *const words[] = {
		[WORLD_UP] = "up", [WORLD_DOWN] = "down", [WORLD_CUT] = "cut"};
	const char *given = json_string_value(json_object_get(request, "fault"));
	for (size_t i = 0; given != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_equal(words[i], given)) {
			*out = (enum world_fault)i;
			return true;
		}
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
	if (world_set_link(lab->network.world, link, fault, one_way) == -ENOENT)
		return lab_error("%s is not an end of link %s", lab->network.topo->nodes[one_way].name,
			lab->network.topo->links[link].name);
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
	json_t *delay = json_object_get(request, "delayNs");
	json_t *jitter = json_object_get(request, "jitterNs");
	json_t *loss = json_object_get(request, "lossMillionths");
	json_t *rate = json_object_get(request, "rateBitsPerS");
	if (delay != NULL)
		quality.delay_ns = json_integer_value(delay);
	if (jitter != NULL)
		quality.jitter_ns = json_integer_value(jitter);
	if (loss != NULL)
		quality.loss_millionths = (uint32_t)json_integer_value(loss);
	if (rate != NULL)
		quality.rate_bits_per_s = (uint64_t)json_integer_value(rate);
	if (quality.delay_ns < 0 || quality.jitter_ns < 0 ||
		quality.loss_millionths > LOSS_ALL_MILLIONTHS)
		return lab_error("delay and jitter are not negative, loss is at most 100%%");
	world_set_quality(lab->network.world, link, &quality);
	return json_object();
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
