#include "forward/forward_int.h"

// All filters of a direction must permit. A header that no rule of a list holds passes that list.
BODY struct verdict filter_body(const struct asked *asked, const struct port_filter *filters,
	size_t count, struct header_box *scope) {
	for (size_t i = 0; i < count; i++) {
		const struct port_filter *filter = &filters[i];
		uint32_t origin = 0;
		if (!filter->is_stateful || !asked->is_known) {
			ptrdiff_t index = scope != NULL
				? rule_list_match_scope(&filter->list, asked->key, scope)
				: rule_list_match(&filter->list, asked->key);
			if (index < 0)
				continue;
			const struct rule *rule = &filter->list.rules[index];
			if (rule->verdict == RULE_DENY)
				return verdict_drop(filter->drop, rule->origin);
			origin = rule->origin;
		}
		if (asked->step != NULL && step_is_traced(asked->step))
			step_record(asked->step,
				(struct trace_record){
					.step = TRACE_PERMITTED, .port = asked->port->id, .origin = origin});
	}
	return verdict_on();
}

struct verdict filter_check(
	const struct asked *asked, const struct port_filter *filters, size_t count) {
	return filter_body(asked, filters, count, NULL);
}

struct verdict filter_check_scope(const struct asked *asked, const struct port_filter *filters,
	size_t count, struct header_box *scope) {
	return filter_body(asked, filters, count, scope);
}
