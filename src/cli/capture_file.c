#include "cli/capture_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/names.h"
#include "view/packet.h"

#define WRITE_AT_BYTES (64 << 10)
#define NS_IN_SECOND 1000000000
#define NS_IN_MICROSECOND 1000

struct capture_file {
	struct capture_plan plan;
	struct text out;
	struct names *interfaces; // of pcapng: "LINK NODE", by their numbers
	int error;
};

enum capture_form capture_form_of(const char *path) {
	const char *dot = strrchr(path, '.');
	return dot != NULL && text_equal(dot, ".pcapng") ? CAPTURE_PCAPNG : CAPTURE_PCAP;
}

struct capture_file *capture_file_new(const struct capture_plan *plan) {
	struct capture_file *file = memory_alloc(sizeof(*file));
	file->plan = *plan;
	text_init(&file->out);
	if (file->plan.snaplen == 0)
		file->plan.snaplen = PCAP_SNAPLEN;
	if (plan->form == CAPTURE_PCAP)
		pcap_begin(&file->out, file->plan.snaplen);
	if (plan->form == CAPTURE_PCAPNG) {
		pcapng_begin(&file->out);
		file->interfaces = names_new();
	}
	return file;
}

void capture_file_free(struct capture_file *file) {
	if (file == NULL)
		return;
	if (file->interfaces != NULL)
		names_free(file->interfaces);
	text_done(&file->out);
	free(file);
}

// Of each link's each sender one.
static uint32_t interface_of(struct capture_file *file, uint32_t link, uint32_t from) {
	const struct capture_plan *plan = &file->plan;
	char key[32];
	snprintf(key, sizeof(key), "%lu %lu", (unsigned long)link, (unsigned long)from);
	uint32_t number = names_find(file->interfaces, key);
	if (number != NAME_NONE)
		return number;
	struct text description;
	text_init(&description);
	text_printf(&description, "what %s sends", plan->node_name(plan->network, from));
	pcapng_add_interface(
		&file->out, plan->link_name(plan->network, link), text_chars(&description), plan->snaplen);
	text_done(&description);
	return names_add(file->interfaces, key);
}

static void add_line(
	struct capture_file *file, const struct pcap_packet *packet, uint32_t link, uint32_t from) {
	const struct capture_plan *plan = &file->plan;
	time_t seconds = (time_t)(packet->when_ns / NS_IN_SECOND);
	struct tm local;
	char clock[16];
	if (localtime_r(&seconds, &local) == NULL ||
		strftime(clock, sizeof(clock), "%H:%M:%S", &local) == 0)
		clock[0] = '\0';
	text_printf(
		&file->out, "%s.%06d  ", clock, (int)(packet->when_ns % NS_IN_SECOND / NS_IN_MICROSECOND));
	if (plan->is_of_all)
		text_printf(&file->out, "%s  ", plan->link_name(plan->network, link));
	text_printf(&file->out, "from %s: ", plan->node_name(plan->network, from));
	view_packet(packet->bytes, packet->length, packet->whole_length, &file->out);
	text_add_char(&file->out, '\n');
}

void capture_file_add(
	struct capture_file *file, const struct pcap_packet *packet, uint32_t link, uint32_t from) {
	struct pcap_packet placed = *packet;
	switch (file->plan.form) {
	case CAPTURE_PCAP:
		pcap_add(&file->out, packet);
		break;
	case CAPTURE_PCAPNG:
		placed.interface = interface_of(file, link, from);
		pcapng_add(&file->out, &placed);
		break;
	case CAPTURE_LINES:
		add_line(file, packet, link, from);
		break;
	}
	if (file->out.length >= WRITE_AT_BYTES)
		capture_file_flush(file);
}

int capture_file_flush(struct capture_file *file) {
	if (file->error == 0 && file->out.length != 0 &&
		(fwrite(file->out.chars, file->out.length, 1, file->plan.file) != 1 ||
			fflush(file->plan.file) != 0))
		file->error = -errno;
	text_clear(&file->out);
	return file->error;
}
