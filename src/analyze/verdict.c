#include "analyze/verdict.h"

#include "base/assert.h"

const char *verdict_name(enum verdict verdict) {
	static const char *const names[] = {
#define VERDICT_NAME(constant, name, text) name,
		VERDICTS(VERDICT_NAME)
#undef VERDICT_NAME
	};
	assert(verdict < VERDICT_COUNT);
	return names[verdict];
}

const char *verdict_text(enum verdict verdict) {
	static const char *const texts[] = {
#define VERDICT_TEXT(constant, name, text) text,
		VERDICTS(VERDICT_TEXT)
#undef VERDICT_TEXT
	};
	assert(verdict < VERDICT_COUNT);
	return texts[verdict];
}

enum verdict verdict_of_drop(enum drop drop) {
	switch (drop) {
	case DROP_NO_ROUTE:
		return VERDICT_NO_ROUTE;
	case DROP_NONE_ROUTE:
		return VERDICT_NONE_ROUTE;
	case DROP_DENIED:
		return VERDICT_DENIED;
	case DROP_SOURCE_NOT_KNOWN:
	case DROP_SOURCE_ELSEWHERE:
		return VERDICT_SOURCE_NOT_KNOWN;
	case DROP_NOT_FORWARDING:
		return VERDICT_NOT_FORWARDING;
	case DROP_PEERING_REFUSED:
		return VERDICT_PEERING_REFUSED;
	case DROP_NO_HOST:
	case DROP_MULTICAST:
		return VERDICT_NO_HOST;
	case DROP_LEFT_TO_INTERNET:
		return VERDICT_LEFT_TO_INTERNET;
	case DROP_LEFT_TO_SERVICE:
		return VERDICT_LEFT_TO_SERVICE;
	case DROP_TTL_EXPIRED:
		return VERDICT_TTL_EXPIRED;
	case DROP_LOOP:
		return VERDICT_LOOP;
	case DROP_MTU:
		return VERDICT_MTU;
	case DROP_LINK_DOWN:
	case DROP_NODE_DOWN:
		return VERDICT_LINK_DOWN;
	case DROP_TUNNEL_DOWN:
		return VERDICT_TUNNEL_DOWN;
	case DROP_LINK_CUT:
	case DROP_LOST:
	case DROP_QUEUE_FULL:
	case DROP_MALFORMED:
	case DROP_ESP_UNKNOWN_SPI:
	case DROP_ESP_BAD_TAG:
	case DROP_ESP_REPLAYED:
		return VERDICT_LOST;
	case DROP_NO_LISTENER:
	case DROP_NO_ADDRESS_ON_PORT:
	case DROP_SILENT:
	case DROP_NO_ERROR_DUE:
		return VERDICT_REPLY_LOST;
	case DROP_COUNT:
		break;
	}
	assert(!"a drop reason");
	return VERDICT_LOST;
}
