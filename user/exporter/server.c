// SPDX-License-Identifier: GPL-2.0-or-later
#include "exporter/server.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exporter/documents.h"
#include "exporter/listen.h"
#include "exporter/metrics.h"
#include "exporter/page.h"
#include "exporter/stream.h"
#include "lib/say.h"

/* More than there are streams: those who only look on leave room for Prometheus. */
#define CONNECTIONS	  256
#define CONNECTION_MEMORY 16384
/* s without a byte: until a request is there, so that silent connections do not keep others
 * out, and from then on. */
#define PATIENCE_FIRST 5
#define PATIENCE       30
/* Documents that are on their way to clients, which may be slow. */
#define DOCUMENTS_BYTES (256u << 20)

struct server {
	struct server_options options;
	struct watch *watch;
	struct streams streams;
	struct MHD_Daemon *daemons[LISTENS_MAX];
	size_t count;
};

static size_t documents_out; /* bytes */

/* ---- answers ---------------------------------------------------------------------- */

/* For all: nothing is cached, framed or taken for something else, and the page loads
 * and asks nothing but what comes from here. */
static const struct {
	const char *name, *value;
} headers[] = {
	{"Content-Security-Policy",
	 "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
	 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cache-Control", "no-store"},
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned int status, const char *type,
			      struct MHD_Response *r)
{
	enum MHD_Result done = MHD_NO;
	size_t i;

	if (!r)
		return MHD_NO;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		MHD_add_response_header(r, headers[i].name, headers[i].value);
	MHD_add_response_header(r, "Content-Type", type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(r, "Retry-After", "1");
	done = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result answer_error(struct MHD_Connection *c, unsigned int status, const char *text)
{
	return answer(c, status, "text/plain; charset=utf-8",
		      MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT));
}

struct sent {
	size_t length;
	char *text;
};

static void sent_free(void *arg)
{
	struct sent *s = arg;

	documents_out -= s->length;
	free(s->text);
	free(s);
}

static ssize_t sent_read(void *arg, uint64_t at, char *to, size_t room)
{
	const struct sent *s = arg;
	size_t left = s->length - at;

	if (room > left)
		room = left;
	memcpy(to, s->text + at, room);
	return room;
}

/* Takes the text over. */
static enum MHD_Result answer_text(struct MHD_Connection *c, unsigned int status, const char *type,
				   char *text, size_t length)
{
	struct sent *s = text ? malloc(sizeof(*s)) : NULL;
	struct MHD_Response *r;

	if (!s) {
		free(text);
		return answer_error(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory\n");
	}
	*s = (struct sent){length, text};
	documents_out += length;
	r = MHD_create_response_from_callback(length, 16384, sent_read, s, sent_free);
	if (!r)
		sent_free(s);
	return answer(c, status, type, r);
}

/* ---- what there is ---------------------------------------------------------------- */

static enum MHD_Result get_metrics(struct server *s, struct MHD_Connection *c)
{
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept");
	enum metrics_format format = metrics_wanted(accept);
	size_t length = 0;
	char *text = metrics_text(s->watch, format, &length);

	return answer_text(c, MHD_HTTP_OK, metrics_type(format), text, length);
}

/* ?top=N; as --top: 20 if it is not said, 0 is all. */
static bool read_top(struct MHD_Connection *c, unsigned int *top)
{
	const char *text = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "top");
	char *end;
	unsigned long n;

	*top = 20;
	if (!text)
		return true;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || n > 1000000)
		return false;
	*top = n ? n : UINT_MAX;
	return true;
}

static enum MHD_Result get_document(struct server *s, struct MHD_Connection *c, const char *what)
{
	unsigned int top;
	size_t length = 0;
	int status;
	char *text;

	if (!read_top(c, &top))
		return answer_error(c, MHD_HTTP_BAD_REQUEST,
				    "top: a number from 0 (all) to 1000000 was expected\n");
	if (documents_out > DOCUMENTS_BYTES)
		return answer_error(c, MHD_HTTP_SERVICE_UNAVAILABLE,
				    "too many large documents are being sent at the moment\n");
	text = document_text(s->watch, what, top, &length, &status);
	if (text)
		return answer_text(c, MHD_HTTP_OK, "application/json", text, length);
	return answer_error(
		c, status,
		status == MHD_HTTP_NOT_FOUND
			? "there are /api/status, policy, counters, sources, names, flows, strays and "
			  "history\n"
			: "the gate cannot be read now; see `straygate status`\n");
}

static enum MHD_Result get_page(struct MHD_Connection *c, const char *path)
{
	const struct page_file *f = page_file(path);

	if (!f)
		return answer_error(c, MHD_HTTP_NOT_FOUND, "there are /, /metrics and /api/...\n");
	return answer(
		c, MHD_HTTP_OK, f->type,
		MHD_create_response_from_buffer(f->end - f->begin, (void *)f->begin, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result get_stream(struct server *s, struct MHD_Connection *c)
{
	struct MHD_Response *r = streams_open(&s->streams, s->watch, c);

	if (!r)
		return answer_error(c, MHD_HTTP_SERVICE_UNAVAILABLE,
				    "too many clients read the event stream already\n");
	return answer(c, MHD_HTTP_OK, "text/event-stream", r);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url, const char *method,
			      const char *version, const char *upload, size_t *upload_size, void **state)
{
	struct server *s = arg;

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)state;
	MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned int)PATIENCE);
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		return answer_error(c, MHD_HTTP_METHOD_NOT_ALLOWED, "nothing can be changed here\n");
	if (!listen_host_fits(MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host"), s->options.hosts))
		return answer_error(c, MHD_HTTP_MISDIRECTED_REQUEST,
				    "this name is not known here; see --host in straygate-exporter(8)\n");
	if (!strcmp(url, "/metrics"))
		return get_metrics(s, c);
	if (s->options.metrics_only)
		return answer_error(c, MHD_HTTP_NOT_FOUND, "there is /metrics\n");
	if (!strcmp(url, "/live"))
		return get_stream(s, c);
	if (!strncmp(url, "/api/", 5))
		return get_document(s, c, url + 5);
	return get_page(c, url);
}

/* ---- the daemon ------------------------------------------------------------------- */

/* Clients that go away are no news. */
static void silent(void *arg, const char *format, va_list args)
{
	(void)arg;
	(void)format;
	(void)args;
}

static int start_one(struct server *s, const char *where)
{
	int fd = listen_on(where);

	if (fd < 0)
		return fd;
	s->daemons[s->count] = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle, s,
		MHD_OPTION_EXTERNAL_LOGGER, silent, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned int)PATIENCE_FIRST, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_END);
	if (s->daemons[s->count]) {
		s->count++;
		return 0;
	}
	close(fd);
	return fail(-1, "%s: the HTTP server does not start", where);
}

struct server *server_start(const struct server_options *options, struct watch *w)
{
	struct server *s = calloc(1, sizeof(*s));
	size_t i;

	if (!s)
		return NULL;
	s->options = *options;
	s->watch = w;
	for (i = 0; i < options->listen_count; i++)
		if (start_one(s, options->listen[i])) {
			server_stop(s);
			return NULL;
		}
	return s;
}

size_t server_polls(const struct server *s, struct pollfd polls[LISTENS_MAX])
{
	size_t i;

	for (i = 0; i < s->count; i++)
		polls[i] = (struct pollfd){
			.fd = MHD_get_daemon_info(s->daemons[i], MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
			.events = POLLIN,
		};
	return s->count;
}

int server_timeout(const struct server *s)
{
	MHD_UNSIGNED_LONG_LONG ms;
	int least = -1;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (MHD_get_timeout(s->daemons[i], &ms) == MHD_YES && (least < 0 || ms < (unsigned int)least))
			least = ms;
	return least;
}

void server_run(struct server *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		MHD_run(s->daemons[i]);
}

void server_second(struct server *s)
{
	streams_second(&s->streams, s->watch);
	server_run(s);
}

void server_stop(struct server *s)
{
	size_t i;

	streams_end(&s->streams);
	server_run(s);
	for (i = 0; i < s->count; i++)
		MHD_stop_daemon(s->daemons[i]);
	for (i = 0; i < s->count; i++) /* not what another daemon has */
		listen_end(s->options.listen[i]);
	free(s);
}
