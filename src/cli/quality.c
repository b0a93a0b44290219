#include "cli/quality.h"

#include <string.h>

#include "base/text.h"

#define LOSS_ALL_MILLIONTHS 1000000
#define MTU_MAX 65535

// A number with at most so many decimals, and the unit behind it: "0.25%" with 4 gives 2500.
static bool read_decimal(const char *text, int decimals, const char **unit, uint64_t *out) {
	uint64_t value = 0;
	int seen = -1;
	const char *at = text;
	for (; (*at >= '0' && *at <= '9') || (*at == '.' && seen < 0); at++) {
		if (*at == '.') {
			seen = 0;
			continue;
		}
		if (seen >= decimals || value > UINT64_MAX / 100)
			return false;
		value = value * 10 + (uint64_t)(*at - '0');
		seen += seen >= 0;
	}
	if (at == text)
		return false;
	for (int i = seen < 0 ? 0 : seen; i < decimals; i++) {
		if (value > UINT64_MAX / 10)
			return false;
		value *= 10;
	}
	*unit = at;
	*out = value;
	return true;
}

bool quality_read_loss(const char *text, uint64_t *out) {
	const char *unit;
	return read_decimal(text, 4, &unit, out) && text_equal(unit, "%") &&
		*out <= LOSS_ALL_MILLIONTHS;
}

bool quality_read_rate(const char *text, uint64_t *out) {
	static const struct {
		const char *unit;
		uint64_t factor;
	} units[] = {{"bps", 1}, {"kbps", 1000}, {"Mbps", 1000000}, {"Gbps", 1000000000}};
	const char *unit;
	uint64_t thousandths;
	if (!read_decimal(text, 3, &unit, &thousandths))
		return false;
	if (thousandths == 0) {
		*out = 0;
		return true;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!text_equal(units[i].unit, unit) ||
			__builtin_mul_overflow(thousandths, units[i].factor, out))
			continue;
		*out /= 1000;
		return *out != 0 && *out <= INT64_MAX;
	}
	return false;
}

bool quality_read(const char *word, struct world_quality *quality) {
	const char *value = strchr(word, '=');
	uint64_t number;
	long long ns;

	if (value++ == NULL)
		return false;
	if (text_starts_with(word, "delay=") && text_to_duration(value, &ns) == 0)
		quality->delay_ns = ns;
	else if (text_starts_with(word, "jitter=") && text_to_duration(value, &ns) == 0)
		quality->jitter_ns = ns;
	else if (text_starts_with(word, "loss=") && quality_read_loss(value, &number))
		quality->loss_millionths = (uint32_t)number;
	else if (text_starts_with(word, "rate=") && quality_read_rate(value, &number))
		quality->rate_bits_per_s = number;
	else if (text_starts_with(word, "mtu=") && text_to_int(value, 0, MTU_MAX, &ns) == 0)
		quality->mtu_bytes = (uint32_t)ns;
	else
		return false;
	return true;
}
