// SPDX-License-Identifier: GPL-2.0-or-later
/* TLS by OpenSSL: what a server's callback for the server name is told. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "peer.h"

/* Told; the handshake need not go on. */
static int told(SSL *ssl, int *alert, void *arg)
{
	struct peer *p = SSL_get_app_data(ssl);
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	(void)arg;
	p->said = name ? SAID_NAME : SAID_NOTHING;
	if (name)
		peer_add(p, name, strlen(name));
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* As lax as it can be: every version, every cipher. */
static SSL_CTX *make_context(void)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());

	if (!c || !SSL_CTX_set_min_proto_version(c, 0) ||
	    !SSL_CTX_set_cipher_list(c, "ALL:COMPLEMENTOFALL:@SECLEVEL=0"))
		abort();
	SSL_CTX_set_tlsext_servername_callback(c, told);
	return c;
}

void peer_tls(const uint8_t *data, size_t size, struct peer *p)
{
	static SSL_CTX *context;
	BIO *in, *out;
	SSL *ssl;
	int r;

	if (!context)
		context = make_context();
	peer_begin(p, SAID_REFUSED);
	ssl = SSL_new(context);
	in = BIO_new_mem_buf(data, size);
	out = BIO_new(BIO_s_null());
	if (!ssl || !in || !out)
		abort();
	BIO_set_mem_eof_return(in, -1);
	SSL_set_bio(ssl, in, out);
	SSL_set_app_data(ssl, p);
	r = SSL_accept(ssl);
	if (p->said == SAID_REFUSED && SSL_get_error(ssl, r) == SSL_ERROR_WANT_READ)
		p->said = SAID_MORE;
	SSL_free(ssl);
	ERR_clear_error();
	peer_close(p);
}
