// SPDX-License-Identifier: GPL-2.0-or-later
/* policy: what it says about a guest, or which of its sections match something */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/output.h"

/* "Setting=value" lines; a setting that comes again makes an array. */
static int print_settings_json(char *text)
{
	struct json_object *object = json_object_new_object(), *known, *value;

	if (!object)
		return -ENOMEM;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char *equals = strchr(line, '=');

		if (!equals)
			continue;
		*equals = '\0';
		value = json_object_new_string(equals + 1);
		if (!strcmp(line, "BackendNode") || !strcmp(line, "FrontendNode")) {
			if (!json_object_object_get_ex(object, line, &known)) {
				known = json_object_new_array();
				json_object_object_add(object, line, known);
			}
			json_object_array_add(known, value);
		} else {
			json_object_object_add(object, line, value);
		}
	}
	return output_json(object);
}

/* Of a device section those that are there, of all others the guests. */
static bool is_unused(const struct client_section *section)
{
	bool device = !strncmp(section->title, "[Device ", 8) ||
		      !strncmp(section->title, "[Class ", 7);

	return strcmp(section->title, "[Defaults]") &&
	       !(device ? section->devices : section->guests);
}

static void print_sections(const struct client_section *sections, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%s:%" PRIu32 ": %s matches %" PRIu32 " guests, %" PRIu32 " devices%s\n",
		       sections[i].file, sections[i].line, sections[i].title, sections[i].guests,
		       sections[i].devices,
		       is_unused(&sections[i]) ? "; it matches nothing now" : "");
}

static int print_sections_json(const struct client_section *sections, size_t n)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < n; i++) {
		struct json_object *object = json_object_new_object();

		json_object_object_add(object, "section",
				       json_object_new_string(sections[i].title));
		json_object_object_add(object, "file", json_object_new_string(sections[i].file));
		json_object_object_add(object, "line", json_object_new_int64(sections[i].line));
		json_object_object_add(object, "guests", json_object_new_int64(sections[i].guests));
		json_object_object_add(object, "devices",
				       json_object_new_int64(sections[i].devices));
		json_object_object_add(object, "unused",
				       json_object_new_boolean(is_unused(&sections[i])));
		json_object_array_add(array, object);
	}
	return output_json(array);
}

static int run_sections(const struct command_context *context, struct client *client)
{
	struct client_section *sections;
	const char *why = "";
	size_t n;
	int r = client_sections(client, &sections, &n, &why);

	if (r < 0)
		return command_failed(r, why);
	if (context->json)
		r = print_sections_json(sections, n);
	else
		print_sections(sections, n);
	client_sections_free(sections, n);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int run_policy(const struct command_context *context)
{
	_cleanup_(client_closep) struct client *client = NULL;
	struct client_options options = { .class = context->class };
	const char *name = context->argc > 1 ? context->argv[1] : context->class;
	_cleanup_free_ char *text = NULL;
	const char *why = "";
	int r;

	r = client_open(&client, &why);
	if (r == 0 && !context->argc)
		return run_sections(context, client);
	if (r == 0)
		r = client_policy(client, context->argv[0], name ?: "", &options, &text, &why);
	if (r < 0)
		return command_failed(r, why);
	if (context->json)
		return print_settings_json(text) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	fputs(text, stdout);
	return EXIT_SUCCESS;
}
