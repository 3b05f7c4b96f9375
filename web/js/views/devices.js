// The devices: searched, sorted, in pages by key, each with what it consumed lately.
import { h, announce } from '../dom.js';
import { href } from '../router.js';
import { pause, quoted } from '../api.js';
import { region, empty, secondsToRetry } from '../states.js';
import { sparkline } from '../spark.js';
import { amount, counted, date } from '../format.js';
import { consumptionSpan, devicePage, recentConsumption } from '../fleetdata.js';

const RECENT_DAYS = 30;
const TYPING_PAUSE = 250;
const sorts = { name: 'device_name', number: 'id' };

function stateOf(query) {
	const sort = query.get('sort') in sorts ? query.get('sort') : 'name';
	return {
		search: (query.get('search') ?? '').trim(),
		sort,
		descending: query.get('order') === 'desc',
		after: query.get('after'),
		before: query.get('before'),
	};
}

// Typing replaces the entry of the history, so that "back" leaves the search and not a letter.
function searchField(page) {
	let timer;
	const input = h('input', {
		type: 'search',
		id: 'search',
		autocomplete: 'off',
		spellcheck: 'false',
		placeholder: 'A part of the name',
		oninput: later,
	});
	function now() {
		clearTimeout(timer);
		page.go(
			{ search: input.value.trim() || null, after: null, before: null },
			{ replace: true },
		);
	}
	function later() {
		clearTimeout(timer);
		timer = setTimeout(() => page.signal.aborted || now(), TYPING_PAUSE);
	}
	const element = h(
		'form',
		{
			role: 'search',
			class: 'controls',
			onsubmit: (event) => {
				event.preventDefault();
				now();
			},
		},
		h(
			'div',
			{ class: 'field field-wide' },
			h('label', { for: 'search' }, 'Search the devices'),
			input,
		),
	);
	return { input, element };
}

function sortHeader(page, state, name, text) {
	const active = state.sort === name;
	const descending = active && !state.descending;
	const click = () =>
		page.go({
			sort: name,
			order: descending ? 'desc' : null,
			after: null,
			before: null,
		});
	return h(
		'th',
		{
			scope: 'col',
			class: name === 'number' && 'number',
			'aria-sort': active && (state.descending ? 'descending' : 'ascending'),
		},
		h(
			'button',
			{
				type: 'button',
				class: 'sort',
				'data-focus': `sort ${name}`,
				onclick: click,
			},
			text,
			h(
				'span',
				{ class: 'sort-mark', 'aria-hidden': 'true' },
				active ? (state.descending ? '↓' : '↑') : '',
			),
		),
	);
}

// The cells are there with the names; what they consumed comes with a request of its own.
function deviceRow({ id, device_name: name }) {
	const recent = h(
		'td',
		{ class: 'recent', 'aria-busy': 'true' },
		h('span', { class: 'skeleton-word', 'aria-hidden': 'true' }),
	);
	const row = h(
		'tr',
		null,
		h('td', { class: 'number quiet' }, String(id)),
		h('th', { scope: 'row' }, h('a', { href: href('device', [id]) }, name)),
		recent,
	);
	return { id, name, row, recent };
}

function drawRecent(cells, list, last) {
	for (const { id, name, recent } of cells) {
		const mine = list.filter((row) => row.device_id === id && row.amount !== null);
		recent.replaceChildren(
			...mine.map((row) =>
				h(
					'span',
					{ class: 'recent-line' },
					sparkline(
						row.per_day,
						`${name}, day by day for ${RECENT_DAYS} days until ${date(last)}, in ${row.unit}`,
					),
					h(
						'span',
						{ class: 'recent-amount' },
						amount(row.amount, row.unit),
					),
				),
			),
		);
		if (mine.length === 0) recent.append(h('span', { class: 'quiet' }, 'no readings'));
		recent.setAttribute('aria-busy', 'false');
	}
}

function sayInstead(cells, text) {
	for (const { recent } of cells) {
		recent.replaceChildren(h('span', { class: 'quiet' }, text));
		recent.setAttribute('aria-busy', 'false');
	}
}

function pager(page, state, { rows, more }) {
	const key = (row) => `(${quoted(row[sorts[state.sort]])})`;
	const to = (text, changes) =>
		h(
			'button',
			{
				type: 'button',
				class: 'secondary',
				'data-focus': text,
				disabled: changes === null,
				onclick: () => page.go(changes),
			},
			text,
		);
	const forward = state.before !== null || more !== null;
	const backward = state.before !== null || state.after !== null;
	return h(
		'nav',
		{ class: 'pager', 'aria-label': 'Pages' },
		to('First', backward ? { after: null, before: null } : null),
		to(
			'Previous',
			backward && rows.length ? { after: null, before: key(rows[0]) } : null,
		),
		to(
			'Next',
			forward && rows.length
				? {
						after:
							state.before === null
								? more
								: key(rows.at(-1)),
						before: null,
					}
				: null,
		),
	);
}

function nothing(state) {
	if (state.search)
		return empty(
			'No device has such a name',
			`Nothing has “${state.search}” in it. `,
			h('a', { href: href('devices') }, 'Show all devices'),
		);
	if (state.after !== null || state.before !== null)
		return empty(
			'There are no more devices',
			h('a', { href: href('devices') }, 'Go to the first page'),
		);
	return empty(
		'There are no devices yet',
		'Nobody has added one, or you may see none of them.',
	);
}

export function show(page) {
	const search = searchField(page);
	const heading = h('p', { class: 'lead' }, 'What there is, and what each consumed lately.');
	const list = region(page, { lines: 10 });
	page.main.append(
		h('h1', { tabindex: -1 }, 'Devices'),
		heading,
		h(
			'div',
			{ class: 'controls controls-apart' },
			search.element,
			h(
				'a',
				{ class: 'button secondary', href: href('add-device') },
				'Add a device',
			),
		),
		list.element,
	);

	async function draw(state, signal) {
		consumptionSpan().catch(() => {}); // asked for again below
		const found = await devicePage({ ...state, sort: sorts[state.sort] }, signal);
		if (state.before !== null && found.more === null) {
			// nothing is before it: the first page, which a step back may have cut short
			page.go({ before: null }, { replace: true });
			return list.element.firstChild;
		}
		const cells = found.rows.map(deviceRow);
		const whole = found.total !== null && state.after === null && state.before === null;
		const caption = whole
			? counted(found.total, 'device', 'devices')
			: `${counted(cells.length, 'device', 'devices')} on this page`;
		announce(caption);
		if (cells.length === 0) return nothing(state);
		fillRecent(cells, signal);
		return [
			h(
				'div',
				{ class: 'scroll' },
				h(
					'table',
					{ class: 'devices' },
					h('caption', null, caption),
					h(
						'thead',
						null,
						h(
							'tr',
							null,
							sortHeader(page, state, 'number', 'Number'),
							sortHeader(page, state, 'name', 'Name'),
							h(
								'th',
								{ scope: 'col' },
								`Last ${RECENT_DAYS} days`,
							),
						),
					),
					h(
						'tbody',
						null,
						cells.map(({ row }) => row),
					),
				),
			),
			pager(page, state, found),
		];
	}

	// A failure here leaves the list useful, so it only says so in its cells.
	async function fillRecent(cells, signal, tries = 1) {
		try {
			const span = await consumptionSpan();
			const recent = span
				? await recentConsumption(
						cells.map(({ id }) => id),
						span.last_date,
						RECENT_DAYS,
						signal,
					)
				: [];
			if (!signal.aborted) drawRecent(cells, recent, span?.last_date);
		} catch (error) {
			if (signal.aborted) return;
			sayInstead(cells, error.message);
			const seconds = secondsToRetry(error, tries);
			if (seconds === null) return;
			await pause(seconds, signal).catch(() => {});
			if (!signal.aborted) fillRecent(cells, signal, tries + 1);
		}
	}

	function update({ query }) {
		const state = stateOf(query);
		if (search.input.value.trim() !== state.search) search.input.value = state.search;
		list.load((signal) => draw(state, signal));
	}
	update(page.route);
	return update;
}
