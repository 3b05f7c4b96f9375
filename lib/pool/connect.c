#include "config.h"

#include "pool/connect.h"

#include "base/clock.h"
#include "pool/wait.h"

#include <netdb.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* libpq reports a lack of memory only in its message; a retry may succeed. */
static PQconninfoOption *
parse_uri(const char *uri, char **message)
{
	PQconninfoOption *options = PQconninfoParse(uri, message);

	if (options != NULL || *message == NULL)
		return options;
	PQfreemem(*message); /* it quotes the string, and so perhaps the password */
	*message = NULL;
	return PQconninfoParse(uri, message);
}

int
swm_connect_check(const swm_settings *settings, swm_error *err)
{
	char *message = NULL;

	/* a name alone is the name of a database, as libpq itself has it */
	if (strchr(settings->db_uri.ptr, '=') == NULL &&
	    strstr(settings->db_uri.ptr, "://") == NULL)
		return SWM_OK;
	PQconninfoOption *options = parse_uri(settings->db_uri.ptr, &message);
	if (options != NULL) {
		PQconninfoFree(options);
		return SWM_OK;
	}
	if (message == NULL)
		return swm_fail_memory(err);
	PQfreemem(message);
	swm_fail(err, SWM_ERR_CONFIG, SWM_STR("db-uri is no connection string of libpq"));
	swm_settings_blame(settings, SWM_OPTION_ID_db_uri, err);
	return SWM_ECONFIG;
}

/* Notices go nowhere: libpq's own processor would print them. */
static void
ignore_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

/*
 * The string overrides parameters that stand before dbname, but not those after it. A host that is
 * silent must leave time for the next one (connect_timeout is for blocking calls alone), and a
 * query or a cancel on a dead host must end: hence tcp_user_timeout.
 */
static PGconn *
begin(const swm_settings *settings)
{
	char silence[32];
	const char *names[] = { "fallback_application_name", "tcp_user_timeout", "dbname",
	                        "client_encoding", NULL };
	const char *values[] = { "swm", silence, settings->db_uri.ptr, "UTF8", NULL };

	int64_t ms = settings->db_pool_acquisition_timeout * 500;
	snprintf(silence, sizeof silence, "%d", ms < 2000 ? 2000 : ms > 30000 ? 30000 : (int)ms);
	PGconn *pg = PQconnectStartParams(names, values, 1);
	if (pg != NULL)
		PQsetNoticeReceiver(pg, ignore_notice, NULL);
	return pg;
}

/* SWM_OK, SWM_EUNAVAILABLE, SWM_ETIMEDOUT, SWM_ECANCELED */
static int
follow(PGconn *pg, int64_t deadline, int abort_fd)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	if (PQstatus(pg) == CONNECTION_BAD)
		return SWM_EUNAVAILABLE;
	while (next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED) {
		/* the socket may be another one after each step */
		short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		int result = swm_pool_wait(PQsocket(pg), events, abort_fd, deadline);
		if (result != SWM_OK)
			return result;
		next = PQconnectPoll(pg);
	}
	return next == PGRES_POLLING_OK ? SWM_OK : SWM_EUNAVAILABLE;
}

/*
 * libpq 15 keeps no SQLSTATE of a refused login. The words are matched as the
 * server has them in English; in another language only what libpq itself knows
 * about the password helps.
 */
static bool
login_refused(const PGconn *pg)
{
	static const char *const words[] = {
		"password authentication failed",
		"no password supplied",
		"no pg_hba.conf entry",
		"is not permitted to log in",
		"authentication failed for user", /* Peer, Ident, GSSAPI, certificate */
	};
	const char *message = PQerrorMessage(pg);

	if (PQconnectionNeedsPassword(pg))
		return true;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strstr(message, words[i]) != NULL)
			return true;
	return strstr(message, "role \"") != NULL && strstr(message, "\" does not exist") != NULL;
}

static bool
is_one_of(const char *set, char c)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
is_word_character(char c)
{
	return swm_is_alnum(c) || c == '_' || c == '-';
}

/* All letters, or a number: messages have such words by themselves. */
static bool
is_plain(swm_str text)
{
	size_t letters = 0, digits = 0;

	for (size_t i = 0; i < text.len; i++) {
		bool digit = text.ptr[i] >= '0' && text.ptr[i] <= '9';
		digits += digit;
		letters += !digit && swm_is_alnum(text.ptr[i]);
	}
	return letters == text.len || digits == text.len;
}

/*
 * True if a password stands between these two characters (NUL for an end of the message) as it does
 * where libpq quotes a connection string or a part of it. One that is not plain is hidden wherever
 * it is no part of a longer word.
 */
static bool
stands_as_secret(swm_str secret, char before, char behind)
{
	if (is_one_of("\"':=/@", before) && is_one_of("\"'@ &/:", behind))
		return true;
	return !is_plain(secret) && !is_word_character(before) && !is_word_character(behind);
}

/*
 * The length of the secret at the beginning of `rest`, which must be hidden; before is the
 * character that precedes it.
 */
static size_t
hidden_length(swm_str rest, char before, swm_str secret)
{
	static const swm_str password = { "password=", 9 };
	size_t len = 0;

	if (secret.len > 0 && swm_str_starts(rest, secret) &&
	    stands_as_secret(secret, before, rest.len > secret.len ? rest.ptr[secret.len] : '\0'))
		return secret.len;
	/* a whole connection string may have it in another spelling: all up to the closing quote */
	if (!swm_str_starts(rest, SWM_STR("://")) && !swm_str_starts(rest, password))
		return 0;
	while (len < rest.len && !is_one_of("\"\n", rest.ptr[len])) {
		bool here = secret.len > 0 && swm_str_starts(swm_str_from(rest, len), secret);
		len += here ? secret.len : 1;
	}
	return len;
}

void
swm_connect_add_message(swm_buf *to, const char *message, const char *secret)
{
	swm_str rest = swm_str_trim(swm_cstr(message)), hidden = swm_cstr(secret);

	for (char before = '\0'; rest.len > 0;) {
		size_t len = hidden_length(rest, before, hidden);
		if (len > 0) {
			swm_buf_cstr(to, "***");
			before = '*';
			rest = swm_str_from(rest, len);
			continue;
		}
		before = rest.ptr[0];
		swm_buf_char(to, is_one_of("\n\r\t", before) ? ' ' : before);
		rest = swm_str_from(rest, 1);
	}
}

/* For us, or for getaddrinfo(); the server says FATAL when it lacks some. */
static bool
lacks_memory(const PGconn *pg)
{
	const char *message = PQerrorMessage(pg);

	if (strstr(message, gai_strerror(EAI_MEMORY)) != NULL)
		return true;
	return strstr(message, "out of memory") != NULL && strstr(message, "FATAL:") == NULL;
}

static int
refuse(PGconn *pg, int result, swm_buf *why)
{
	if (result == SWM_EUNAVAILABLE && login_refused(pg))
		result = SWM_EAUTH;
	swm_connect_add_message(why, PQerrorMessage(pg), PQpass(pg));
	if (result == SWM_EUNAVAILABLE && (lacks_memory(pg) || why->failed))
		result = SWM_ENOMEM;
	if (result == SWM_ETIMEDOUT) {
		swm_buf_cstr(why, why->len == 0 ? "timeout expired" : " timeout expired");
		result = SWM_EUNAVAILABLE;
	}
	PQfinish(pg);
	return result;
}

int
swm_connect(PGconn **out, const swm_settings *settings, int64_t deadline, int abort_fd,
            swm_buf *why)
{
	PGconn *pg = begin(settings);

	if (pg == NULL)
		return SWM_ENOMEM;
	int result = follow(pg, deadline, abort_fd);
	if (result != SWM_OK)
		return refuse(pg, result, why);
	*out = pg;
	return SWM_OK;
}
