// Any bytes as changes to a table and questions to it, held against a plain list of the routes.

#include "base/assert.h"
#include "base/wire.h"
#include "net/lpm.h"

#define ROUTES_MAX 256
#define STEPS_MAX 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

struct route {
	struct prefix prefix;
	uint32_t value;
};

struct model {
	struct route routes[ROUTES_MAX];
	size_t count;
};

static size_t model_find(const struct model *model, struct prefix prefix) {
	size_t i = 0;
	while (i < model->count && !prefix_equal(model->routes[i].prefix, prefix))
		i++;
	return i;
}

static struct lpm_match model_lookup(const struct model *model, struct ip address) {
	struct lpm_match best = {LPM_NONE, 0};

	for (size_t i = 0; i < model->count; i++) {
		const struct route *route = &model->routes[i];
		if (prefix_contains(route->prefix, address) &&
			(best.value == LPM_NONE || route->prefix.bits > best.bits))
			best = (struct lpm_match){route->value, route->prefix.bits};
	}
	return best;
}

static void check(const struct lpm *lpm, const struct model *model, struct ip address) {
	struct lpm_match wanted = model_lookup(model, address);
	struct lpm_match plain = lpm_lookup(lpm, address);
	struct prefix same = ip_is_v4(address) ? prefix_default_v4() : prefix_default_v6();
	struct lpm_match scoped = lpm_lookup_scope(lpm, address, &same);

	assert(plain.value == wanted.value && plain.bits == wanted.bits);
	assert(scoped.value == wanted.value && scoped.bits == wanted.bits);
	assert(prefix_contains(same, address));
	// No route begins or ends inside the scope, but the one that answered may be the scope.
	for (size_t i = 0; i < model->count; i++) {
		struct prefix prefix = model->routes[i].prefix;
		assert(!prefix_covers(same, prefix) ||
			(prefix_equal(same, prefix) && prefix.bits == wanted.bits));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	static struct model model;
	struct reader in = reader_of(data, size_bytes);
	struct lpm *lpm = lpm_new();

	model.count = 0;
	for (unsigned step = 0; step < STEPS_MAX && reader_left(&in) > 0; step++) {
		uint8_t what = read_u8(&in);
		uint8_t length = read_u8(&in);
		uint32_t word = read_u32(&in);
		bool is_v4 = what & 1;
		struct ip address = is_v4
			? ip_of_v4(word)
			: (struct ip){(uint64_t)word << 32, (uint64_t)(word & 0xff) << 56};
		struct prefix prefix =
			prefix_of(address, is_v4 ? PREFIX_V4_BITS + length % 33U : length % 129U);
		size_t at = model_find(&model, prefix);
		if (what & 2) {
			assert((lpm_remove(lpm, prefix) == 0) == (at < model.count));
			if (at < model.count)
				model.routes[at] = model.routes[--model.count];
		} else if (at < ROUTES_MAX) {
			lpm_insert(lpm, prefix, what);
			model.routes[at] = (struct route){prefix, what};
			model.count += at == model.count;
		}
		assert(lpm_count(lpm) == model.count);
		check(lpm, &model, address);
		check(lpm, &model, ip_next(prefix_last(prefix)));
	}
	lpm_free(lpm);
	return 0;
}
