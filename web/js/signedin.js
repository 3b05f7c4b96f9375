// The corner of the page that says who is signed in: to sign in, to sign out, and that the token
// has expired.
import { h, announce } from './dom.js';
import { session, getToken, setToken } from './session.js';
import { claimsOf, expiryOf, isExpired, whoIs } from './claims.js';

const LONGEST_TIMER = 2 ** 31 - 1; // setTimeout's; later ones would run at once

function signInHref() {
	const back = location.hash.startsWith('#/sign-in') ? '' : location.hash;
	return `#/sign-in${back ? `?back=${encodeURIComponent(back)}` : ''}`;
}

function signInLink(text) {
	return h(
		'a',
		{
			class: 'button secondary',
			href: '#/sign-in',
			// the link's address is of the moment it is followed
			onclick: (event) => {
				event.currentTarget.href = signInHref();
			},
		},
		text,
	);
}

function signedIn(claims) {
	const role = typeof claims?.role === 'string' ? claims.role : '';
	const who = whoIs(claims);
	const out = h(
		'button',
		{
			type: 'button',
			class: 'secondary',
			onclick: () => {
				setToken(null);
				announce('Signed out');
			},
		},
		'Sign out',
	);
	const about = h('span', { class: 'who' }, who, role && role !== who ? ` (${role})` : '');
	return isExpired(claims)
		? [
				h('span', { class: 'who who-expired' }, 'Token expired'),
				signInLink('Sign in again'),
			]
		: [about, out];
}

export function startSignedIn(tools) {
	const place = h('div', { class: 'signed-in', id: 'signed-in' });
	let timer;
	tools.append(place);

	function put(...nodes) {
		const hadFocus = place.contains(document.activeElement);
		place.replaceChildren(...nodes);
		if (hadFocus) place.querySelector('a, button').focus();
	}
	function draw() {
		clearTimeout(timer);
		const token = getToken();
		if (token === null) {
			put(signInLink('Sign in'));
			return;
		}
		const claims = claimsOf(token);
		put(...[signedIn(claims)].flat());
		const left = (expiryOf(claims) ?? Infinity) - Date.now();
		if (left > 0 && left < LONGEST_TIMER) timer = setTimeout(expired, left + 500);
	}
	function expired() {
		draw();
		announce('Your token has expired. Sign in again to go on.');
	}
	session.addEventListener('change', draw);
	draw();
}
