#include "loop/pace.h"

int64_t pace_next(struct pace *pace, instant now) {
	int64_t back = instant_since(now, pace->since) / PACE_NS;
	if (back >= pace->used) {
		pace->used = 0;
		pace->since = now;
	} else {
		pace->used -= (uint32_t)back;
		pace->since = instant_add(pace->since, back * PACE_NS);
	}
	if (pace->used >= PACE_FREE)
		return PACE_NS;
	pace->used++;
	return 0;
}
