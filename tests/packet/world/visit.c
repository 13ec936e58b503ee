// SPDX-License-Identifier: GPL-2.0-or-later
/* A client that is played by hand, over the wire, against the host's TCP. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/tcp.h>

#include "bpf/handshake/cookie.h"
#include "wire.h"
#include "world.h"

#define PATIENCE 3000 /* ms, on a busy machine */

char where[256] = "";

static struct {
	uint16_t port;
	int socket;
} listening[16];

static int *listener_of(uint16_t port)
{
	size_t i;

	for (i = 0; i < 16; i++)
		if (listening[i].port == port || !listening[i].port)
			break;
	must(i < 16, "too many ports");
	if (!listening[i].port)
		listening[i].socket = -1;
	listening[i].port = port;
	return &listening[i].socket;
}

static void listen_on(int fd, uint16_t port)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	cr_assert(!bind(fd, (struct sockaddr *)&at, sizeof(at)) && !listen(fd, 1024), "port %u: %s", port,
		  strerror(errno));
}

void host_listen(uint16_t port, bool deferred)
{
	int *fd = listener_of(port), seconds = 10;

	if (*fd >= 0)
		return;
	*fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (deferred)
		setsockopt(*fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
	listen_on(*fd, port);
}

void host_closes(uint16_t port)
{
	int *fd = listener_of(port);

	close(*fd);
	*fd = -1;
}

void host_sends(const struct frame *f)
{
	bool v4 = f->bytes[f->l3] >> 4 == 4;
	struct sockaddr_in to4 = {.sin_family = AF_INET};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	size_t n = f->len - f->l3;

	memcpy(&to4.sin_addr, f->bytes + f->l3 + 16, 4);
	memcpy(&to6.sin6_addr, f->bytes + f->l3 + 24, 16);
	must(fd >= 0 && sendto(fd, f->bytes + f->l3, n, 0, v4 ? (void *)&to4 : (void *)&to6,
			       v4 ? sizeof(to4) : sizeof(to6)) == (ssize_t)n,
	     "raw packet: %s", strerror(errno));
	close(fd);
}

bool host_listen_mptcp(uint16_t port)
{
	int *fd = listener_of(port);

	*fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 262 /* IPPROTO_MPTCP */);
	if (*fd < 0)
		return false;
	listen_on(*fd, port);
	return true;
}

struct visit visit_make(const char *client, const char *server, uint16_t port)
{
	static uint16_t next = 10000;
	struct visit v = {.client_port = next++, .server_port = port, .socket = -1};

	address_read(client, v.client);
	address_read(server, v.server);
	/* Sequence numbers that run over are no rarity. */
	v.seq = 0xfffffff0 + next;
	v.ack = 1000000 + next;
	return v;
}

uint32_t visit_cookie(const struct visit *v, const struct shake *secrets, uint64_t now)
{
	struct options o = {.mss = 1460, .scale = COOKIE_NO_SCALE};
	struct flow_key k = visit_key(v);
	uint32_t tsval;

	return cookie_make(secrets, &k, v->seq - 1, now, &o, !address_is_v4(v->client), &tsval);
}

void visit_shake_with(struct visit *v, const struct spec *syn)
{
	static struct frame in, out;
	struct view view;

	host_listen(v->server_port, false);
	frame_build(&in, v, syn);
	must(world_run_only(&in, &out) == XDP_TX && !frame_flaw(&out, &view), "no SYN-ACK");
	v->seq++;
	v->ack = view.seq + 1;
	v->stamp = view.tsval;
	v->proved = true;
}

void visit_shake(struct visit *v)
{
	static const struct spec syn = {.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4")};

	visit_shake_with(v, &syn);
}

void visit_deliver(const struct frame *f)
{
	static struct frame bare;
	size_t n = f->len - f->l3;

	memcpy(bare.bytes, f->bytes, 12);
	memcpy(bare.bytes + 12, f->bytes + f->l3 - 2, 2 + n);
	wire_send(bare.bytes, 14 + n);
}

void visit_half(struct visit *v)
{
	struct spec syn = {.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4"), .stamps = v->stamps};
	static struct frame f;
	unsigned int tries;
	struct view got;

	host_listen(v->server_port, false);
	wire_drain();
	frame_build(&f, v, &syn);
	visit_deliver(&f);
	must(wire_receive(v, &f, &got, PATIENCE), "no SYN-ACK from port %u", v->server_port);
	/* Mutated packets may have left the host something of these ports: it is reset first. */
	for (tries = 0; tries < 10 && (got.flags != (SYN | ACK) || got.ack != v->seq + 1); tries++) {
		struct visit other = *v;

		other.seq = got.ack;
		frame_build(&f, &other, &(struct spec){.flags = RST});
		visit_deliver(&f);
		wire_drain();
		frame_build(&f, v, &syn);
		visit_deliver(&f);
		must(wire_receive(v, &f, &got, PATIENCE), "no SYN-ACK from port %u", v->server_port);
	}
	must(got.flags == (SYN | ACK) && got.ack == v->seq + 1, "SYN-ACK: flags %02x", got.flags);
	v->seq++;
	v->ack = got.seq + 1;
	v->stamp = got.tsval;
	v->proved = true;
}

static bool is_peer(int fd, const struct visit *v)
{
	struct sockaddr_in6 from;
	socklen_t size = sizeof(from);

	return !getpeername(fd, (struct sockaddr *)&from, &size) && ntohs(from.sin6_port) == v->client_port &&
	       !memcmp(&from.sin6_addr, v->client, 16);
}

/* Others than this visit's may wait, of which a test wants no more: they are closed. */
bool visit_arrives(struct visit *v, int ms)
{
	int fd = *listener_of(v->server_port);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (poll(&p, 1, ms) == 1) {
		v->socket = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		must(v->socket >= 0, "accept: %s", strerror(errno));
		/* Urgent bytes are bytes (RFC 6093). */
		setsockopt(v->socket, SOL_SOCKET, SO_OOBINLINE, &(int){1}, sizeof(int));
		if (is_peer(v->socket, v))
			return true;
		visit_close(v);
	}
	return false;
}

static void visit_accept(struct visit *v)
{
	must(visit_arrives(v, PATIENCE), "no connection on port %u", v->server_port);
}

void visit_open(struct visit *v)
{
	struct spec ack = {.flags = ACK, .stamps = v->stamps};
	static struct frame f;

	visit_half(v);
	frame_build(&f, v, &ack);
	visit_deliver(&f);
	visit_accept(v);
}

void visit_expect(struct visit *v, const void *bytes, size_t len)
{
	uint8_t got[FRAME_MAX];
	size_t n = 0;
	ssize_t r;

	if (v->socket < 0)
		visit_accept(v);
	while (n < len) {
		struct pollfd p = {.fd = v->socket, .events = POLLIN};

		must(poll(&p, 1, PATIENCE) == 1, "the server got %zu of %zu bytes", n, len);
		r = recv(v->socket, got + n, len - n, 0);
		must(r > 0, "the server got %zu of %zu bytes: %s", n, len, strerror(errno));
		n += r;
	}
	must(!bytes || !memcmp(got, bytes, len), "the server got other bytes");
}

void visit_expect_reset(struct visit *v)
{
	struct pollfd p = {.fd = v->socket, .events = POLLIN};
	char byte;

	must(poll(&p, 1, PATIENCE) == 1 && recv(v->socket, &byte, 1, 0) < 0 && errno == ECONNRESET,
	     "the server's socket was not reset");
}

void visit_close(struct visit *v)
{
	struct linger at_once = {.l_onoff = 1};

	if (v->socket < 0)
		return;
	setsockopt(v->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(v->socket);
	v->socket = -1;
}
