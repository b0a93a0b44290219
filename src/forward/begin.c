#include "forward/forward_int.h"

// An IPv6 packet with an IPv4-mapped address would read as the other family from here on; it has no
// business on a wire (RFC 4942 2.2).
static bool families_agree(const struct step *step) {
	bool is_v4 = packet_data(step->packet)[0] >> 4 == 4;
	return ip_is_v4(step->header.source) == is_v4 && ip_is_v4(step->header.destination) == is_v4;
}

// Decodes the headers once for all steps behind. Bytes behind the packet's own length are the
// link's padding and go away.
bool step_begin(struct step *step, enum trace_step how) {
	struct packet *packet = step->packet;
	bool is_sound = ip_header_decode(packet_data(packet), packet->length, &step->header) == 0 &&
		families_agree(step);
	if (!is_sound)
		step->header = (struct ip_header){0};
	else
		flow_key_decode(packet_data(packet), &step->header, &step->key);
	if (step_is_traced(step)) {
		if (packet->trace->count == 0 && is_sound)
			packet->trace->key = step->key;
		step_record(step,
			(struct trace_record){
				.step = (uint8_t)how, .port = step->in != NULL ? step->in->id : UINT32_MAX});
	}
	if (!is_sound) {
		step_drop(step, DROP_MALFORMED, 0);
		return false;
	}
	packet->length = step->header.total_bytes;
	return true;
}
