// SPDX-License-Identifier: GPL-2.0-or-later
/* Which nodes each kind of devices has, and what is expected of it. */
#include "harness.h"

#include <stdio.h>
#include <xen/io/mydevice.h>

#include "nodes/kinds.h"

static int append(const char *name, const char *value, void *userdata)
{
	char *text = userdata;

	sprintf(text + strlen(text), "%s=%s ", name, value);
	return strcmp(name, "refused") ? 0 : -EDQUOT;
}

static const struct record record = {
	.name = "log",
	.mode = MODE_PACKET,
	.ring_size = 8192,
	.written_usec = 7,
};

static void channel_has_the_nodes_of_the_protocol(void **state)
{
	struct policy_settings settings = { .live[0] = "4096" };
	struct kind_plan plan = { .record = &record, .settings = &settings, .link_guest = "web1" };
	const struct kind *kind = kind_of(MYDEVICE_CLASS, record.mode);
	char text[256] = "";

	assert_int_equal(kind->identity(&record, "", true, append, text), 0);
	assert_string_equal(text, "name=log mode=packet ");
	*text = '\0';
	assert_int_equal(kind->identity(&record, "to-host", true, append, text), 0);
	assert_string_equal(text, "name=log mode=one-way packet ");
	*text = '\0';
	assert_int_equal(kind->identity(&record, "to-host", false, append, text), 0);
	assert_string_equal(text, "name=log mode=packet ");
	assert_null(kind->frontend);
	*text = '\0';
	assert_int_equal(kind->backend(&plan, append, text), 0);
	assert_memory_equal(text, "guest=web1 ring-size=8192 ", 26);
	assert_non_null(strstr(text, "=4096 "));
	*text = '\0';
	plan.link_guest = "";
	settings.live[0] = "";
	assert_int_equal(kind->backend(&plan, append, text), 0);
	assert_string_equal(text, "ring-size=8192 ");
	kind->describe(NULL, &record, text, sizeof(text));
	assert_string_equal(text, "packet, ring size 8192 bytes, written 7 us after the request");
	assert_ptr_equal(kind, kind_of(MYDEVICE_CLASS, MODE_ANY));
}

static void other_class_has_the_nodes_of_the_policy(void **state)
{
	struct policy_node nodes[] = {
		{ .backend = true, .name = "a", .value = "1" },
		{ .backend = false, .name = "b", .value = "2" },
		{ .backend = false, .name = "refused", .value = "3" },
		{ .backend = false, .name = "c", .value = "4" },
	};
	struct policy_settings settings = { .nodes = nodes, .n_nodes = 4 };
	struct device_key key = { .class = "vfoo", .backend = 3 };
	struct kind_plan plan = { .key = &key, .record = &record, .settings = &settings };
	const struct kind *kind = kind_of(key.class, MODE_ANY);
	char text[256] = "";

	assert_null(kind->identity);
	assert_int_equal(kind->backend(&plan, append, text), 0);
	assert_string_equal(text, "a=1 ");
	*text = '\0';
	assert_int_equal(kind->frontend(&plan, append, text), -EDQUOT);
	assert_string_equal(text, "b=2 refused=3 ");
	kind->describe(&key, &record, text, sizeof(text));
	assert_string_equal(text, "class vfoo, served by domain 3, written after 7 us");
	assert_false(kind->has_node || kind->has_live || kind->has_steps || kind->follows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(channel_has_the_nodes_of_the_protocol),
		cmocka_unit_test(other_class_has_the_nodes_of_the_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
