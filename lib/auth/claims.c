#include "config.h"

#include "auth/claims.h"

#include "base/buf.h"
#include "json/escape.h"
#include "json/raw.h"

#include <math.h>

/* Seconds by which clocks may differ (PostgREST, references/auth: Time-Based claims validation). */
static const double grace = 30;

const char *
swm_role_fault(swm_str role)
{
	if (role.len == 0)
		return "The role must not be empty";
	if (swm_str_caseeq(role, SWM_STR("none")))
		return "The role must not be 'none'";
	if (swm_str_find(role, '\0') < role.len || !swm_utf8_valid(role, NULL))
		return "The role must be text in UTF-8 without NUL";
	return NULL;
}

swm_str
swm_claims_with_role(swm_arena *arena, swm_str text, const swm_json *doc, swm_str role)
{
	swm_buf buf = SWM_BUF_INIT;
	size_t inside = swm_str_find(text, '{') + 1; /* only blanks can stand before it */

	swm_buf_str(&buf, doc == NULL ? SWM_STR("{") : (swm_str){ text.ptr, inside });
	swm_buf_cstr(&buf, "\"role\":");
	swm_json_quote(&buf, role);
	if (swm_json_first(doc) != NULL)
		swm_buf_char(&buf, ',');
	swm_buf_str(&buf, doc == NULL ? SWM_STR("}") : swm_str_from(text, inside));
	swm_str made = buf.failed ? (swm_str){ NULL, 0 } : swm_arena_str(arena, swm_buf_view(&buf));
	swm_buf_dispose(&buf);
	return made;
}

/*
 * A NumericDate (RFC 7519, 2), or null for none. It stays a double: one out of every integer's
 * range is just far away.
 */
static bool
read_time(const swm_json *doc, swm_str name, double *out)
{
	const swm_json *value = swm_json_get(doc, name);

	if (value == NULL || swm_json_type_of(value) == SWM_JSON_NULL)
		return true;
	*out = swm_json_number(value);
	return swm_json_type_of(value) == SWM_JSON_NUMBER;
}

static void
read_times(swm_claims *out, const swm_json *doc)
{
	out->expires = INFINITY;
	out->not_before = out->issued = -INFINITY;
	if (!read_time(doc, SWM_STR("exp"), &out->expires))
		out->malformed = "The JWT 'exp' claim must be a number";
	else if (!read_time(doc, SWM_STR("nbf"), &out->not_before))
		out->malformed = "The JWT 'nbf' claim must be a number";
	else if (!read_time(doc, SWM_STR("iat"), &out->issued))
		out->malformed = "The JWT 'iat' claim must be a number";
}

/*
 * RFC 7519, 4.1.3; a token that names no audience is for all (PostgREST, references/auth: aud
 * validation).
 */
static void
read_audience(swm_claims *out, const swm_json *aud, swm_str wanted)
{
	enum swm_json_type type = swm_json_type_of(aud);
	/* one match is enough; invalid entries are still refused */
	bool found = wanted.len == 0;

	if (type == SWM_JSON_NONE || type == SWM_JSON_NULL)
		return;
	if (type == SWM_JSON_STRING) {
		found |= swm_str_eq(swm_json_string(aud), wanted);
	} else if (type == SWM_JSON_ARRAY) {
		found |= swm_json_first(aud) == NULL;
		for (const swm_json *a = swm_json_first(aud); a != NULL; a = swm_json_next(a)) {
			if (swm_json_type_of(a) != SWM_JSON_STRING)
				type = SWM_JSON_NONE;
			found |= swm_str_eq(swm_json_string(a), wanted);
		}
	}
	if (type != SWM_JSON_STRING && type != SWM_JSON_ARRAY)
		out->malformed = "The JWT 'aud' claim must be a string or an array of strings";
	else if (!found)
		out->refused = "JWT not in audience";
}

static int
read_role(swm_claims *out, swm_arena *arena, const swm_json *doc, const swm_claim_rules *rules)
{
	swm_str role;
	enum swm_json_type type = swm_jspath_find(rules->role_path, doc, &role);

	if (type == SWM_JSON_NONE) {
		role = rules->anonymous;
		if (role.len == 0)
			return SWM_OK;
	} else if (out->refused == NULL) {
		out->refused = type == SWM_JSON_STRING ? swm_role_fault(role)
		                                       : "The role must be a string";
	}
	if (type != SWM_JSON_NONE && type != SWM_JSON_STRING)
		return SWM_OK;
	out->role = swm_arena_str(arena, role);
	return out->role.ptr == NULL ? SWM_ENOMEM : SWM_OK;
}

/* Replaces a "role" with another value by this role. The other claims stay as they were signed. */
static swm_str
with_role_instead(swm_arena *arena, swm_str payload, swm_str role)
{
	swm_buf buf = SWM_BUF_INIT;
	swm_json_item item;

	swm_buf_cstr(&buf, "{\"role\":");
	swm_json_quote(&buf, role);
	for (bool more = swm_json_item_first(&item, payload); more;
	     more = swm_json_item_next(&item)) {
		if (swm_json_says(item.name, SWM_STR("role")))
			continue;
		swm_buf_char(&buf, ',');
		swm_buf_str(&buf, item.name);
		swm_buf_char(&buf, ':');
		swm_buf_str(&buf, item.value);
	}
	swm_buf_char(&buf, '}');
	swm_str made = buf.failed ? (swm_str){ NULL, 0 } : swm_arena_str(arena, swm_buf_view(&buf));
	swm_buf_dispose(&buf);
	return made;
}

/* "role" is the role that the request runs as, wherever that was found: functions trust it. */
static int
read_text(swm_claims *out, swm_arena *arena, swm_str payload, const swm_json *doc)
{
	const swm_json *claim = swm_json_get(doc, SWM_STR("role"));
	bool same = swm_json_type_of(claim) == SWM_JSON_STRING &&
	            swm_str_eq(swm_json_string(claim), out->role);

	if (same || out->role.len == 0)
		out->text = swm_arena_str(arena, payload);
	else if (claim == NULL)
		out->text = swm_claims_with_role(arena, payload, doc, out->role);
	else
		out->text = with_role_instead(arena, payload, out->role);
	return out->text.ptr == NULL ? SWM_ENOMEM : SWM_OK;
}

int
swm_claims_read(swm_claims *out, swm_arena *arena, swm_str payload, const swm_claim_rules *rules)
{
	swm_json *doc = swm_json_parse(payload);
	int rc = SWM_OK;

	*out = (swm_claims){ .expires = INFINITY };
	if (doc == NULL && swm_json_why_not(payload) == SWM_ENOMEM)
		return SWM_ENOMEM;
	if (swm_json_type_of(doc) != SWM_JSON_OBJECT)
		out->malformed = "Parsing claims failed";
	if (out->malformed == NULL)
		read_times(out, doc);
	if (out->malformed == NULL)
		read_audience(out, swm_json_get(doc, SWM_STR("aud")), rules->audience);
	if (out->malformed == NULL)
		rc = read_role(out, arena, doc, rules);
	if (out->malformed == NULL && rc == SWM_OK)
		rc = read_text(out, arena, payload, doc);
	swm_json_free(doc);
	return rc;
}

static const char *
fault_at(const swm_claims *claims, double now)
{
	if (claims->malformed != NULL)
		return claims->malformed;
	if (now > claims->expires + grace)
		return "JWT expired";
	if (now + grace < claims->not_before)
		return "JWT not yet valid";
	if (now + grace < claims->issued)
		return "JWT issued at future";
	return claims->refused;
}

int
swm_claims_check(const swm_claims *claims, int64_t now, swm_error *err)
{
	const char *fault = fault_at(claims, (double)now);

	if (fault != NULL)
		return swm_fail(err, SWM_ERR_CLAIMS, swm_cstr(fault));
	return claims->role.len == 0 ? swm_fail(err, SWM_ERR_TOKEN_REQUIRED) : SWM_OK;
}
