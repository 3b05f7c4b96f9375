// A view's whole state is in the hash: #/device/15?by=week&with=16. Whatever changes it goes
// through here, so that a link holds the view, and back and forward work.
import { h, announce } from './dom.js';
import { views } from './views.js';
import { ApiError } from './api.js';
import { failure } from './states.js';

export function href(name, args = [], query = {}) {
	const path = [name, ...args].map(encodeURIComponent).join('/');
	const text = new URLSearchParams(
		Object.entries(query).filter(
			([, value]) => value !== null && value !== undefined && value !== '',
		),
	);
	return `#/${path}${text.size ? `?${text}` : ''}`;
}

function decode(part) {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

export function parseRoute(hash) {
	const [path, query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
	const [name, ...args] = path.split('/').map(decode);
	return { name: name || views[0].name, args, query: new URLSearchParams(query) };
}

let main;
let current = null; // { hash, key, page, controller, update }

// What a view is given.
class Page {
	constructor(route, signal) {
		// question: asked before anything takes the place of what is shown, while that works
		Object.assign(this, { main, route, signal, question: null });
	}

	mayLeave() {
		return this.question === null || confirm(this.question);
	}

	setTitle(title) {
		document.title = `${title} · swm`;
	}

	// Changes parts of the query; null removes one. replace: without a step for "back".
	go(changes, { replace = false } = {}) {
		const query = { ...Object.fromEntries(this.route.query), ...changes };
		navigate(href(this.route.name, this.route.args, query), replace);
	}
}

export function navigate(hash, replace = false) {
	if (hash === location.hash || !current.page.mayLeave()) return;
	if (replace) history.replaceState(null, '', hash);
	else history.pushState(null, '', hash);
	show();
}

function markMenu(name) {
	for (const link of document.querySelectorAll('#menu a')) {
		if (link.dataset.view === name) link.setAttribute('aria-current', 'page');
		else link.removeAttribute('aria-current');
	}
}

function notFound(page, name) {
	page.setTitle('Not found');
	page.main.replaceChildren(
		h('h1', { tabindex: -1 }, 'There is no such view'),
		h(
			'p',
			null,
			`Nothing is called “${name}” here. `,
			h('a', { href: href(views[0].name) }, 'Go to the devices'),
		),
	);
}

// A module that does not come is the network's failure; anything else is a mistake of ours.
async function moduleOf(view) {
	try {
		return await view.load();
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		throw new ApiError('offline', { message: 'The server cannot be reached.' });
	}
}

async function open(route, first, tries = 1) {
	const controller = new AbortController();
	const page = new Page(route, controller.signal);
	const mine = (current = {
		hash: location.hash,
		key: [route.name, ...route.args].join('/'),
		page,
		controller,
		update: null,
	});
	const view = views.find(({ name }) => name === route.name);
	main.replaceChildren();
	markMenu(view?.menu ? view.name : view?.parent);
	if (!view) {
		notFound(page, route.name);
	} else {
		try {
			const module = await moduleOf(view);
			if (current !== mine) return;
			page.setTitle(view.title);
			mine.update = module.show(page) ?? null;
		} catch (error) {
			if (current !== mine) return;
			main.replaceChildren(
				h('h1', { tabindex: -1 }, view.title),
				failure(error, {
					retry: () => open(route, first, tries + 1),
					signal: page.signal,
					tries,
				}),
			);
		}
	}
	if (!first) {
		scrollTo(0, 0);
		main.querySelector('h1')?.focus({ preventScroll: true });
		announce(document.title);
	}
}

// A view that is already there is only told of its new query, so that controls keep the focus.
function show() {
	const route = parseRoute(location.hash);
	const key = [route.name, ...route.args].join('/');
	if (current?.key === key && current.update) {
		current.hash = location.hash;
		current.page.route = route;
		current.update(route);
		return;
	}
	const first = current === null;
	current?.controller.abort();
	open(route, first);
}

function followAddress() {
	if (current.page.mayLeave()) show();
	else history.pushState(null, '', current.hash); // of what stays
}

// Shows the view that is open once more from its beginning: somebody else signed in.
export function reopen() {
	const { page, controller } = current;
	controller.abort();
	open(page.route, true);
}

export function startRouter(place) {
	main = place;
	addEventListener('hashchange', followAddress);
	show();
}
