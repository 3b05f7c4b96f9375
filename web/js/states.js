// How a view shows that it loads, has nothing, or could not: region() is the place whose content
// comes from the API, and the other functions make what stands in it.
import { h, announce } from './dom.js';
import { ApiError } from './api.js';
import { counted } from './format.js';
import { getToken, setToken } from './session.js';
import { hasView } from './views.js';

const LONGEST_WAIT = 60;

const titles = {
	offline: 'No connection',
	unavailable: 'The server is not available just now',
	unauthorized: 'You need to sign in for this',
	forbidden: 'You may not see this',
	missing: 'This server does not have what the view shows',
	failed: 'That did not work',
};

export function skeleton(lines = 6) {
	return h(
		'div',
		{ class: 'skeleton', 'aria-hidden': 'true' },
		Array.from({ length: lines }, () => h('span')),
	);
}

// title, and whatever helps to go on: text and links.
export function empty(title, ...more) {
	return h(
		'div',
		{ class: 'state' },
		h('p', { class: 'state-title' }, title),
		h('p', null, more),
	);
}

// The error's own words: message, details, hint and code.
export function problemText(error) {
	return [
		h('p', null, error.message),
		error.details &&
			h(
				'p',
				{ class: 'quiet' },
				typeof error.details === 'string'
					? error.details
					: JSON.stringify(error.details),
			),
		error.hint && h('p', null, h('span', { class: 'quiet' }, 'Hint: '), error.hint),
		(error.code || error.status > 0) &&
			h(
				'p',
				{ class: 'quiet' },
				'Code ',
				h('code', null, error.code ?? `HTTP ${error.status}`),
			),
	];
}

// Seconds after which to try again by itself, or null where somebody must do something first. What
// the server asks for is never cut short. tries: how often it has failed.
export function secondsToRetry(error, tries) {
	if (!(error instanceof ApiError)) return null;
	const waits =
		error.kind === 'offline' ||
		(error.kind === 'unavailable' && error.retryAfter !== null);
	const backoff = Math.min(LONGEST_WAIT, 2 ** (tries - 1));
	return waits ? Math.max(backoff, error.retryAfter ?? 0) : null;
}

// Counts down and tries again; without a connection earlier, when the browser says that it is back.
function countdown(error, seconds, retry, signal) {
	const text = h('p', { class: 'countdown', 'aria-live': 'off' });
	const done = new AbortController();
	const stop = AbortSignal.any([signal, done.signal]);
	let left = seconds;
	const say = () => {
		text.textContent = `Tries again by itself in ${counted(left, 'second', 'seconds')}.`;
	};
	const again = () => {
		done.abort();
		retry();
	};
	const timer = setInterval(() => {
		left -= 1;
		if (left > 0) say();
		else again();
	}, 1000);
	stop.addEventListener('abort', () => clearInterval(timer), { once: true });
	if (error.kind === 'offline') addEventListener('online', again, { signal: stop });
	say();
	return { text, now: again };
}

function ways(error) {
	const signIn =
		(error.kind === 'unauthorized' || error.kind === 'forbidden') && hasView('sign-in');
	const anonymous = error.kind === 'unauthorized' && getToken() !== null;
	const explore = error.kind === 'missing' && hasView('explore');
	return [
		signIn &&
			h(
				'a',
				{
					class: 'button',
					href: `#/sign-in?back=${encodeURIComponent(location.hash)}`,
				},
				'Sign in',
			),
		anonymous &&
			h(
				'button',
				{
					type: 'button',
					class: 'secondary',
					onclick: () => {
						setToken(null);
						announce('Signed out');
					},
				},
				'Go on without signing in',
			),
		explore && h('a', { class: 'button', href: '#/explore' }, 'See what it has'),
	];
}

// What went wrong, what the server said of it, and how to go on. tries: how often it has failed.
export function failure(error, { retry, signal, tries = 1 }) {
	const known = error instanceof ApiError;
	if (!known) console.error(error);
	const title = known ? titles[error.kind] : 'This page has a mistake';
	const seconds = secondsToRetry(error, tries);
	const clock = seconds !== null && countdown(error, seconds, retry, signal);
	return h(
		'div',
		{ class: `state problem problem-${error.kind ?? 'failed'}` },
		h(
			'div',
			{ role: 'alert' },
			h('p', { class: 'state-title' }, title),
			problemText(error),
		),
		clock && clock.text,
		h(
			'div',
			{ class: 'actions' },
			h(
				'button',
				{ type: 'button', onclick: clock ? clock.now : retry },
				'Try again',
			),
			ways(error),
		),
	);
}

// A place whose content is loaded. load(draw): draw(signal) asks and returns the nodes to show; a
// later load, or leaving the view, aborts it, and what it still brings is dropped. waits: it is
// empty until something is loaded.
export function region(page, { label, lines, waits = false } = {}) {
	const element = h(
		'div',
		{ class: 'region', 'aria-busy': String(!waits) },
		!waits && skeleton(lines),
	);
	let controller = null;

	async function load(draw, tries = 1) {
		controller?.abort();
		controller = new AbortController();
		const signal = AbortSignal.any([page.signal, controller.signal]);
		const focused = element.contains(document.activeElement) && document.activeElement;
		element.setAttribute('aria-busy', 'true');
		let nodes;
		try {
			nodes = await draw(signal);
		} catch (error) {
			if (signal.aborted) return;
			nodes = failure(error, {
				retry: () => load(draw, tries + 1),
				signal,
				tries,
			});
		}
		if (signal.aborted) return;
		element.replaceChildren(...[nodes].flat(Infinity).filter(Boolean));
		element.setAttribute('aria-busy', 'false');
		if (focused && !focused.isConnected) focusAgain(element, focused.dataset.focus);
		if (label && !element.querySelector(':scope > .problem'))
			announce(`${label} loaded`);
	}
	return { element, load };
}

// What had the focus is gone with the old content: its successor has it, which is called the same
// (data-focus), or else the place itself.
function focusAgain(element, name) {
	const next = [...element.querySelectorAll('[data-focus]:enabled')].find(
		({ dataset }) => dataset.focus === name,
	);
	if (!next) element.tabIndex = -1;
	(next ?? element).focus({ preventScroll: true });
}
