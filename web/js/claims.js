// What a token says of itself (RFC 7519). Only the server can tell whether it is true.

function fromBase64url(text) {
	const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
	return new TextDecoder('utf-8', { fatal: true }).decode(
		Uint8Array.from(binary, (letter) => letter.charCodeAt(0)),
	);
}

// The claims, or null when the text is no token.
export function claimsOf(token) {
	const parts = token.split('.');
	if (parts.length !== 3 || !parts.every((part) => /^[\w-]+$/.test(part))) return null;
	try {
		const claims = JSON.parse(fromBase64url(parts[1]));
		return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
			? claims
			: null;
	} catch {
		return null;
	}
}

// Milliseconds since 1970, or null for a token that is good for ever.
export const expiryOf = (claims) => (typeof claims?.exp === 'number' ? claims.exp * 1000 : null);

export const isExpired = (claims) => {
	const expiry = expiryOf(claims);
	return expiry !== null && expiry <= Date.now();
};

// Who it is, in a word or two.
export function whoIs(claims) {
	const name = claims?.name ?? claims?.sub;
	const role = typeof claims?.role === 'string' ? claims.role : null;
	return typeof name === 'string' && name !== '' ? name : (role ?? 'signed in');
}
