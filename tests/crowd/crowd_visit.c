// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a visitor does.
 *
 *	SYN_SENT -> WAITING -> CLOSING -> DONE		TCP
 *	ASKING -> DONE					DNS over UDP
 *	DONE						spoofed: nobody waits for a reply
 *
 * WAITING: the request is sent, the answer not yet read to its end. CLOSING: our
 * FIN is sent. Packets arrive in order on a veth pair, so what is out of order
 * was preceded by a loss, and the server is left to send it again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"

enum { FREE, SYN_SENT, WAITING, CLOSING, ASKING, DONE };

/* visit.flags */
#define NEEDS_ACK 0x01
#define GOT_FIN	  0x02
#define GOT_DATA  0x04
#define GOT_200	  0x08

/* Visits whose answer wants an ACK that nothing else has carried so far. They
 * wait for the end of the round: the server's next segment may be in hand. */
static struct {
	struct stream *stream;
	struct visit *visit;
} owed[1024];
static unsigned int owed_count;

static void ack_later(struct stream *s, struct visit *v)
{
	if (v->flags & NEEDS_ACK)
		return;
	if (owed_count == sizeof(owed) / sizeof(*owed))
		visits_acknowledge();
	v->flags |= NEEDS_ACK;
	owed[owed_count].stream = s;
	owed[owed_count++].visit = v;
}

static void send_flags(struct stream *s, struct visit *v, uint8_t flags, uint32_t seq)
{
	if (flags & TCP_ACK)
		v->flags &= ~NEEDS_ACK;
	wire_send_tcp(s, v, flags, seq, NULL, 0, 0);
}

void visits_acknowledge(void)
{
	for (unsigned int i = 0; i < owed_count; i++) {
		struct visit *v = owed[i].visit;

		if (v->flags & NEEDS_ACK)
			send_flags(owed[i].stream, v, TCP_ACK, v->snd_nxt);
	}
	owed_count = 0;
}

static const struct request *visit_request(const struct stream *s, const struct visit *v)
{
	return s->names[v->name].request[v->variant];
}

static void send_request(struct stream *s, struct visit *v)
{
	const struct request *r = visit_request(s, v);

	for (unsigned int i = 0; i < r->segments; i++) {
		uint32_t seq = v->iss + 1 + r->segment[i].off;
		uint8_t push = i + 1 == r->segments ? TCP_PSH : 0;

		if ((int32_t)(seq + r->segment[i].len - v->snd_una) <= 0)
			continue; /* has arrived */
		v->flags &= ~NEEDS_ACK;
		wire_send_tcp(s, v, TCP_ACK | push, seq, r->bytes + r->segment[i].off, r->segment[i].len,
			      r->segment[i].sum);
	}
	v->snd_nxt = v->iss + 1 + r->len;
}

static void send_query(struct stream *s, struct visit *v)
{
	uint8_t out[320];
	char label[20] = "";

	if (s->random_label)
		snprintf(label, sizeof(label), "%08x", v->iss);
	wire_send_udp(s, v, out, request_dns(out, v->iss >> 16, label, s->names[v->name].text));
}

static unsigned int choose_name(const struct stream *s)
{
	unsigned int low = 0, high = s->name_count - 1;
	uint64_t x;

	if (!high)
		return 0;
	x = random64() % s->names[high].weight;
	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (x < s->names[mid].weight)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

int visits_init(struct stream *s)
{
	uint64_t want = s->rate * (1 + s->again_part * s->again_max) * (config.deadline / 1e9 + 1) + 1024;
	uint64_t slots = 1024;

	/* No more than there are pairs of address and port, for a reply to name one. */
	while (slots < want && slots < 1u << 21 && slots < (uint64_t)s->sources * PORTS)
		slots *= 2;
	s->visits = calloc(slots, sizeof(*s->visits));
	if (!s->visits)
		return -1;
	s->mask = slots - 1;
	/* Runs begin at different places, or the next one would meet the server's
	 * TIME_WAIT sockets of the last. */
	s->first = s->next = s->tail = random64() >> 16;
	return 0;
}

/* What is sent in another's name; what comes back is counted, and goes nowhere. */
static void send_spoofed(struct stream *s, struct visit *v)
{
	if (s->mode == MODE_SYN) {
		send_flags(s, v, TCP_SYN, v->iss);
		return;
	}
	v->rcv_nxt = random64();
	v->ts_recent = random64();
	send_request(s, v);
}

void visit_begin(struct stream *s)
{
	visit_begin_again(s, choose_name(s), 0);
}

void visit_begin_again(struct stream *s, unsigned int name, unsigned int again)
{
	struct visit *v = &s->visits[s->next & s->mask];
	uint64_t r = random64();

	if (s->next - s->tail > s->mask) { /* every slot is an open visit */
		s->c.skipped++;
		return;
	}
	v->n = s->next++;
	v->start = now;
	v->iss = r >> 32;
	v->snd_una = v->iss;
	v->snd_nxt = v->iss + 1;
	v->rcv_nxt = 0;
	v->ts_recent = 0;
	v->name = name;
	v->again = again;
	v->variant = config.sni == 2 ? r & 1 : (unsigned int)config.sni;
	v->outcome = OUT_OPEN;
	v->tries = 0;
	v->flags = 0;
	s->c.offered++;
	s->c.again += !!again;
	s->open++;
	if (s->mode == MODE_SYN || s->mode == MODE_FORGED) {
		send_spoofed(s, v);
		v->state = DONE;
		s->open--;
		return;
	}
	if (s->mode == MODE_DNS) {
		v->state = ASKING;
		send_query(s, v);
	} else {
		v->state = SYN_SENT;
		send_flags(s, v, TCP_SYN, v->iss);
	}
	timer_set(s, v, DELAY_1000);
}

static void visit_done(struct stream *s, struct visit *v)
{
	v->state = DONE;
	v->flags &= ~NEEDS_ACK;
	timer_stop(v);
	s->open--;
	if (v->again < s->again_max && v->outcome != OUT_ANSWERED)
		comeback_later(s, v);
}

static void visit_outcome(struct stream *s, struct visit *v, enum outcome outcome)
{
	uint64_t usec = (now - v->start) / 1000;

	if (v->outcome != OUT_OPEN)
		return;
	v->outcome = outcome;
	s->c.outcome[outcome]++;
	if (outcome == OUT_ANSWERED) {
		histogram_add(&s->answered, usec);
		if (now - v->start <= config.good_within)
			s->c.good++;
	} else if (outcome == OUT_TURNED_AWAY) {
		histogram_add(&s->turned_away, usec);
	}
}

static void visit_close(struct stream *s, struct visit *v)
{
	send_flags(s, v, TCP_FIN | TCP_ACK, v->snd_nxt);
	v->snd_nxt++;
	v->state = CLOSING;
	v->tries = 0;
	timer_set(s, v, DELAY_250);
}

/* What the first bytes of an answer mean; OUT_OPEN: ask again at its end. */
static enum outcome judge_answer(const struct stream *s, const struct packet *p)
{
	const uint8_t *d = p->data;

	if (s->mode == MODE_TLS) {
		if (p->have >= 1 && d[0] == 22)
			return OUT_ANSWERED;
		return p->have >= 6 && d[0] == 21 && d[5] == 2 ? OUT_TURNED_AWAY : OUT_OTHER;
	}
	if (p->have < 12 || memcmp(d, "HTTP/1.", 7))
		return OUT_OTHER;
	if (!memcmp(d + 9, "503", 3) || !memcmp(d + 9, "421", 3) || !memcmp(d + 9, "403", 3))
		return OUT_TURNED_AWAY;
	return memcmp(d + 9, "200", 3) ? OUT_OTHER : OUT_OPEN;
}

static void visit_reset(struct stream *s, struct visit *v, const struct packet *p)
{
	bool ours = v->state == SYN_SENT ? p->ack == v->iss + 1 : p->seq - v->rcv_nxt < 65536;

	if (!ours) {
		wire_stats.rx_foreign++;
		return;
	}
	visit_outcome(s, v, OUT_RESET);
	visit_done(s, v);
}

static void visit_connected(struct stream *s, struct visit *v, const struct packet *p)
{
	if ((p->flags & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK) || p->ack != v->iss + 1) {
		wire_stats.rx_foreign++;
		return;
	}
	s->c.connected++;
	v->rcv_nxt = p->seq + 1;
	v->snd_una = v->iss + 1;
	v->state = WAITING;
	v->tries = 0;
	send_flags(s, v, TCP_ACK, v->snd_nxt);
	if (s->mode == MODE_SILENT) {
		timer_stop(v);
		return;
	}
	send_request(s, v);
	timer_set(s, v, DELAY_250);
}

static void visit_acked(struct visit *v, uint32_t ack)
{
	if ((int32_t)(ack - v->snd_una) <= 0 || (int32_t)(ack - v->snd_nxt) > 0)
		return;
	v->snd_una = ack;
	if (ack == v->snd_nxt)
		timer_stop(v);
}

/* Takes in what is next in sequence. True: something came that wants an ACK. */
static bool visit_data(struct stream *s, struct visit *v, const struct packet *p)
{
	enum outcome outcome;

	if (!p->len && !(p->flags & (TCP_FIN | TCP_SYN)))
		return false;
	if (p->flags & TCP_SYN || p->seq != v->rcv_nxt) /* again, or after a loss */
		return true;
	if (p->len && !(v->flags & GOT_DATA)) {
		v->flags |= GOT_DATA;
		outcome = judge_answer(s, p);
		if (outcome == OUT_OPEN)
			v->flags |= GOT_200;
		else
			visit_outcome(s, v, outcome);
	}
	v->rcv_nxt += p->len;
	if (p->flags & TCP_FIN) {
		v->rcv_nxt++;
		v->flags |= GOT_FIN;
		visit_outcome(s, v, v->flags & GOT_200 ? OUT_ANSWERED : OUT_CLOSED);
	}
	return true;
}

static void visit_waiting(struct stream *s, struct visit *v, const struct packet *p)
{
	visit_acked(v, p->ack);
	if (!visit_data(s, v, p))
		return;
	/* A TLS visit has seen all it came for with the server's first byte. */
	if (v->flags & GOT_FIN || (s->mode == MODE_TLS && v->outcome != OUT_OPEN))
		visit_close(s, v);
	else
		ack_later(s, v);
}

static void visit_closing(struct stream *s, struct visit *v, const struct packet *p)
{
	bool owes;

	visit_acked(v, p->ack);
	owes = visit_data(s, v, p);
	if (v->flags & GOT_FIN && v->snd_una == v->snd_nxt) {
		if (owes)
			send_flags(s, v, TCP_ACK, v->snd_nxt);
		visit_done(s, v);
	} else if (owes) {
		ack_later(s, v);
	}
}

static void visit_reply(struct stream *s, struct visit *v, const struct packet *p)
{
	if (p->have < 12 || get16(p->data) != v->iss >> 16 || !(p->data[2] & 0x80)) {
		wire_stats.rx_foreign++;
		return;
	}
	switch (p->data[3] & 15) {
	case 0:
	case 3: /* no such name: that, too, only its server can say */
		visit_outcome(s, v, OUT_ANSWERED);
		break;
	case 5:
		visit_outcome(s, v, OUT_TURNED_AWAY);
		break;
	default:
		visit_outcome(s, v, OUT_OTHER);
	}
	visit_done(s, v);
}

static void visit_tcp(struct stream *s, struct visit *v, const struct packet *p)
{
	if (s->mode == MODE_SYN || s->mode == MODE_FORGED) {
		s->c.connected += (p->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
		s->c.outcome[OUT_RESET] += !!(p->flags & TCP_RST);
		return;
	}
	if (v->state == DONE) { /* our last ACK was lost: as in TIME_WAIT */
		if (p->flags & TCP_FIN && v->flags & GOT_FIN)
			send_flags(s, v, TCP_ACK, v->snd_nxt);
		return;
	}
	if (p->flags & TCP_RST) {
		visit_reset(s, v, p);
		return;
	}
	/* Only what is in sequence or empty may move the echoed timestamp. */
	if (v->state == SYN_SENT || (int32_t)(p->seq - v->rcv_nxt) <= 0)
		v->ts_recent = p->tsval;
	switch (v->state) {
	case SYN_SENT:
		visit_connected(s, v, p);
		break;
	case WAITING:
		visit_waiting(s, v, p);
		break;
	case CLOSING:
		visit_closing(s, v, p);
		break;
	}
}

void visit_packet(const struct packet *p)
{
	struct stream *s = p->stream;
	struct visit *v = &s->visits[p->low & s->mask];

	if (v->state == FREE || (v->n & ((uint64_t)s->sources * PORTS - 1)) != p->low) {
		wire_stats.rx_foreign++;
		return;
	}
	s->c.rx_packets++;
	if (p->l4 == IPPROTO_TCP && s->mode != MODE_DNS)
		visit_tcp(s, v, p);
	else if (p->l4 == IPPROTO_UDP && v->state == ASKING)
		visit_reply(s, v, p);
}

/* The visit's timer has ended. */
void visit_timer(struct stream *s, struct visit *v)
{
	switch (v->state) {
	case SYN_SENT:
		s->c.syn_again++;
		send_flags(s, v, TCP_SYN, v->iss);
		timer_set(s, v, DELAY_1000 + ++v->tries);
		break;
	case ASKING:
		s->c.data_again++;
		send_query(s, v);
		timer_set(s, v, DELAY_1000 + ++v->tries);
		break;
	case WAITING:
		s->c.data_again++;
		send_request(s, v);
		timer_set(s, v, DELAY_250 + ++v->tries);
		break;
	case CLOSING:
		if (v->tries == 5) {
			visit_done(s, v);
			break;
		}
		send_flags(s, v, TCP_FIN | TCP_ACK, v->snd_nxt - 1);
		timer_set(s, v, DELAY_250 + ++v->tries);
		break;
	}
}

/* The visitor closes the tab. A server that has not seen all that was sent doubts
 * a RST behind it (RFC 5961) and asks: the second is what it would be told. */
static void visit_give_up(struct stream *s, struct visit *v)
{
	visit_outcome(s, v, OUT_TIMEOUT);
	if (v->state == WAITING || v->state == CLOSING) {
		send_flags(s, v, TCP_RST | TCP_ACK, v->snd_nxt);
		if (v->snd_una != v->snd_nxt)
			send_flags(s, v, TCP_RST, v->snd_una);
	}
	visit_done(s, v);
}

static bool visit_is_open(const struct visit *v)
{
	return v->state != FREE && v->state != DONE;
}

void visits_deadlines(void)
{
	for (unsigned int i = 0; i < stream_count; i++) {
		struct stream *s = &streams[i];
		unsigned int budget = 32;

		for (; s->tail != s->next; s->tail++) {
			struct visit *v = &s->visits[s->tail & s->mask];

			if (!visit_is_open(v))
				continue;
			if (now - v->start < config.deadline || !budget--)
				break;
			visit_give_up(s, v);
		}
	}
}

/* At the end of the run: whatever is still open is not waited for. */
void visits_give_up(void)
{
	for (unsigned int i = 0; i < stream_count; i++) {
		struct stream *s = &streams[i];

		for (; s->tail != s->next; s->tail++) {
			struct visit *v = &s->visits[s->tail & s->mask];

			if (visit_is_open(v))
				visit_give_up(s, v);
		}
	}
}
