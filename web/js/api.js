// Asks the API, which is where this page is mounted, one folder up from ui/.
import { getToken } from './session.js';

const ROOT = new URL('../../', import.meta.url);

export class ApiError extends Error {
	// kind: offline, unavailable (503), unauthorized, forbidden, missing (no such relation or
	// function), failed
	constructor(kind, fields) {
		super(fields.message);
		Object.assign(
			this,
			{
				kind,
				status: 0,
				code: null,
				hint: null,
				details: null,
				retryAfter: null,
			},
			fields,
		);
	}
}

function kindOf(status, code) {
	if (status === 401) return 'unauthorized';
	if (status === 403) return 'forbidden';
	if (status === 503) return 'unavailable';
	return code === 'PGRST202' || code === 'PGRST205' ? 'missing' : 'failed';
}

// Seconds from now, of either form of the header (RFC 9110, 10.2.3); null without one.
function secondsOf(retryAfter) {
	if (retryAfter === null) return null;
	const seconds = /^\d+$/.test(retryAfter)
		? Number(retryAfter)
		: (Date.parse(retryAfter) - Date.now()) / 1000;
	return Number.isNaN(seconds) ? null : Math.max(0, Math.ceil(seconds));
}

export async function errorOf(response) {
	let body = {};
	try {
		body = await response.json();
	} catch {
		/* not an answer of swm; the status says what there is to say */
	}
	return new ApiError(kindOf(response.status, body?.code), {
		status: response.status,
		code: body?.code ?? null,
		message:
			body?.message ??
			`The server answered ${response.status} ${response.statusText}`.trim(),
		hint: body?.hint ?? null,
		details: body?.details ?? null,
		retryAfter: secondsOf(response.headers.get('Retry-After')),
	});
}

const offline = () => new ApiError('offline', { message: 'The server cannot be reached.' });

// A failure of the network is an ApiError too; that of an abort stays what it is.
async function overTheNetwork(work, signal) {
	try {
		return await work();
	} catch (error) {
		if (signal?.aborted || error instanceof ApiError) throw error;
		throw offline();
	}
}

// query: an object; values are encoded here, and null ones are left out.
export function urlOf(path, query = {}) {
	const url = new URL(path, ROOT);
	for (const [name, value] of Object.entries(query))
		if (value !== null && value !== undefined) url.searchParams.append(name, value);
	return url;
}

// Before a request is sent again.
export const pause = (seconds, signal) =>
	new Promise((resolve, reject) => {
		const timer = setTimeout(resolve, seconds * 1000);
		const stop = () => (clearTimeout(timer), reject(signal.reason));
		signal.addEventListener('abort', stop, { once: true });
	});

// The Response of a request that went well; anything else is an ApiError. token: who asks, if that
// is not who is signed in.
export async function ask(
	path,
	{ query, method = 'GET', headers = {}, body, signal, token = getToken() } = {},
) {
	const all = { Accept: 'application/json', ...headers };
	if (token !== null) all.Authorization = `Bearer ${token}`;
	const response = await overTheNetwork(
		() => fetch(urlOf(path, query), { method, headers: all, body, signal }),
		signal,
	);
	if (!response.ok) throw await errorOf(response);
	return response;
}

export const jsonOf = (response, signal) => overTheNetwork(() => response.json(), signal);

export async function rows(path, query, signal) {
	return jsonOf(await ask(path, { query, signal }), signal);
}

// What the API gives as CSV, as a Blob: the token is in a header, so no link could fetch it.
export async function csv(path, query, signal) {
	const response = await ask(path, { query, signal, headers: { Accept: 'text/csv' } });
	return overTheNetwork(() => response.blob(), signal);
}

// Where the next page begins: the parameter `after` of the link rel="next", or null.
export function nextOf(response) {
	const link = /<([^>]*)>\s*;\s*rel="next"/.exec(response.headers.get('Link') ?? '');
	return link ? new URL(link[1], response.url).searchParams.get('after') : null;
}

// An array of integers as PostgreSQL writes it.
export const arrayOf = (numbers) => `{${numbers.join(',')}}`;

// One value of `after=(...)`, quoted where the grammar of in.(...) wants it.
export const quoted = (value) => `"${String(value).replace(/[\\"]/g, '\\$&')}"`;

// The condition that a text is part of another, in any case. It stands for itself: * alone cannot be
// escaped, and _ is any one character.
export const containing = (text) =>
	`ilike.*${text.replace(/[\\%_]/g, '\\$&').replaceAll('*', '_')}*`;

// As ask() with a body, but it tells how much of the body is sent: onSent(bytes). fetch() does not.
export function upload(path, { query, headers, body, signal, onSent }) {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		const token = getToken();
		const stop = () => request.abort();
		request.open('POST', urlOf(path, query));
		for (const [name, value] of Object.entries({
			Accept: 'application/json',
			...headers,
		}))
			request.setRequestHeader(name, value);
		if (token !== null) request.setRequestHeader('Authorization', `Bearer ${token}`);
		request.upload.onprogress = (event) => onSent(event.loaded);
		request.onload = async () => {
			const response = responseOf(request);
			if (response.ok) resolve(response);
			else reject(await errorOf(response));
		};
		request.onerror = () => reject(offline());
		request.onabort = () => reject(signal.reason);
		request.onloadend = () => signal.removeEventListener('abort', stop);
		signal.throwIfAborted();
		signal.addEventListener('abort', stop, { once: true });
		request.send(body);
	});
}

function responseOf(request) {
	const { status, statusText } = request;
	const headers = ['Retry-After', 'Content-Range']
		.map((name) => [name, request.getResponseHeader(name)])
		.filter(([, value]) => value !== null);
	return new Response(status === 204 ? null : request.responseText, {
		status,
		statusText,
		headers,
	});
}
