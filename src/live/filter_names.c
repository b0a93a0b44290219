#include "live/filter_names.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/names.h"

// Where a name may stand.
enum stand {
	STAND_NOWHERE,
	STAND_MAYBE, // behind src and dst and another name, where a keyword may follow, too
	STAND_HERE,  // behind host
};

// A word as pcap-filter(7) has them: an address, a name, a keyword.
static size_t word_length(const char *text) {
	size_t length = 0;
	while (isalnum((unsigned char)text[length]) ||
		(text[length] != '\0' && strchr("-_.:/\\", text[length]) != NULL))
		length++;
	return length;
}

static bool is_word(const char *word, size_t length, const char *wanted) {
	return strlen(wanted) == length && strncmp(word, wanted, length) == 0;
}

static bool is_word_of(const char *word, size_t length, const char *const *of) {
	while (*of != NULL && !is_word(word, length, *of))
		of++;
	return *of != NULL;
}

// Those of libpcap's words that may stand there.
static bool is_keyword(const char *word, size_t length) {
	static const char *const keywords[] = {"ah", "and", "broadcast", "dst", "esp", "ether",
		"gateway", "greater", "host", "icmp", "icmp6", "ip", "ip6", "len", "less", "mpls",
		"multicast", "net", "not", "or", "port", "portrange", "proto", "sctp", "src", "tcp", "udp",
		"vlan", NULL};
	return is_word_of(word, length, keywords);
}

static enum stand stand_behind(const char *word, size_t length, enum stand before, bool is_name) {
	static const char *const joins[] = {"and", "or", "not", NULL};
	static const char *const ways[] = {"src", "dst", NULL};
	if (is_word(word, length, "host"))
		return STAND_HERE;
	if (is_word_of(word, length, ways))
		return STAND_MAYBE;
	if (is_name || before == STAND_HERE)
		return STAND_MAYBE;
	return is_word_of(word, length, joins) ? before : STAND_NOWHERE;
}

// Several in brackets, so that what stands before the name holds for each. False: nobody has it.
static bool put_addresses(
	const char *word, size_t length, const struct filter_hosts *hosts, struct text *out) {
	size_t found = 0;
	for (size_t i = 0; i < hosts->count; i++)
		found += is_word(word, length, hosts->items[i].name);
	if (found > 1)
		text_add_char(out, '(');
	for (size_t i = 0, put = 0; i < hosts->count; i++) {
		if (is_word(word, length, hosts->items[i].name))
			text_printf(out, "%s%s", put++ > 0 ? " or " : "", hosts->items[i].address);
	}
	if (found > 1)
		text_add_char(out, ')');
	return found != 0;
}

// Anything with a letter that is none of an address.
static bool looks_like_a_name(const char *word, size_t length) {
	bool has_colon = memchr(word, ':', length) != NULL;
	for (size_t i = 0; i < length; i++) {
		if (isalpha((unsigned char)word[i]) && !has_colon)
			return true;
	}
	return false;
}

static int tell_unknown(
	const char *word, size_t length, const struct filter_hosts *hosts, struct text *problem) {
	struct names *known = names_new();
	struct text name;
	for (size_t i = 0; i < hosts->count; i++)
		names_add(known, hosts->items[i].name);
	text_init(&name);
	text_add_n(&name, word, length);
	const char *near = names_nearest(known, text_chars(&name));
	text_printf(problem, "filter: the network has no host \"%s\"%s%s%s", text_chars(&name),
		near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
		near != NULL ? "\"?" : "");
	text_done(&name);
	names_free(known);
	return -EINVAL;
}

int filter_put_addresses(const char *expression, const struct filter_hosts *hosts, struct text *out,
	struct text *problem) {
	enum stand stand = STAND_NOWHERE;
	for (const char *at = expression; *at != '\0';) {
		size_t length = word_length(at);
		if (length == 0) {
			text_add_char(out, *at++);
			continue;
		}
		bool may_be_name = stand == STAND_HERE || (stand == STAND_MAYBE && !is_keyword(at, length));
		bool is_name = may_be_name && put_addresses(at, length, hosts, out);
		if (!is_name && stand == STAND_HERE && looks_like_a_name(at, length))
			return tell_unknown(at, length, hosts, problem);
		if (!is_name)
			text_add_n(out, at, length);
		stand = stand_behind(at, length, stand, is_name);
		at += length;
	}
	return 0;
}
