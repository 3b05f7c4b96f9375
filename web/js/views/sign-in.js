// Sign in with a name and a password, where the schema has a function login, or with a token.
import { h, announce } from '../dom.js';
import { ask, jsonOf } from '../api.js';
import { href, navigate } from '../router.js';
import { region } from '../states.js';
import { entryForm, field } from '../form.js';
import { getToken, setToken } from '../session.js';
import { claimsOf, isExpired, whoIs } from '../claims.js';
import { offersLogin } from '../schema.js';

// Only a route of this page, whatever a link says.
function backOf(query) {
	const back = query.get('back') ?? '';
	return /^#\/(?!sign-in)/.test(back) ? back : href('devices');
}

// The server is asked with it before it counts, so that a bad one is told here.
async function enter(page, token) {
	const claims = claimsOf(token);
	if (claims === null)
		throw new Error(
			'This is not a token: that has three parts with dots between them.',
		);
	if (isExpired(claims)) throw new Error('This token has expired. Ask for a new one.');
	await ask('', {
		token,
		headers: { Accept: 'application/openapi+json' },
		signal: page.signal,
	});
	setToken(token);
	announce(`Signed in as ${whoIs(claims)}`);
	navigate(backOf(page.route.query));
}

function passwordForm(page) {
	const name = field('Name', { autocomplete: 'username', required: true, name: 'name' });
	const password = field('Password', {
		type: 'password',
		autocomplete: 'current-password',
		required: true,
		name: 'password',
	});
	return entryForm({
		signal: page.signal,
		fields: [name.element, password.element],
		text: 'Sign in',
		work: async () => {
			if (name.input.value === '' || password.input.value === '')
				throw new Error('Enter a name and a password.');
			const response = await ask('rpc/login', {
				method: 'POST',
				token: null,
				headers: { 'Content-Type': 'application/json' },
				body: JSON.stringify({
					name: name.input.value,
					password: password.input.value,
				}),
				signal: page.signal,
			});
			const answer = await jsonOf(response, page.signal);
			await enter(page, answer.token);
		},
	});
}

function tokenForm(page) {
	const token = field(
		'Token',
		{
			rows: 4,
			autocomplete: 'off',
			spellcheck: 'false',
			required: true,
			name: 'token',
		},
		'It stays in this tab, and is forgotten when the tab is closed.',
	);
	return entryForm({
		signal: page.signal,
		fields: token.element,
		text: 'Use this token',
		work: () => enter(page, token.input.value.trim().replace(/^Bearer\s+/i, '')),
	});
}

const card = (title, form) => h('section', { class: 'card narrow' }, h('h2', null, title), form);

export function show(page) {
	const place = region(page, { lines: 4 });
	page.main.append(h('h1', { tabindex: -1 }, 'Sign in'), place.element);
	place.load(async (signal) => {
		const byPassword = await offersLogin(signal).catch((error) => {
			if (error.kind === 'unauthorized') return false;
			throw error;
		});
		return [
			getToken() !== null &&
				h(
					'p',
					{ class: 'lead' },
					'You are signed in. Another token takes its place.',
				),
			byPassword && card('With a password', passwordForm(page)),
			card('With a token', tokenForm(page)),
		];
	});
}
