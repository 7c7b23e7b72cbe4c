// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/util.h"
#include "model/paths.h"

static const struct device_key key = {
	.class = "mydevice", .guest = 7, .backend = 3, .devid = 12,
};

static void test_the_contract(void **state)
{
	assert_string_equal(path_frontend(&key).text, "/local/domain/7/device/mydevice/12");
	assert_string_equal(path_backend(&key).text, "/local/domain/3/backend/mydevice/7/12");
	assert_string_equal(path_request(7, "mydevice", 12).text,
			    "/local/domain/7/data/mydevice/12");
	assert_string_equal(path_requests(7, "mydevice").text, "/local/domain/7/data/mydevice");
	assert_string_equal(path_guest_backends(3, "mydevice", 7).text,
			    "/local/domain/3/backend/mydevice/7");
	assert_string_equal(path_record(&key, "a.b").text, "/mydevice/7/mydevice@a@b");
}

static void test_record_is_below_its_guest(void **state)
{
	struct path guest = path_guest_notes(7), record = path_record(&key, "demo");

	assert_int_equal(strncmp(record.text, guest.text, strlen(guest.text)), 0);
	assert_int_equal(record.text[strlen(guest.text)], '/');
}

static void test_largest_numbers_fit(void **state)
{
	struct device_key largest = {
		.class = "mydevice", .guest = 32751, .backend = 32751, .devid = 4095,
	};
	struct path backend = path_backend(&largest);

	assert_string_equal(path_child(&backend, "feature-split-event-channels").text,
			    "/local/domain/32751/backend/mydevice/32751/4095/"
			    "feature-split-event-channels");
}

static void test_backend_node(void **state)
{
	assert_string_equal(path_backend_node(&key, "web", "demo").text,
			    "/dev/mydevice-back/web/demo");
	assert_string_equal(path_backend_node(&key, "7-0", "demo").text,
			    "/dev/mydevice-back/7-12");
	assert_string_equal(path_backend_node(&key, "../../etc", "demo").text,
			    "/dev/mydevice-back/7-12");
	assert_string_equal(path_backend_node(&key, "", "demo").text, "/dev/mydevice-back/7-12");
}

static int event(const char *path, unsigned int *devid)
{
	struct path requests = path_requests(7, "mydevice");

	*devid = 4711;
	return path_parse_request_event(&requests, path, devid);
}

static void test_record_names(void **state)
{
	static const char *const junk[] = {
		"", "-", "-1", "mydevice", "mydevice-", "mydevice-05", "mydevice-4096", "withheld",
		"mydevice-1 ", "1a-1", "a/b-1", "my device-1",
	};
	struct device_key key = { .guest = 7, .backend = 3, .devid = 4711 };

	for (size_t i = 0; i < ARRAY_SIZE(junk); i++)
		assert_int_equal(path_parse_record(junk[i], &key), -EINVAL);
	assert_int_equal(key.devid, 4711);
	assert_string_equal(key.class, "");
	assert_int_equal(path_parse_record("two-words-12", &key), 0);
	assert_string_equal(key.class, "two-words");
	assert_int_equal(path_parse_record("dev-0", &key), 0);
	assert_string_equal(key.class, "dev");
	assert_int_equal(key.devid, 0);
	assert_int_equal(key.guest, 7);
	assert_int_equal(key.backend, 3);
}

static void test_note_names(void **state)
{
	static const char *const junk[] = {
		"", "@", "mydevice", "mydevice@", "@demo", "mydevice-0", "withheld", "withheld@1",
		"mydevice@@", "my.device@demo", "mydevice@a.b", "my device@demo", "mydevice@a b",
		"mydevice@a/b", "1a@demo",
		"mydevice@n234567890123456789012345678901234567890123456789012345678901234",
	};
	char class[MYDEVICE_NAME_MAX + 1] = "untouched", name[MYDEVICE_NAME_MAX + 1] = "as well";
	struct path dir = path_withheld(7);

	for (size_t i = 0; i < ARRAY_SIZE(junk); i++)
		assert_int_equal(path_parse_note(junk[i], class, name), -EINVAL);
	assert_string_equal(class, "untouched");
	assert_string_equal(name, "as well");
	assert_int_equal(path_parse_note("two-words@a@b@", class, name), 0);
	assert_string_equal(class, "two-words");
	assert_string_equal(name, "a.b.");
	assert_string_equal(path_note(&dir, class, name).text,
			    "/mydevice/7/withheld/two-words@a@b@");
}

static void check_guest(struct path path)
{
	unsigned int domid = 4711;

	assert_int_equal(path_parse_guest(path.text, &domid), 0);
	assert_int_equal(domid, 7);
}

static void test_guests_of_paths(void **state)
{
	static const char *const others[] = {
		"", "/", "x", "/mydevice", "/mydevice/", "/mydevice/kept/7", "/mydevicex/7",
		"/local/domain", "/local/domain/", "/local/domain/x/device", "/local/domainx/7",
		"/local/domain/0/backend", "/local/domain/0/backend/mydevice",
		"/local/domain/0/backend/mydevice/", "/local/domain/0/backend/mydevice/99999/0",
	};
	struct device_key key = { .class = "mydevice", .guest = 7, .backend = 9, .devid = 3 };
	struct path backend = path_backend(&key);
	unsigned int domid = 4711;

	check_guest(path_domain(7));
	check_guest(path_frontend(&key));
	check_guest(backend);
	check_guest(path_child(&backend, "state"));
	check_guest(path_record(&key, "x"));
	check_guest(path_guest_notes(7));
	check_guest(path_withheld(7));
	check_guest(path_requests(7, "backend"));
	check_guest(path_request(7, "mydevice", 5));
	check_guest(path_guest_backends(9, "mydevice", 7));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(path_parse_guest(others[i], &domid), -EINVAL);
	assert_int_equal(domid, 4711);
}

static void test_request_events(void **state)
{
	unsigned int devid;

	assert_int_equal(event("/local/domain/7/data/mydevice/5/request", &devid), 1);
	assert_int_equal(devid, 5);
	assert_int_equal(event("/local/domain/7/data/mydevice/5", &devid), 1);
	assert_int_equal(devid, 5);
	assert_int_equal(event("/local/domain/7/data/mydevice/5/name", &devid), 0);
	assert_int_equal(event("/local/domain/7/data/mydevice/5/status", &devid), 0);
	assert_int_equal(event("/local/domain/7/data/mydevice/5/request/x", &devid), 0);
	assert_int_equal(event("/local/domain/7/data/mydevice", &devid), 2);
	assert_int_equal(event("/local/domain/7/data", &devid), 2);
	assert_int_equal(event("/local/domain/7", &devid), 2);
}

static void test_junk_events(void **state)
{
	static const char *const junk[] = { "", "x", "-1", "00", "05", "4096", "5x", "..", "1e1" };
	char path[2200];
	unsigned int devid;

	for (size_t i = 0; i < ARRAY_SIZE(junk); i++) {
		snprintf(path, sizeof(path), "/local/domain/7/data/mydevice/%s/request", junk[i]);
		assert_int_equal(event(path, &devid), -EINVAL);
		assert_int_equal(devid, 4711);
	}
	assert_int_equal(event("/local/domain/7/data/mydevicex/5", &devid), -EINVAL);
	memset(path, '9', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memcpy(path, "/local/domain/7/data/mydevice/", strlen("/local/domain/7/data/mydevice/"));
	assert_int_equal(event(path, &devid), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_contract),
		cmocka_unit_test(test_record_is_below_its_guest),
		cmocka_unit_test(test_largest_numbers_fit),
		cmocka_unit_test(test_backend_node),
		cmocka_unit_test(test_record_names),
		cmocka_unit_test(test_note_names),
		cmocka_unit_test(test_guests_of_paths),
		cmocka_unit_test(test_request_events),
		cmocka_unit_test(test_junk_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
