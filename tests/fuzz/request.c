// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a guest wrote as a request and as a state: nothing but what the
 * protocol allows gets through, and the answer to anything else is fit to be
 * logged and to be read by a person.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "model/machine.h"
#include "model/request.h"
#include "policy/policy.h"

static void check_answer(const struct reason *reason)
{
	fuzz_assert(memchr(reason->text, 0, sizeof(reason->text)));
	fuzz_assert(*reason->text && is_plain(reason->text));
}

static void check_granted(const struct request *request)
{
	struct policy *policy = policy_new();
	struct policy_subject subject = { "web", "", MYDEVICE_CLASS, request->name };
	struct policy_settings settings = policy_resolve(policy, &subject);
	struct policy_grant grant;
	struct reason reason = {};

	fuzz_assert(policy_decide(&settings, request, 0, &grant, &reason) == 0);
	fuzz_assert(grant.mode < MODE_MAX);
	fuzz_assert(request->mode == MODE_ANY || grant.mode == request->mode);
	fuzz_assert(grant.ring_size >= 1u << MYDEVICE_RING_ORDER_MIN);
	fuzz_assert(grant.ring_size <= 1u << MYDEVICE_RING_ORDER_MAX);
	fuzz_assert(!(grant.ring_size & (grant.ring_size - 1)));
	fuzz_assert(!request->ring_size || grant.ring_size <= request->ring_size);
	fuzz_assert(policy_decide(&settings, request, 8, &grant, &reason) == -EACCES);
	check_answer(&reason);
	policy_free(policy);
}

static void check_taken(const struct request_nodes *nodes, const struct request *request)
{
	fuzz_assert(nodes->request.len == 1 && *nodes->request.data == '1');
	fuzz_assert(is_name(nodes->name.data, nodes->name.len));
	fuzz_assert(strlen(request->name) == nodes->name.len);
	fuzz_assert(!memcmp(request->name, nodes->name.data, nodes->name.len));
	fuzz_assert(request->mode <= MODE_ANY);
	fuzz_assert((request->mode == MODE_ANY) == !nodes->mode.data);
	fuzz_assert(!request->ring_size == !nodes->ring_size.data);
	fuzz_assert(!request->ring_size || request->ring_size >= MYDEVICE_PAGE_SIZE);
	check_granted(request);
}

static void check_state(const struct node_text *text)
{
	enum end_state state = end_state_parse(text->data, text->len);

	fuzz_assert(state < END_STATE_MAX);
	fuzz_assert((state == END_GONE) == !text->data);
	if (state != END_GONE && state != END_UNKNOWN)
		fuzz_assert(text->len == 1 && *text->data == '0' + (char)state);
	else if (text->len == 1)
		fuzz_assert(*text->data < '1' || *text->data > '8');
	fuzz_assert(end_state_name(state));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct request_nodes nodes = {};
	struct node_text *const texts[] = {
		&nodes.request, &nodes.name, &nodes.mode, &nodes.ring_size,
	};
	struct request request = { .ring_size = 4711 };
	uint8_t there = input_byte(&input);
	struct reason reason = {};
	int r;

	for (unsigned int i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (there & 1u << i)
			texts[i]->data = input_bytes(&input, input_byte(&input), &texts[i]->len);
	r = request_parse(&nodes, &request, &reason);
	fuzz_assert((r == -ENODATA) == !nodes.request.data);
	if (r == 0)
		check_taken(&nodes, &request);
	else
		fuzz_assert(request.ring_size == 4711);
	if (r == -EBADMSG)
		check_answer(&reason);
	else
		fuzz_assert(r == 0 || r == -ENODATA);
	for (unsigned int i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		check_state(texts[i]);
		free((char *)texts[i]->data);
	}
	return 0;
}
