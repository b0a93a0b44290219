#include "cli/options.h"

#include <errno.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "cli/verb.h"

// What kind of value an option takes, by the word for it.
static const struct option_row {
	const char *name, *value, *help;
} rows[] = {
#define OPTION_ROW(constant, name, value, help) {name, value, help},
	OPTIONS(OPTION_ROW)
#undef OPTION_ROW
};

static const struct {
	enum option option;
	long long min, max;
} ranges[] = {
	{OPTION_COUNT, 1, 100000},
	{OPTION_SIZE, 0, 9000},
	{OPTION_PORT, 1, 65535},
	{OPTION_SOURCE_PORT, 1, 65535},
	{OPTION_SEED, 1, INT64_MAX},
	{OPTION_FAILURES, 1, 2},
	{OPTION_HUBS, 1, 100},
	{OPTION_SPOKES, 0, 10000},
	{OPTION_SITES, 0, 100},
	{OPTION_PREFIXES, 1, 1000},
	{OPTION_SNAPLEN, 20, 65535},
};

bool options_is_format(const struct options *options, const char *format) {
	return text_equal(options->format, format);
}

static bool is_allowed(const struct verb *verb, size_t option) {
	return ((verb->options | OPTIONS_ALWAYS) >> option & 1) != 0;
}

static int unknown_option(const struct verb *verb, const char *argument, FILE *errors) {
	struct names *known = names_new();
	size_t length = strcspn(argument, "=");
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)(length < 63 ? length : 63), argument);
	for (size_t i = 0; i < OPTION_COUNT_ALL; i++) {
		if (is_allowed(verb, i)) {
			char option[64];
			snprintf(option, sizeof(option), "--%s", rows[i].name);
			names_add(known, option);
		}
	}
	const char *nearest = names_nearest(known, name);
	fprintf(errors, "interplane %s: unknown option %s", verb->name, name);
	if (nearest != NULL)
		fprintf(errors, "; did you mean %s?", nearest);
	fprintf(errors, "\nTry `interplane %s --help`.\n", verb->name);
	names_free(known);
	return -EINVAL;
}

static int find_option(const struct verb *verb, const char *argument, size_t *out) {
	size_t length = strcspn(argument, "=");

	for (size_t i = 0; i < OPTION_COUNT_ALL; i++) {
		if (is_allowed(verb, i) && strlen(rows[i].name) + 2 == length &&
			strncmp(argument + 2, rows[i].name, length - 2) == 0) {
			*out = i;
			return 0;
		}
	}
	return -ENOENT;
}

// Whose options are read, where to, and where complaints go.
struct reading {
	const struct verb *verb;
	struct options *out;
	FILE *errors;
};

static int read_number(const struct reading *reading, size_t option, const char *value) {
	long long *number = &reading->out->number[option];

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (ranges[i].option != option)
			continue;
		if (text_to_int(value, ranges[i].min, ranges[i].max, number) == 0)
			return 0;
		fprintf(reading->errors, "interplane %s: --%s %s: expected a number from %lld to %lld\n",
			reading->verb->name, rows[option].name, value, ranges[i].min, ranges[i].max);
		return -EINVAL;
	}
	return 0;
}

static int read_time(const struct reading *reading, size_t option, const char *value) {
	long long *number = &reading->out->number[option];

	if (text_to_duration(value, number) == 0 && (option != OPTION_INTERVAL || *number > 0))
		return 0;
	fprintf(reading->errors, "interplane %s: --%s %s: expected a time such as 250ms, 2s or 3m\n",
		reading->verb->name, rows[option].name, value);
	return -EINVAL;
}

static int read_protocol(const struct reading *reading, const char *value) {
	struct options *out = reading->out;

	if (text_equal(value, "icmp"))
		out->flow.protocol = PROTOCOL_ICMP;
	else if (text_equal(value, "udp"))
		out->flow.protocol = PROTOCOL_UDP;
	else if (text_equal(value, "tcp"))
		out->flow.protocol = PROTOCOL_TCP;
	else {
		fprintf(reading->errors, "interplane %s: --protocol %s: expected icmp, udp or tcp\n",
			reading->verb->name, value);
		return -EINVAL;
	}
	return 0;
}

static int check_format(const struct reading *reading, const char *value) {
	const struct verb *verb = reading->verb;
	size_t length = strlen(value);

	for (const char *at = verb->formats; *at != '\0';) {
		size_t word = strcspn(at, " ");
		if (word == length && strncmp(at, value, length) == 0)
			return 0;
		at += word + (at[word] == ' ');
	}
	fprintf(reading->errors, "interplane %s: --format %s: expected one of: %s\n", verb->name, value,
		verb->formats);
	return -EINVAL;
}

static int add_fault(
	const struct reading *reading, size_t option, const char **list, size_t *count) {
	if (*count == OPTIONS_FAULTS_MAX) {
		fprintf(reading->errors, "interplane %s: --%s more than %d times\n", reading->verb->name,
			rows[option].name, OPTIONS_FAULTS_MAX);
		return -EINVAL;
	}
	list[(*count)++] = reading->out->text[option];
	return 0;
}

static int read_value(const struct reading *reading, size_t option, const char *value) {
	struct options *out = reading->out;

	out->text[option] = value;
	if (option == OPTION_FORMAT) {
		out->format = value;
		return check_format(reading, value);
	}
	if (option == OPTION_PROTOCOL)
		return read_protocol(reading, value);
	if (option == OPTION_DOWN)
		return add_fault(reading, option, out->down, &out->down_count);
	if (option == OPTION_DOWN_NODE)
		return add_fault(reading, option, out->down_nodes, &out->down_node_count);
	if (option == OPTION_EVENT)
		return add_fault(reading, option, out->events, &out->event_count);
	if (text_equal(rows[option].value, "TIME"))
		return read_time(reading, option, value);
	return read_number(reading, option, value);
}

// One option; `next` is the argument behind it, which may be its value: *took_next says so.
static int read_option(
	const struct reading *reading, const char *argument, const char *next, bool *took_next) {
	const struct verb *verb = reading->verb;
	struct options *out = reading->out;
	FILE *errors = reading->errors;
	const char *equals = strchr(argument, '=');
	size_t option;

	if (find_option(verb, argument, &option) < 0)
		return unknown_option(verb, argument, errors);
	out->given |= UINT64_C(1) << option;
	if (rows[option].value == NULL) {
		if (equals == NULL)
			return 0;
		fprintf(errors, "interplane %s: --%s takes no value\n", verb->name, rows[option].name);
		return -EINVAL;
	}
	if (equals != NULL)
		return read_value(reading, option, equals + 1);
	if (next == NULL) {
		fprintf(errors, "interplane %s: --%s needs a value: %s\n", verb->name, rows[option].name,
			rows[option].value);
		return -EINVAL;
	}
	*took_next = true;
	return read_value(reading, option, next);
}

static void settle(struct options *out) {
	out->flow.prefer_v6 = options_has(out, OPTION_IPV6);
	out->flow.port = (uint16_t)options_number(out, OPTION_PORT, 0);
	out->flow.source_port = (uint16_t)options_number(out, OPTION_SOURCE_PORT, 0);
}

static int read_argument(const struct reading *reading, const char *argument) {
	const struct verb *verb = reading->verb;

	if (reading->out->positional_count < verb->max_arguments) {
		reading->out->positional[reading->out->positional_count++] = argument;
		return 0;
	}
	fprintf(reading->errors, "interplane %s: one argument too many: %s\nUsage: interplane %s %s\n",
		verb->name, argument, verb->name, verb->arguments);
	return -EINVAL;
}

int options_read(
	const struct verb *verb, int argc, char **argv, struct options *out, FILE *errors) {
	const struct reading reading = {verb, out, errors};
	bool only_arguments = false;

	*out = (struct options){.format = "text"};
	for (int i = 0; i < argc; i++) {
		bool took_next = false;
		int result = 0;
		if (text_equal(argv[i], "-h"))
			out->given |= OPTION_BIT(HELP);
		else if (!only_arguments && text_equal(argv[i], "--"))
			only_arguments = true;
		else if (!only_arguments && argv[i][0] == '-' && argv[i][1] != '\0')
			result = read_option(&reading, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &took_next);
		else
			result = read_argument(&reading, argv[i]);
		if (result < 0)
			return result;
		i += took_next;
	}
	settle(out);
	if (options_has(out, OPTION_HELP) || out->positional_count >= verb->min_arguments)
		return 0;
	fprintf(errors, "interplane %s: too few arguments\nUsage: interplane %s %s\n", verb->name,
		verb->name, verb->arguments);
	return -EINVAL;
}

void options_help(const struct verb *verb, FILE *out) {
	struct text text;

	text_init(&text);
	text_printf(&text, "Usage: interplane %s %s [OPTION]...\n%s\n\n", verb->name, verb->arguments,
		verb->summary);
	for (size_t i = 0; i < OPTION_COUNT_ALL; i++) {
		if (!is_allowed(verb, i))
			continue;
		text_printf(&text, "  --%s", rows[i].name);
		if (rows[i].value != NULL)
			text_printf(&text, " %s", rows[i].value);
		text_add_char(&text, ' ');
		text_pad_to(&text, 27);
		if (i == OPTION_FORMAT)
			text_printf(&text, "one of: %s\n", verb->formats);
		else
			text_printf(&text, "%s\n", rows[i].help);
	}
	fputs(text_chars(&text), out);
	text_done(&text);
}
